"""One life of a machine that ends with a program killed, and those after it, until it has found its way."""

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from looking import until
from machine import PATIENCE, Machine, Status, problem_codes
from scepd import Behaviour, Exchange, SCEPServer, Trouble
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
    makes_key: bool = False
    """Whether it begins with a new key."""


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


def let_waits_end(machine: Machine) -> None:
    """As if the machine, which is shut down, had been so until whatever it waited for fell due."""
    for file in machine.root.glob("var/lib/signet/**/*.json"):
        state = json.loads(file.read_text())
        for wait, moment in (("retry", "at"), ("publishRetry", "at"), ("transaction", "pollAt")):
            if moment in state.get(wait, {}):
                state[wait][moment] = "2026-01-01T00:00:00Z"
                file.write_text(json.dumps(state))


class Stage:
    """A server and the machine of which every run has a copy. A context manager.

    To make a key takes longer than everything else that a machine does. With `has_key` it is there already, as after a
    try that found no server; from the request on nothing tells the two apart.
    """

    def __init__(self, scenario: Scenario, *, has_key: bool = False) -> None:
        self.scenario = scenario
        self._has_key = has_key
        self.server = SCEPServer(behaviour=scenario.behaviour())
        self.template = Machine(SCRATCH)
        self.settings = '[agent]\nidle-exit = "1s"\n'

    def __enter__(self) -> Self:
        self.server.start()
        self.template.write("etc/signet/signet.toml", self.settings)
        self.scenario.prepare(self.template, self.server)
        if self._has_key:
            self._make_key()
        return self

    def _make_key(self) -> None:
        machine, behaviour = self.template, self.server.behaviour
        troubles, behaviour.troubles = behaviour.troubles, [Trouble("refuse", operation="GetCACert")]
        machine.start()
        machine.wait_problem("server-unreachable")
        machine.stop()
        behaviour.troubles = troubles
        assert (machine.root / "var/lib/signet/profiles/access/pending/signer.der").exists()
        let_waits_end(machine)

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
        until(lambda: self.scenario.is_done(machine) or supervisor.exits[program.name], PATIENCE, machine.logs)
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
