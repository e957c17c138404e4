"""Starting, ending, being needed: what a service manager sees."""

import contextlib
import signal
import socket
import subprocess
import time

import pytest

from agent import AgentError
from fixtures import MakeServer
from machine import BINARIES, PATIENCE, Machine
from scepd import Behaviour, Challenges, SCEPServer, Trouble

_SECONDS = 2.0  # within which SIGTERM ends every program
_START_ANEW = 75  # RestartForceExitStatus= of signetd.service


@pytest.mark.parametrize("operation", ["GetCACaps", "GetCACert", "PKIOperation"])
def test_sigterm_ends_signetd_while_a_server_never_answers(
    machine: Machine, make_server: MakeServer, operation: str
) -> None:
    server = make_server(Behaviour(troubles=[Trouble("hold", operation, times=1)]))
    machine.profile(server)
    supervisor = machine.start()
    server.journal.wait_for(lambda one: one.answer == "held", 30)
    supervisor.signal(signal.SIGTERM)
    assert supervisor.wait_exit(_SECONDS, count=1) == 0
    # And what was under way is taken up again.
    server.released.set()
    supervisor.tick()
    machine.wait_for(lambda one: one["state"] in ("active", "requesting", "failed"))


def test_sigterm_ends_signetctl_while_it_waits(enrolled: Machine, server: SCEPServer) -> None:
    server.behaviour.troubles = [Trouble("hold")]
    command = [str(BINARIES / "signetctl"), "renew", "access", "--wait", "--root", str(enrolled.root)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        server.journal.wait_for(lambda one: one.answer == "held", 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(_SECONDS) != 0
    enrolled.running.signal(signal.SIGTERM)
    enrolled.running.wait_exit(_SECONDS, count=len(enrolled.running.exits["signetd"]) + 1)


def test_sigterm_ends_the_installer_while_a_client_is_silent(machine: Machine) -> None:
    supervisor = machine.start()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(machine.root / "run/signet/install"))
        client.sendall(b'{"method":"io.signet.Inst')
        supervisor.wait_ready(20, "signet-installd")
        supervisor.signal(signal.SIGTERM, "signet-installd")
        assert supervisor.wait_exit(_SECONDS, "signet-installd", count=1) == 0


def test_configuration_is_watched_before_it_is_read(machine: Machine) -> None:
    """Or what root writes in between would be seen by nobody until the process ends, which may be an hour later."""
    trace = machine.folder / "trace"
    calls = "--trace=inotify_add_watch,openat"
    # Aside (-D), so that the program keeps the number of the process that the sockets were passed to.
    machine.program("signetd").wrap = ["strace", "-D", "--follow-forks", "--quiet=all", calls, f"--output={trace}"]
    machine.start()
    with machine.control() as control:
        assert control.status()["profiles"] == []
    lines = trace.read_text().splitlines()
    # Of the folder itself, not of one on the way to a file in it.
    read = next(number for number, line in enumerate(lines) if '"profiles.d"' in line and "O_PATH" not in line)
    watched = [number for number, line in enumerate(lines) if "inotify_add_watch" in line and "/etc/signet" in line]
    assert len(watched[:3]) == 3
    assert max(watched[:3]) < read


def test_ready_is_said_before_any_network_is_touched(machine: Machine, make_server: MakeServer) -> None:
    server = make_server(Behaviour(troubles=[Trouble("hold", "GetCACaps")]))
    machine.profile(server)
    machine.start().wait_ready(20)
    server.journal.wait_for(lambda one: one.answer == "held", 30)


def test_an_idle_machine_carries_no_process(machine: Machine, server: SCEPServer) -> None:
    machine.write("etc/signet/signet.toml", '[agent]\nidle-exit = "1s"\n')
    machine.profile(server)
    supervisor = machine.start()
    machine.wait_enrolled()
    assert supervisor.wait_exit(40) == 0
    assert supervisor.wait_exit(40, "signet-installd") == 0
    starts = supervisor.starts["signetd"]
    # Somebody asks: it comes back, with what it knew.
    assert machine.wait_enrolled()["identity"]["generation"] == 1
    assert supervisor.starts["signetd"] == starts + 1


def test_a_profile_dropped_in_while_it_runs_is_taken_up(machine: Machine, server: SCEPServer) -> None:
    """systemd tells nobody of a change while the agent runs: it looks by itself."""
    supervisor = machine.start()
    with machine.control() as client:
        changes = client.changes(PATIENCE)
        next(changes)
        machine.profile(server, "late")
        status = next(one for one in changes if any(two["state"] == "active" for two in one["profiles"]))
        assert [one["name"] for one in status["profiles"]] == ["late"]
        (machine.root / "etc/signet/profiles.d/late.toml").unlink()
        next(one for one in changes if not one["profiles"])
    assert supervisor.starts["signetd"] == 1


def test_a_spoilt_profile_goes_on_over_a_restart(enrolled: Machine, server: SCEPServer) -> None:
    """It is renewed as it last was without errors; what is published stays until root's file can be read again."""
    file = enrolled.root / "etc/signet/profiles.d/access.toml"
    good = file.read_text()
    enrolled.write("etc/signet/profiles.d/access.toml", good.replace("[subject]", "[subjekt]"))
    enrolled.stop()
    enrolled.start()
    with enrolled.admin() as admin, pytest.raises(AgentError) as failed:
        admin.renew()
    assert failed.value.problem == "install-refused"
    assert "config check" in failed.value.parameters["problem"]["text"]
    assert enrolled.wait_for(lambda one: True)["identity"]["generation"] == 2
    problems = enrolled.status()["problems"]
    assert [one["code"] for one in problems] == ["profile-invalid"]
    assert "access.toml" in problems[0]["text"]
    assert 'profile="access"' in (enrolled.root / "run/signet/public/metrics.prom").read_text()
    enrolled.write("etc/signet/profiles.d/access.toml", good)
    assert enrolled.wait_enrolled(generation=2)["problems"] == []


def test_a_new_challenge_and_an_order_are_enough(machine: Machine, make_server: MakeServer) -> None:
    """A process sees credentials as they were when it started: it must not stay when only another one helps."""
    server = make_server(Behaviour(challenges=Challenges(static="open sesame")))
    machine.write("etc/signet/signet.toml", '[agent]\nidle-exit = "600s"\n')
    machine.profile(server)
    supervisor = machine.start()
    machine.wait_problem("challenge-unavailable")
    assert server.journal.exchanges == []
    assert machine.ctl("status").returncode == 0
    supervisor.wait_exit(PATIENCE)
    machine.challenge("wrong")
    machine.wait_problem("challenge-refused")
    assert machine.ctl("enroll", "access", "--wait").returncode == 1
    machine.challenge("open sesame")
    done = machine.ctl("enroll", "access", "--wait")
    assert done.returncode == 0, done.stderr
    machine.wait_enrolled()


def test_it_recovers_from_being_killed_at_any_time(machine: Machine, make_server: MakeServer) -> None:
    """SIGKILL while the reply is on its way: the next process asks after the request and loses nothing."""
    server = make_server(Behaviour(troubles=[Trouble("lost", times=1)]))
    machine.profile(server)
    supervisor = machine.start()
    server.journal.wait_for(lambda one: "lost" in one.answer, 30)
    supervisor.signal(signal.SIGKILL)
    supervisor.wait_exit(10, count=1)
    supervisor.tick()
    deadline = time.monotonic() + PATIENCE
    while machine.wait_for(lambda one: True).get("identity") is None:
        assert time.monotonic() < deadline
        # It may be asking after the request by itself just now, or have noted to do so in a minute.
        with machine.admin() as admin, contextlib.suppress(AgentError):
            admin.renew()
    machine.wait_enrolled()
    assert len(server.authority.issued) == 1


def test_sighup_ends_signetd_between_two_exchanges(machine: Machine, make_server: MakeServer) -> None:
    """With the status upon which its unit starts it anew; the exchange that was under way is whole."""
    server = make_server(Behaviour(troubles=[Trouble("delay", "PKIOperation", times=1, seconds=30)]))
    machine.profile(server)
    supervisor = machine.start()
    machine.wait_for(lambda one: one.get("transaction", {}).get("step") == "requesting")
    supervisor.signal(signal.SIGHUP)
    # It answers callers meanwhile, and is still there once they were answered.
    assert machine.wait_for(lambda one: True)["transaction"]["step"] == "requesting"
    assert supervisor.exits["signetd"] == []
    server.released.set()
    assert supervisor.wait_exit(40, count=1) == _START_ANEW
    supervisor.tick()
    machine.wait_enrolled()
    assert len(server.authority.issued) == 1


def test_programs_write_nothing_outside_their_folders(enrolled: Machine) -> None:
    allowed = (
        "etc/signet/",
        "etc/ssl/",
        "etc/ca-certificates",
        "usr/local/share/ca-certificates",
        "usr/share/ca-certificates",
        "var/lib/signet/",
        "run/signet/",
        "run/lock",
    )
    ours = {"etc/passwd", "etc/group", "etc/hostname", "etc/hosts", "etc/machine-id", "etc/os-release"}
    found = {str(file.relative_to(enrolled.root)) for file in enrolled.root.rglob("*") if file.is_file()}
    found = {one for one in found if not one.startswith((*allowed, "sys/"))}
    assert found <= ours
