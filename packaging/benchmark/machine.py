"""Signet's programs on a pretended machine with one profile: a running agent's costs."""

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from story import Machine, is_published

from .keys import private_key, private_pem, transaction_certificate
from .processes import PATIENCE, NotMeasured, Run, processor_time, run, settled
from .servers import CHALLENGE, Target

PROFILE = "bench"


def prepare(machine: Machine, target: Target, idle_exit: str) -> None:
    """Writes what an admin would: settings, the anchor, the challenge and one profile."""
    machine.write("etc/signet/anchors/root.pem", target.root.read_text())
    chain = ""
    if target.issuing != target.root:
        machine.write("etc/signet/anchors/issuing.pem", target.issuing.read_text())
        chain = 'chain = ["/etc/signet/anchors/issuing.pem"]'
    machine.write("etc/signet/credentials/scep-challenge", CHALLENGE, 0o600)
    machine.write("etc/signet/signet.toml", f'[agent]\nidle-exit = "{idle_exit}"\n')
    machine.write(
        f"etc/signet/profiles.d/{PROFILE}.toml",
        f"""
[scep]
url = "{target.url}"
ca-fingerprint = ["{target.fingerprint}"]
challenge = {{ credential = "scep-challenge" }}
[subject]
name = "CN=${{serial_number}},O=Example"
[install]
anchors = ["/etc/signet/anchors/root.pem"]
{chain}
""",
    )


def place_key(machine: Machine) -> bytes:
    """Puts a key where the agent keeps the one of a request that was not sent yet: it makes none then."""
    pending = machine.root / f"var/lib/signet/profiles/{PROFILE}/pending"
    pending.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = private_key()
    pem = private_pem(key)
    signer = transaction_certificate(key, f"SN-{machine.root.name.upper()}")
    for name, content in (("key.pem", pem), ("signer.der", signer)):
        (pending / name).touch(0o600, exist_ok=False)
        (pending / name).write_bytes(content)
    return pem


def check_key(machine: Machine, generation: int, key: bytes) -> None:
    """Raises `NotMeasured` unless the agent used the key that was ready."""
    kept = machine.root / f"var/lib/signet/profiles/{PROFILE}/generations/{generation:04}/key.pem"
    if kept.read_bytes() != key:
        raise NotMeasured("the agent did not use the key that was ready")


@dataclass(frozen=True)
class Enrollment:
    """What one took; milliseconds."""

    wall: float  # from the order until the certificate is published and everything else is done
    exchange: float  # processor time from the first request until the verified certificate is on the disk
    whole: float  # processor time from the order until the agent rests again


class Agent:
    """A running agent. A context manager."""

    def __init__(self, scratch: Path, name: str, binaries: Path, target: Target) -> None:
        self._log = scratch / f"{name}.signetctl"
        self._binaries = binaries
        self.machine = Machine(scratch, name, binaries)
        prepare(self.machine, target, "10min")
        place_key(self.machine)

    def pid(self) -> int:
        """The running agent's process id."""
        pid = self.machine.supervisor.pid()
        if pid is None:
            raise NotMeasured(f"signetd does not run; its log:\n{self.machine.supervisor.log()}")
        return pid

    def enroll(self) -> Enrollment:
        """One enrollment, ordered as `signetctl enroll --wait` does."""
        key = place_key(self.machine)
        pid = self.pid()
        before = settled(pid)
        steps: dict[str, float] = {}

        def note(step: str) -> None:
            steps.setdefault(step, processor_time(pid))

        wall, generation = self._order("Enroll", note)
        whole = settled(pid) - before
        check_key(self.machine, generation, key)
        return Enrollment(wall, steps["issued"] - steps["discovering"], whole)

    def renew(self) -> None:
        """One renewal, its new key made by the agent."""
        self._order("Renew", lambda _: None)

    def _order(self, method: str, note: Callable[[str], None]) -> tuple[float, int]:
        reply: dict[str, Any] = {}
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(str(self.machine.root / "run/signet/admin"))
            begin = time.perf_counter()
            call = {"method": f"io.signet.Agent.{method}", "parameters": {"profile": PROFILE}, "more": True}
            client.sendall(json.dumps(call).encode() + b"\0")
            said = b""
            while not reply or reply.get("continues"):
                received = client.recv(65536)
                if not received:
                    raise NotMeasured(f"the agent hung up after {said!r}")
                *frames, said = (said + received).split(b"\0")
                for frame in frames:
                    reply = json.loads(frame)
                    note(reply["parameters"].get("step", ""))
            wall = (time.perf_counter() - begin) * 1e3
        generation = reply["parameters"].get("generation")
        if not generation:
            raise NotMeasured(f"the agent did not {method.lower()}: {reply}")
        return wall, int(generation)

    def request_to_published(self) -> Run:
        """One enrollment as a person orders it: `signetctl enroll --wait`, with what agent and installer do for it."""
        place_key(self.machine)
        agent = self.pid()
        before, installer_before = settled(agent), self._installer()
        command = [str(self._binaries / "signetctl"), "enroll", PROFILE, "--wait", "--root", str(self.machine.root)]
        client = run(command, self._log)
        used = client.processor + settled(agent) - before
        pid, installer = self._installer()
        # One that was started for it is counted from its start.
        used += installer - (installer_before[1] if installer_before[0] == pid else 0)
        return Run(client.wall, used, client.peak)

    def _installer(self) -> tuple[int | None, float]:
        pid = self.machine.supervisor.pid("signet-installd")
        return pid, settled(pid) if pid else 0.0

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
