"""One life of a machine that ends with a program killed, and those after it, until it has found its way."""

import datetime
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from machine import PATIENCE, Machine, Status, problem_codes
from scepd import Behaviour, Exchange, SCEPServer, names
from syscalls.log import Log
from syscalls.options import Options, wrap
from syscalls.published import read_published

SCRATCH = Path("/dev/shm")
"""Where machines lie: what a killed process wrote is there on any file system, and here nobody waits for a disk."""
CHALLENGE = "only once"
_LIVES = 8
"""Each wait that a machine plans for itself ends one life; the longest way has four."""


@dataclass(frozen=True)
class Scenario:
    """What a machine is about to do when it starts."""

    name: str
    program: str
    """The one that is killed."""
    behaviour: Callable[[], Behaviour]
    prepare: Callable[[Machine, SCEPServer], None]
    """Leaves a fresh machine, shut down, as every run begins with it."""
    generation: int = 1
    """The least that it must end with."""
    is_done: Callable[[Machine], bool] = lambda machine: bool(machine.running.exits["signetd"])
    """Whether a life in which nothing is killed has come to its end."""


@dataclass
class Run:
    """What became of one machine."""

    root: Path
    """What the machine took for its root."""
    log: Log
    """Of the program that was to be killed, over its first life."""
    readers: list[Log]
    """What readers saw while each program stood still."""
    last: Status
    operations: list[Exchange]
    published: dict[str, str] | None
    key: bytes
    certificate: bytes
    kill: int
    """The call before which it was killed; 0 where it was not."""


def eventually(condition: Callable[[], Any], timeout: float = PATIENCE) -> bool:
    """Whether the condition comes to hold."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)  # between two looks
    return True


def let_waits_end(machine: Machine) -> None:
    """As if the machine, which is shut down, had been so until whatever it waited for fell due."""
    for file in machine.root.glob("var/lib/signet/**/*.json"):
        state = json.loads(file.read_text())
        for wait, moment in (("retry", "at"), ("publishRetry", "at"), ("transaction", "pollAt")):
            if moment in state.get(wait, {}):
                state[wait][moment] = "2026-01-01T00:00:00Z"
                file.write_text(json.dumps(state))


class Stage:
    """A server and the machine of which every run has a copy. A context manager."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.server = SCEPServer(behaviour=scenario.behaviour())
        self.template = Machine(SCRATCH)
        self.settings = '[agent]\nidle-exit = "1s"\n'

    def __enter__(self) -> Self:
        self.server.start()
        self.template.write("etc/signet/signet.toml", self.settings)
        self.scenario.prepare(self.template, self.server)
        return self

    def __exit__(self, *ended: object) -> None:
        self.template.close()
        self.server.stop()

    def run(self, kill: int = 0, before: list[str] | None = None) -> Run:
        """Copies the machine, kills it before that call, and goes on until it rests.

        `before` is put in front of the command of the program that is killed.
        """
        machine = self.template.copy()
        try:
            return self._run(machine, kill, before or [])
        finally:
            machine.close()

    def _run(self, machine: Machine, kill: int, before: list[str]) -> Run:
        challenges = self.server.behaviour.challenges
        if challenges.single_use is not None:
            challenges.single_use = [CHALLENGE]
        seen = len(self.server.journal.operations)
        published = machine.root / "etc/ssl/signet/access"
        log, looks = machine.folder / "calls", machine.folder / "looks"
        # Only the installer writes what readers read: who looks at each of its calls has seen everything.
        installer = machine.program("signet-installd")
        installer.wrap = wrap(Options(str(looks), published=str(published)))
        options = Options(str(log), kill=kill, published=str(published))
        program = machine.program(self.scenario.program)
        unwatched, program.wrap = program.wrap, before + wrap(options)
        supervisor = machine.start()
        assert eventually(lambda: self.scenario.is_done(machine) or supervisor.exits[program.name]), machine.logs()
        machine.stop()
        program.wrap = unwatched
        self.settle()
        first = Log.read(log)
        last = self._go_on(machine)
        newest = machine.root / f"var/lib/signet/profiles/access/generations/{_generation(last):04}"
        return Run(
            root=machine.root,
            log=first,
            readers=[first, Log.read(looks)],
            last=last,
            operations=self.server.journal.operations[seen:],
            published=read_published(str(published)),
            key=(newest / "key.pem").read_bytes() if newest.exists() else b"",
            certificate=(newest / "certificate.der").read_bytes() if newest.exists() else b"",
            kill=first.killed[0] if first.killed else 0,
        )

    def settle(self) -> None:
        """Has what the machine sent before it was killed dealt with before what it sends after that."""
        self.server.settle()

    def _go_on(self, machine: Machine) -> Status:
        """Starts it until it rests; what it plans for later has fallen due whenever it starts again."""
        for _ in range(_LIVES):
            let_waits_end(machine)
            machine.start()
            last = machine.wait_for(lambda one: self.rests(one, machine) or self.waits(one))
            logs = machine.logs()
            is_at_rest = self.rests(last, machine)
            machine.stop()
            if is_at_rest:
                return last
        raise AssertionError(f"after {_LIVES} lives: {json.dumps(last, indent=1)}\n{logs}")

    def rests(self, profile: Status, machine: Machine) -> bool:
        """Whether the machine has what it wants, or a person has to do something."""
        return "challenge-spent" in problem_codes(profile) or self.is_enrolled(profile)

    def is_enrolled(self, profile: Status) -> bool:
        return bool(
            profile["state"] == "active"
            and _generation(profile) >= self.scenario.generation
            and profile.get("published") == _generation(profile)
            and profile["tag"]["value"] == "valid-client-certificate"
        )

    def waits(self, profile: Status) -> bool:
        """Whether it has not, and nothing happens for a while."""
        if "next" not in profile or self.is_enrolled(profile):
            return False
        soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
        return datetime.datetime.fromisoformat(profile["next"]["at"]) > soon


def _generation(profile: Status) -> int:
    return int(profile["identity"]["generation"]) if "identity" in profile else 0


# What must be so, whatever happened.


def judge(run: Run, server: SCEPServer) -> None:
    """Every sentence that the promise consists of."""
    if "challenge-spent" in problem_codes(run.last):
        assert may_have_spent(run, server), f"killed before call {run.kill}: it still had its challenge"
    else:
        assert run.published is not None
        judge_identity(run.published, run.key, run.certificate)
    assert asked_again_in_vain(run.operations) == []
    sent = [one for one in run.operations if one.challenge_present]
    assert server.behaviour.challenges.single_use is None or len(sent) <= 1
    for reader in run.readers:
        judge_readers(reader.published)


def judge_identity(published: dict[str, str], key: bytes, certificate: bytes) -> None:
    """What is published is the newest generation, whose key is there."""
    newest = x509.load_der_x509_certificate(certificate)
    assert are_pair(newest, key)
    assert x509.load_pem_x509_certificate(published["cert.pem"].encode()) == newest


def judge_published(machine: Machine) -> None:
    """The same of a machine."""
    published = read_published(str(machine.root / "etc/ssl/signet/access"))
    newest = max((machine.root / "var/lib/signet/profiles/access/generations").iterdir())
    assert published is not None
    judge_identity(published, (newest / "key.pem").read_bytes(), (newest / "certificate.der").read_bytes())


def may_have_spent(run: Run, server: SCEPServer) -> bool:
    """Whether a challenge that works once was in a request that may have been sent when the program was killed.

    From the state that counts it as sent on, and until all of the certificate is there. A server that knows CertPoll
    tells of every request that it heard.
    """
    if server.behaviour.challenges.single_use is None:
        return False
    renamed = [one.about.rpartition("/")[2] for one in run.log.calls[:-1] if one.name == "renameat"]
    composed = "transaction.json" in renamed and "state.json" in renamed[renamed.index("transaction.json") :]
    if not composed or "0001" in renamed:
        return False
    knows_polls = not server.behaviour.troubles
    return not (knows_polls and any(one.issued for one in run.operations))


def asked_again_in_vain(operations: list[Exchange]) -> list[Exchange]:
    """Requests for a certificate made after one was issued, although no CertPoll had failed to yield that."""
    found: list[Exchange] = []
    is_had = False
    for one in operations:
        if one.message_type == names.CERT_POLL:
            is_had = is_had and one.issued is not None
        elif is_had:
            found.append(one)
        elif one.issued is not None:
            is_had = True
    return found


_pairs: dict[tuple[str, str], bool] = {}


def judge_readers(seen: list[dict[str, str] | None]) -> None:
    """No reader ever saw two halves of different identities, nor nothing where there had been something."""
    first = next((at for at, one in enumerate(seen) if one is not None), len(seen))
    for one in seen[first:]:
        assert one is not None, "'current' was gone"
        assert "" not in one.values(), f"a file was missing: {[name for name, text in one.items() if not text]}"
        for pair in ((one["cert.pem"], one["key.pem"]), (one["combined.pem"], one["combined.pem"])):
            if pair not in _pairs:
                certificate = x509.load_pem_x509_certificate(pair[0].encode())
                _pairs[pair] = are_pair(certificate, pair[1].encode())
            assert _pairs[pair], "a key beside a certificate of another"


def are_pair(certificate: x509.Certificate, key: bytes) -> bool:
    """Whether the certificate is for that key."""
    return load_pem_private_key(key, None).public_key() == certificate.public_key()
