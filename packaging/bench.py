"""One enrollment's cost, beside scepclient's. `packaging/bench` prepares and runs it."""

import json
import os
import platform
import shutil
import signal
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.name import _ASN1Type
from processes import NotMeasured, Run, memory, processor_time, run
from realservers.scepserver import ScepServer
from scepd.hierarchy import Hierarchy, RAKind
from scepd.server import SCEPServer
from story import Machine, is_published
from supervise.supervisor import NotReached

_BUDGET_PROCESSOR = 5.0  # milliseconds
_BUDGET_MEMORY = 22.0  # MB of 10^6 bytes
CHALLENGE = "correct horse battery staple"
_PATIENCE = 60.0  # seconds for anything to happen
_PROFILE = "bench"


def private_key() -> rsa.RSAPrivateKey:
    """What both are handed ready."""
    return rsa.generate_private_key(65537, 2048)


def transaction_certificate(key: rsa.RSAPrivateKey, serial_number: str) -> bytes:
    """What the agent makes together with a key: the certificate that its first request is signed by."""
    parts = [(x509.NameOID.ORGANIZATION_NAME, "Example"), (x509.NameOID.COMMON_NAME, serial_number)]
    # As the agent writes names: PrintableString where the characters allow it.
    name = x509.Name([x509.NameAttribute(kind, text, _ASN1Type.PrintableString) for kind, text in parts])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
    return made.sign(key, SHA256()).public_bytes(Encoding.DER)


@dataclass(frozen=True)
class Enrollment:
    """What one took; milliseconds."""

    wall: float  # from the order until the certificate is published and everything else is done
    exchange: float  # processor time from the first request until the verified certificate is on the disk
    whole: float  # processor time from the order until the agent rests again


def settled(pid: int) -> float:
    """The processor time of a process once it has rested for 50 ms: what follows a reply belongs to it too."""
    used, deadline = processor_time(pid), time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        time.sleep(0.05)
        before, used = used, processor_time(pid)
        if used == before:
            return used
    raise NotMeasured(f"process {pid} does not come to rest")


class Agent:
    """Signet's programs on a pretended machine with one profile. A context manager."""

    def __init__(self, scratch: Path, name: str, binaries: Path, url: str, fingerprint: str, anchor: str) -> None:
        self._name = name
        self.machine = Machine(scratch, name, binaries)
        self._pending = self.machine.root / f"var/lib/signet/profiles/{_PROFILE}/pending"
        self._generations = self._pending.parent / "generations"
        self.machine.write("etc/signet/anchors/root.pem", anchor)
        self.machine.write("etc/signet/credentials/scep-challenge", CHALLENGE, 0o600)
        self.machine.write("etc/signet/signet.toml", '[agent]\nidle-exit = "10min"\n')
        self.machine.write(
            f"etc/signet/profiles.d/{_PROFILE}.toml",
            f"""
[scep]
url = "{url}"
ca-fingerprint = ["{fingerprint}"]
challenge = {{ credential = "scep-challenge" }}
[subject]
name = "CN=${{serial_number}},O=Example"
[install]
anchors = ["/etc/signet/anchors/root.pem"]
""",
        )
        self._place_key()

    def _place_key(self) -> bytes:
        """Puts a key where the agent keeps the one of a request that was not sent yet: it makes none then."""
        self._pending.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = private_key()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        signer = transaction_certificate(key, f"SN-{self._name.upper()}")
        for name, content in (("key.pem", pem), ("signer.der", signer)):
            file = os.open(self._pending / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(file, "wb") as writer:
                writer.write(content)
        return pem

    def pid(self) -> int:
        """The running agent's process id."""
        pid = self.machine.supervisor.pid()
        if pid is None:
            raise NotMeasured(f"signetd does not run; its log:\n{self.machine.supervisor.log()}")
        return pid

    def enroll(self) -> Enrollment:
        """One enrollment, ordered as `signetctl enroll --wait` does."""
        key = self._place_key()
        pid = self.pid()
        before = settled(pid)
        steps: dict[str, float] = {}
        reply: dict[str, Any] = {}
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(_PATIENCE)
            client.connect(str(self.machine.root / "run/signet/admin"))
            begin = time.perf_counter()
            call = {"method": "io.signet.Agent.Enroll", "parameters": {"profile": _PROFILE}, "more": True}
            client.sendall(json.dumps(call).encode() + b"\0")
            said = b""
            while not reply or reply.get("continues"):
                received = client.recv(65536)
                used = processor_time(pid)
                if not received:
                    raise NotMeasured(f"the agent hung up after {said!r}")
                *frames, said = (said + received).split(b"\0")
                for frame in frames:
                    reply = json.loads(frame)
                    steps.setdefault(reply["parameters"].get("step", ""), used)
            wall = (time.perf_counter() - begin) * 1e3
        whole = settled(pid) - before
        generation = reply["parameters"].get("generation")
        if not generation:
            raise NotMeasured(f"the agent did not enroll: {reply}")
        if (self._generations / f"{generation:04}/key.pem").read_bytes() != key:
            raise NotMeasured("the agent did not use the key that was ready")
        return Enrollment(wall, steps["issued"] - steps["discovering"], whole)

    def start_anew(self, binaries: Path) -> tuple[float, float]:
        """A second agent on the same folder, without sockets, while the first is away.

        Milliseconds of a whole process until it says READY: wall, and processor time.
        """
        notify = self.machine.root / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(str(notify))
            listener.settimeout(_PATIENCE)
            begin = time.perf_counter()
            null = os.open(os.devnull, os.O_RDWR)
            command = [str(binaries / "signetd"), "--root", str(self.machine.root)]
            pid = os.posix_spawn(
                command[0],
                command,
                {"NOTIFY_SOCKET": str(notify)},
                file_actions=[(os.POSIX_SPAWN_DUP2, null, at) for at in (0, 1, 2)],
            )
            try:
                while b"READY=1" not in listener.recv(4096):
                    pass
                return (time.perf_counter() - begin) * 1e3, processor_time(pid)
            finally:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                os.close(null)
                notify.unlink()

    def __enter__(self) -> "Agent":
        self.machine.__enter__()
        try:
            self.machine.until(is_published, "the first enrollment")
        except BaseException:
            self.machine.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.machine.__exit__()


def scepclient(scratch: Path, url: str, fingerprint: str) -> Run:
    """One enrollment by scepclient, in a fresh folder with the key ready."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    key = folder / "key.pem"
    key.write_bytes(private_key().private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    ready = key.read_bytes()
    certificate = folder / "client.pem"
    command = ["scepclient", "-server-url", url, "-challenge", CHALLENGE, "-private-key", str(key)]
    command += ["-certificate", str(certificate), "-cn", "SN-BENCH", "-organization", "Example"]
    command += ["-ca-fingerprint", fingerprint.removeprefix("sha256:")]
    ran = run(command, folder / "log")
    if key.read_bytes() != ready or b"BEGIN CERTIFICATE" not in certificate.read_bytes():
        raise NotMeasured(f"scepclient did not enroll with its key:\n{(folder / 'log').read_text()}")
    shutil.rmtree(folder)
    return ran


def row(what: str, ours: list[float], theirs: list[float] | None = None) -> None:
    """Prints medians with minimum and maximum, and how many times theirs ours is."""

    def shown(values: list[float]) -> str:
        return f"{statistics.median(values):8.2f} ({min(values):.2f} to {max(values):.2f})"

    ratio = f"{statistics.median(ours) / statistics.median(theirs):6.2f}" if theirs else ""
    print(f"{what:<42}{shown(ours):<30}{shown(theirs) if theirs else '':<30}{ratio}", flush=True)


def against_debians_server(scratch: Path, binaries: Path, rounds: int) -> list[str]:
    """Takes turns against one scepserver. Returns the budgets that were exceeded."""
    agents: list[Enrollment] = []
    clients: list[Run] = []
    with ScepServer(challenge=CHALLENGE) as server:
        with Agent(scratch, "bench", binaries, server.url, server.fingerprint, server.ca.read_text()) as agent:
            for at in range(rounds + 1):
                enrollment, client = agent.enroll(), scepclient(scratch, server.url, server.fingerprint)
                if at > 0:  # the first turn warms both up: disk caches, and what the agent sets up once
                    agents.append(enrollment)
                    clients.append(client)
            held = memory(agent.pid())
            command = [str(binaries / "signetctl"), "status", "--root", str(agent.machine.root)]
            status = [run(command, scratch / "status") for _ in range(rounds)]
            agent.machine.supervisor.signal(signal.SIGTERM)
            agent.machine.supervisor.wait_exit(_PATIENCE)
            starts = [agent.start_anew(binaries) for _ in range(rounds)]
    exchanges = [one.exchange for one in agents]
    print(f"\n{'One enrollment, key ready (RSA 2048)':<42}{'running signetd':<30}{'scepclient':<30} ratio")
    row("processor time, the exchange, ms", exchanges, [one.processor for one in clients])
    row("with publishing, tag and status, ms", [one.whole for one in agents], [one.processor for one in clients])
    row("until it is in place, ms", [one.wall for one in agents], [one.wall for one in clients])
    row("peak memory (RSS), MB", [held["VmHWM"]], [one.peak for one in clients])
    print(f"\n{'Beside it':<42}signet")
    row("signetd starts, until READY, ms", [wall for wall, _ in starts])
    row("signetd starts, processor, ms", [used for _, used in starts])
    row("signetctl status, processor, ms", [one.processor for one in status])
    row("signetctl status, wall, ms", [one.wall for one in status])
    row("signetd's memory afterwards (RSS), MB", [held["VmRSS"]])
    row("of it its own (anonymous), MB", [held["RssAnon"]])
    used = statistics.median(exchanges)
    exceeded = []
    if used > _BUDGET_PROCESSOR:
        exceeded.append(f"an exchange takes {used:.2f} ms of processor time, more than {_BUDGET_PROCESSOR:g}")
    if held["VmHWM"] > _BUDGET_MEMORY:
        exceeded.append(f"signetd takes {held['VmHWM']:.1f} MB of memory, more than {_BUDGET_MEMORY:g}")
    return exceeded


def count_requests(scratch: Path, binaries: Path) -> None:
    """What one enrollment asks of a server, counted by one that keeps a journal."""
    hierarchy = Hierarchy(RAKind.NONE)
    with SCEPServer(hierarchy) as server:
        server.behaviour.challenges.static = CHALLENGE
        with Agent(scratch, "journal", binaries, server.url, server.fingerprint, hierarchy.root.pem) as agent:
            before = len(server.journal.exchanges)
            agent.enroll()
            seen = server.journal.exchanges[before:]
    connections = len({one.connection for one in seen})
    requests = ", ".join(one.operation for one in seen)
    print(f"\nHTTP: {len(seen)} requests ({requests}) over {connections} connection{'s' if connections > 1 else ''}")


def main() -> int:
    """Measures, prints, and judges; 0 if the budgets are kept."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    binaries, rounds = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    scratch = Path(tempfile.mkdtemp(prefix="signet-bench-"))
    scratch.chmod(0o755)
    try:
        print(
            f"{rounds} enrollments each, taking turns, one at a time, with the same scepserver on this machine; "
            f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, Linux {platform.release()}.\n"
            "Figures are medians (least to most). Processor time is user and system, of scepclient from start to end (its\n"
            "resource usage), of all of signetd's threads by its process clock: the exchange from its first request until\n"
            "the verified certificate is on the disk, and all of it from the order until the agent rests again.\n"
            "A key is ready with the certificate for its first request, as the agent keeps them."
        )
        exceeded = against_debians_server(scratch, binaries, rounds)
        count_requests(scratch, binaries)
    except (NotMeasured, NotReached) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    sys.stdout.flush()
    for text in exceeded:
        print(f"bench: over budget: {text}", file=sys.stderr)
    if not exceeded:
        print(f"Within budget: {_BUDGET_PROCESSOR:g} ms of processor time, {_BUDGET_MEMORY:g} MB of memory.")
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
