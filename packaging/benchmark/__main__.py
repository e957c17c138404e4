"""Everything in one run. `packaging/bench` prepares and runs it."""

import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from realservers.scepserver import ScepServer
from scepd.server import SCEPServer
from story import Untrue
from supervise.supervisor import NotReached

from .certmonger import Certmonger
from .clients import ScepClient, StrongSwan
from .machine import Agent
from .processes import NotMeasured, Run, memory, run
from .rounds import Measured, Peer, show_enrollments, take_turns
from .servers import CHALLENGE, Target, tests_server
from .sizes import Size, Sizes
from .table import Budgets, heading, row, runs_heading, runs_row
from .whole import LINGER, WholeAgent

_HOW = f"""\
A key (RSA 2048) is ready for everyone; the clients take turns, one at a time. Figures are medians (least-most), and how
many times a whole signetd's they are. Processor time is user and system: of processes that run to their end their
resource usage, children included; of running ones their process clock, and the kernel's ticks of 10 ms for children
that ended. Wall time ends where the certificate lies on the disk or is published. A running signetd counts from the
order until it rests again, the exchange from its first request until the verified certificate is on the disk. A whole
signetd counts from start to end; the {LINGER / 1e3:g} s that it then stays for callers are not in its wall time.
certmonger's memory is the daemon's alone, without that of its helpers. The tests' server says that it knows Triple DES
and SHA-1, too, without which two of the peers would not ask it. MB are 10^6 bytes."""


def with_debians_server(scratch: Path, binaries: Path, rounds: int) -> Measured:
    """Everybody who can, with Debian's scepserver."""
    with ScepServer(challenge=CHALLENGE) as server:
        target = Target("debian", server.url, server.fingerprint, server.ca, server.ca, server.ca)
        with (
            Agent(scratch, "debian", binaries, target) as agent,
            WholeAgent(scratch, "debianwhole", binaries, target) as whole,
            Certmonger(scratch, target) as certmonger,
        ):
            peers: list[Peer] = [ScepClient(scratch, target), StrongSwan(scratch, target), certmonger]
            found = take_turns(agent, whole, peers, rounds)
    show_enrollments("One enrollment with Debian's scepserver", found)
    return found


def show_requests(server: SCEPServer, agent: Agent, peers: list[Peer]) -> tuple[int, int]:
    """HTTP as the server counts it; our requests and connections of a renewal."""
    heading("HTTP requests / connections", "an enrollment", "a renewal")

    def counted(action: Callable[[], object]) -> tuple[int, int]:
        before = len(server.journal.exchanges)
        action()
        seen = server.journal.exchanges[before:]
        return len(seen), len({one.connection for one in seen})

    ours = counted(agent.renew)
    row("signetd", "{} / {}".format(*counted(agent.enroll)), "{} / {}".format(*ours))
    for peer in peers:
        first = counted(peer.enroll)
        both = counted(partial(peer.enroll, renewals=1))
        row(peer.name, "{} / {}".format(*first), f"{both[0] - first[0]} / {both[1] - first[1]}")
    return ours


def with_the_tests_server(scratch: Path, binaries: Path, rounds: int, budgets: Budgets) -> None:
    """Everybody, with the server that the tests use; and what only it can count."""
    with tests_server(scratch / "hierarchy") as (server, target):
        with (
            Agent(scratch, "tests", binaries, target) as agent,
            WholeAgent(scratch, "testswhole", binaries, target) as whole,
            Certmonger(scratch, target) as certmonger,
        ):
            peers: list[Peer] = [ScepClient(scratch, target), StrongSwan(scratch, target), certmonger]
            found = take_turns(agent, whole, peers, rounds)
            show_enrollments("One enrollment with the tests' server", found)
            for name in found.cannot:
                peers = [peer for peer in peers if peer.name != name]

            ours, theirs = [], []
            for _ in range(rounds):
                ours.append(agent.request_to_published())
                if Certmonger.name not in found.cannot:
                    theirs.append(certmonger.enroll())
            runs_heading("From the request until it is in use")
            nothing = [Run(one.wall, one.processor, 0) for one in ours]
            runs_row("signetctl, signetd, signet-installd", nothing, nothing)
            wall = processor = None
            if theirs:
                runs_row(
                    "getcert, certmonger, helpers, dbus-daemon",
                    [Run(one.wall, one.processor, 0) for one in theirs],
                    nothing,
                )
                wall = statistics.median(one.wall for one in ours) / statistics.median(one.wall for one in theirs)
                # Of ended children the kernel tells ticks, so that only a sum is exact.
                processor = statistics.mean(one.processor for one in ours) / statistics.mean(
                    one.processor for one in theirs
                )
            budgets.judge("request to published, wall", wall, 0.5, "of certmonger's")
            budgets.judge("request to published, processor", processor, 0.5, "of certmonger's")

            idle(scratch, binaries, rounds, agent, whole, certmonger.idle() if theirs else (), budgets)
            requests, connections = show_requests(server, agent, peers)
            budgets.judge("a renewal", requests, 3, "requests")
            budgets.judge("a renewal", connections, 1, "connection")


def idle(
    scratch: Path,
    binaries: Path,
    rounds: int,
    agent: Agent,
    whole: WholeAgent,
    theirs: tuple[float, ...],
    budgets: Budgets,
) -> None:
    """What is there when nothing is to be done, and what looking for something costs."""
    ticks = [whole.tick() for _ in range(rounds)]
    runs_heading("With nothing to do")
    runs_row("signetd, an hourly tick from start to end", ticks)
    budgets.judge("an idle tick", statistics.median(one.processor for one in ticks), 30, "ms of processor time")
    command = [str(binaries / "signetctl"), "status", "--root", str(agent.machine.root)]
    runs_row("signetctl status", [run(command, scratch / "status") for _ in range(rounds)])
    heading("Between ticks", "processes", "memory (RSS), MB")
    left = [memory(pid)["VmRSS"] for pid in whole.left()]
    row("signet", f"{len(left)}", f"{sum(left):.1f}")
    budgets.judge("between ticks", len(left), 0, "processes")
    if theirs:
        row("certmonger, dbus-daemon", f"{len(theirs)}", f"{sum(theirs):.1f}")
    held = memory(agent.pid())
    row("(a signetd that stays for callers)", "1", f"{held['VmRSS']:.1f}, its own {held['RssAnon']:.1f}")


def show_sizes(packages: Path, budgets: Budgets) -> None:
    """Installed sizes."""
    sizes = Sizes()
    heading("Installed size, MB", "its own", "with what it brings", "of it most")

    def line(name: str, size: Size) -> None:
        row(name, f"{size.own:.1f}", f"{size.own + size.pulled:.1f}", ", ".join(size.packages[:3]))

    built = sorted(packages.glob("signet_*.deb"))
    if built:
        line("signet", sizes.of_file(built[-1]))
    else:
        row("signet", "not built: 'packaging/build-deb' does it")
    line("scepclient (with scepserver)", sizes.installed("scep"))
    plugins = ("libstrongswan-standard-plugins", "libstrongswan-extra-plugins")
    line("strongSwan pki (with what HTTP takes)", sizes.installed("strongswan-pki", *plugins))
    line("certmonger", sizes.installed("certmonger"))
    size = built[-1].stat().st_size / 1e6 if built else None
    budgets.judge("the .deb", size, 8, "MB")


def file_system(folder: Path) -> str:
    """Which kind of file system a folder is on: Signet waits until the disk has what must not be lost."""
    command = ["findmnt", "--noheadings", "--first-only", "--output", "FSTYPE", "--target", str(folder)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=20).stdout.strip()


def main() -> int:
    """Measures, prints, and judges; 0 if the budgets are kept."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    binaries, rounds = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    scratch = Path(tempfile.mkdtemp(prefix="signet-bench-"))
    scratch.chmod(0o755)
    budgets = Budgets()
    try:
        print(
            f"{rounds} rounds; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, Linux {platform.release()}, "
            f"files on {file_system(scratch)}.\n{_HOW}"
        )
        if os.getloadavg()[0] > 1:
            print("This machine is busy: everything takes longer than on one that rests, processor time, too.")
        found = with_debians_server(scratch, binaries, rounds)
        exchange = statistics.median(one.exchange for one in found.running)
        budgets.judge("an exchange of a running signetd", exchange, 5, "ms of processor time")
        budgets.judge("a running signetd at most", found.agent_memory["VmHWM"], 22, "MB of memory")
        whole = max(one.peak for one in found.whole)
        budgets.judge("a whole signetd at most", whole, 22, "MB of memory")
        with_the_tests_server(scratch, binaries, rounds, budgets)
        show_sizes(Path(sys.argv[3]), budgets)
    except (NotMeasured, NotReached, Untrue) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    budgets.show()
    return 1 if budgets.exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
