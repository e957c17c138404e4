"""A machine in which calls of one program fail, as they do where the disk is full, broken or not to be written."""

import contextlib
import signal
from dataclasses import dataclass

from agent import AgentError
from looking import until
from machine import PATIENCE
from promises import asked_again_in_vain, judge_published, judge_readers
from stage import Stage, let_waits_end
from syscalls.log import Log
from syscalls.options import Options, wrap

WAITS = "waits"
"""In place of a problem: nothing is wrong any more, and what is missing is tried again later."""


@dataclass(frozen=True)
class Point:
    """A call at which a disk, or the table of descriptors, can be at its end."""

    identity: str
    time: int
    """Which of those that are equal so far."""
    ways: tuple[str, ...]
    is_file: bool


class SickMachine:
    """A machine in which calls of one program fail."""

    def __init__(self, stage: Stage, point: Point | None, faults: list[str], is_lasting: bool = False) -> None:
        self.stage = stage
        self.machine = stage.template.copy()
        self.held = self.machine.belongings()
        self._asked = len(stage.server.journal.operations)
        self._log = self.machine.folder / "calls"
        self._lasting = self.machine.folder / "lasting"
        if is_lasting:
            self._lasting.touch()
        self._options = Options(
            str(self._log),
            root=str(self.machine.root),
            fails=point.identity if point else "",
            time=point.time if point else 1,
            faults=",".join(faults),
            lasting=str(self._lasting) if is_lasting else "",
            published=str(self.machine.root / "etc/ssl/signet/access"),
        )

    def __enter__(self) -> "SickMachine":
        self.machine.program(self.stage.scenario.program).wrap = wrap(self._options)
        supervisor = self.machine.start()
        until(lambda: self.log.injected or supervisor.exits["signetd"], PATIENCE, self.machine.logs)
        return self

    def __exit__(self, *ended: object) -> None:
        self.machine.close()

    @property
    def log(self) -> Log:
        """Of the program's calls."""
        return Log.read(self._log)

    def heal(self) -> None:
        """Calls fail no longer."""
        self._lasting.unlink()

    def problems(self) -> set[str]:
        """The codes of all problems once nothing happens by itself for a while; none for a machine that is well.

        What follows a request that never left waits with no problem: `WAITS`.
        """
        with self.machine.control() as client:
            for status in client.changes(PATIENCE):
                profile = next((one for one in status["profiles"] if one["name"] == "access"), None)
                codes = {one["code"] for one in status["problems"] + (profile["problems"] if profile else [])}
                if not codes and profile and self.stage.is_enrolled(profile):
                    return codes
                if codes and (profile is None or "storage" in codes or self.stage.waits(profile)):
                    return codes
                if not codes and profile and self.stage.waits(profile):
                    return {WAITS}
        raise ConnectionError(self.machine.logs())

    def order(self) -> None:
        """An admin has the running process try again."""
        with contextlib.suppress(AgentError), self.machine.admin() as admin:
            admin.renew()

    def restart(self) -> None:
        """A new process tries again, once what it waits for is due."""
        supervisor = self.machine.running
        ends = len(supervisor.exits["signetd"])
        supervisor.signal(signal.SIGTERM)
        supervisor.wait_exit(PATIENCE, count=ends + 1)
        let_waits_end(self.machine)
        supervisor.tick()

    def keeps_all(self) -> bool:
        """Whether what was there before is there still."""
        found = self.machine.belongings()
        return all(found.get(name) == content for name, content in self.held.items())

    def judge_end(self, is_ordered: bool) -> None:
        """It holds and publishes what it should, tells so, and asked for no more than it had to."""
        judge_published(self.machine)
        judge_readers(self.log.published)
        self.machine.program(self.stage.scenario.program).wrap = []
        until(self._file_says_well, PATIENCE, lambda: "the status file is not true")
        if not is_ordered:
            assert asked_again_in_vain(self.stage.server.journal.operations[self._asked :]) == []

    def _file_says_well(self) -> bool:
        # Where all tries of a process failed, the timer starts the next one within the hour.
        if self.machine.running.pid() is None:
            self.machine.running.tick()
        try:
            profile = self.machine.status()["profiles"][0]
        except FileNotFoundError:
            return False
        return self.stage.is_enrolled(profile) and not profile["problems"]
