"""The challenge is in no log, argument, environment, status or state file. All of them are searched."""

import base64
import contextlib
import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

import pytest

from fixtures import MakeServer
from machine import PATIENCE, Machine
from scepd import Behaviour, Challenges, Trouble
from secrecy import files, forms


def files_to_search(machine: Machine) -> list[Path]:
    """Everything below the root but the credential itself, and the programs' logs."""
    own = machine.root / "etc/signet/credentials"
    found = [file for _, file in files(machine.root) if own not in file.parents]
    return found + list(machine.state.glob("*.log"))


def of_process(pid: int | None) -> dict[str, bytes]:
    """Arguments and environment of a process; nothing of one that has ended, or ends meanwhile."""
    if pid is None:
        return {}
    try:
        found = {part: Path(f"/proc/{pid}/{part}").read_bytes() for part in ("cmdline", "environ")}
    except (FileNotFoundError, ProcessLookupError):
        return {}
    # What has ended and was not yet collected reads as empty.
    return found if all(found.values()) else {}


def of_agent(machine: Machine) -> dict[str, bytes]:
    """The same of signetd, which may exit when idle at any time: a caller starts it again, and keeps it a while."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := of_process(machine.running.pid("signetd")):
            return found
        with contextlib.suppress(OSError), machine.control() as client:
            client.status()
    raise AssertionError("signetd cannot be seen running")


def search(machine: Machine, challenge: str) -> list[str]:
    """Where the challenge stands: files, and arguments and environment of every running program."""
    places = {}
    for file in files_to_search(machine):
        # A file that is being replaced has a temporary name for a moment; its content is found under the other.
        with contextlib.suppress(FileNotFoundError):
            places[str(file)] = file.read_bytes()
    processes = {
        "signetd": of_agent(machine),
        "signet-installd": of_process(machine.running.pid("signet-installd")),
    }
    for name, parts in processes.items():
        places.update({f"{part} of {name}": content for part, content in parts.items()})
    return [place for place, content in places.items() if any(form in content for form in forms(challenge.encode()))]


def test_the_search_finds_what_is_there(enrolled: Machine) -> None:
    """A search that cannot find anything proves nothing."""
    challenge = secrets.token_hex(16)
    for number, form in enumerate(forms(challenge.encode())):
        (enrolled.root / f"var/lib/signet/planted-{number}").write_bytes(b"before " + form + b" after")
    shifted = base64.b64encode(b"DER in front" + challenge.encode() + b" and behind")
    (enrolled.root / "var/lib/signet/planted-in-base64").write_bytes(shifted)
    assert len(search(enrolled, challenge)) == len(forms(challenge.encode())) + 1


def test_the_search_looks_at_processes(enrolled: Machine) -> None:
    """Arguments and environment of the agent are seen, also of one that has to be started for it."""
    supervisor = enrolled.running
    assert all(of_agent(enrolled).values())
    supervisor.signal(signal.SIGTERM)
    supervisor.wait_exit(PATIENCE)
    assert b"signetd" in of_agent(enrolled)["cmdline"]
    assert b"NOTIFY_SOCKET=" in of_agent(enrolled)["environ"]


def test_a_process_that_has_ended_shows_nothing() -> None:
    """Neither before nor after its parent learned of it."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        # Popen returns while the kernel still lays out the new program, which has neither yet; once it answers, it has.
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"\n")
        assert process.stdout.read(1) == b"\n"
        assert set(of_process(process.pid)) == {"cmdline", "environ"}
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert of_process(process.pid) == {}
        process.wait()
        assert of_process(process.pid) == {}


@pytest.mark.parametrize("source", ["credential", "file", "command"])
@pytest.mark.parametrize("fate", ["issued", "pending", "refused", "repeated", "held", "untrusted"])
def test_the_challenge_is_nowhere(machine: Machine, make_server: MakeServer, source: str, fate: str) -> None:
    challenge = secrets.token_hex(16)
    behaviour = Behaviour(challenges=Challenges(static=challenge))
    if fate == "pending":
        behaviour.pending = 100
    elif fate == "refused":
        behaviour.failure = "1"
    elif fate == "repeated":
        behaviour.failure, behaviour.failure_text = "2", f"the challenge '{challenge}' is not the one"
    elif fate == "held":
        behaviour.troubles = [Trouble("hold")]
    elif fate == "untrusted":
        behaviour.troubles = [Trouble("html")]
    server = make_server(behaviour)
    # Outside the root's searched part: where the challenge legitimately lies.
    secret = machine.write("etc/signet/credentials/scep-challenge", challenge, 0o600)
    where = {
        "credential": {"credential": "scep-challenge"},
        "file": {"file": "/etc/signet/credentials/scep-challenge"},
        "command": {"command": ["/bin/cat", str(secret)]},
    }[source]
    machine.profile(server, scep_challenge=where)
    machine.start()
    server.journal.wait_for(lambda one: one.operation == "PKIOperation", 30)
    assert search(machine, challenge) == []
    if fate == "issued":
        machine.wait_enrolled()
    elif fate != "held":
        machine.wait_for(lambda one: one["state"] in ("pending", "failed"))
    assert search(machine, challenge) == []
    if fate != "held":
        assert server.journal.operations[0].challenge_right is not False
