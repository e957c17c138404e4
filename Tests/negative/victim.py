"""A machine that orders certificates of a server that lies: what each lie must come to."""

import re
from collections.abc import Callable
from typing import Any

from agent import AgentError
from machine import Machine, Status
from scepd import Challenges, Exchange, Forgery, SCEPServer, Trouble

UNTRUSTED, UNFIT = "untrusted-reply", "unfit-certificate"
"""The problems that most lies are."""


class Victim:
    """One machine and one server. Each order of an enrollment is one request, and one chance to lie to it.

    It has a challenge; that it stands nowhere where it does not belong is looked for when the machine is closed.
    """

    def __init__(self, machine: Machine, server: SCEPServer, **changes: Any) -> None:
        self.machine = machine
        self.server = server
        self.generation = 0
        challenge = "correct horse battery staple"
        server.behaviour.challenges = Challenges(static=challenge)
        machine.challenge(challenge)
        machine.profile(server, **changes)
        # However long a slow machine takes from one order to the next, the same process answers.
        machine.write("etc/signet/signet.toml", '[agent]\nidle-exit = "10m"\n')
        # What it tries by itself ends before there is anything to try: from here on only orders ask.
        server.behaviour.troubles = [Trouble("status", "GetCACert", status=403)]
        machine.start()
        machine.wait_for(lambda one: one["problems"] and "next" in one)
        server.behaviour.troubles = []

    def refuses(
        self, what: str, forgery: Forgery | None, problem: str, *faults: str, asked: bool | None = True
    ) -> Status:
        """An enrollment that meets this forgery fails: with that problem, whose text names these faults from the
        outermost in. Nothing is installed and nothing that was there is touched. `asked` tells whether the request,
        and with it the challenge, was sent at all; None leaves that open. Gives the problem.
        """
        self.server.behaviour.forgery = forgery
        held, before = self.belongings(), len(self.server.journal.operations)
        try:
            with self.machine.admin() as admin:
                replies = admin.enroll()
        except AgentError as error:
            assert error.name == "Failed", f"{what}: {error}"
            found: Status = error.parameters["problem"]
        else:
            raise AssertionError(f"{what}: was believed: {replies[-1]}")
        finally:
            self.server.behaviour.forgery = None
        assert found["code"] == problem, f"{what}: {found}"
        codes = r".*".join(rf": {fault}(?= \(|: |$)" for fault in faults)
        assert re.search(codes, found["text"]), f"{what}: {found}"
        assert found["remedy"] and found["since"], what
        assert self.belongings() == held, f"{what}: changed what is installed"
        if asked is not None:
            sent = self.server.journal.operations[before:]
            assert [one.challenge_present for one in sent] == [True] * asked, f"{what}: {sent}"
        return found

    def accepts(self, what: str, forgery: Forgery | None, *problems: str) -> Exchange:
        """An enrollment that meets this ends with a published certificate and these problems. Gives the request."""
        self.server.behaviour.forgery = forgery
        with self.machine.admin() as admin:
            try:
                last = admin.enroll()[-1]
            except AgentError as error:
                raise AssertionError(f"{what}: was refused: {error}") from error
        self.server.behaviour.forgery = None
        self.generation += 1
        assert last.get("generation") == self.generation, f"{what}: {last}"
        profile = self.machine.wait_enrolled(generation=self.generation)
        assert {one["code"] for one in profile["problems"]} == set(problems), f"{what}: {profile['problems']}"
        return self.server.journal.operations[-1]

    def enrolls(self) -> Exchange:
        """No lie has left anything behind: an honest answer ends with a published certificate at once."""
        assert not any(self.machine.running.exits["signetd"]), "the agent ended badly"
        return self.accepts("the truth", None)

    def waits(self, what: str, forgery: Forgery | None = None) -> None:
        """An enrollment that meets this is told to wait for approval, and nothing more."""
        self.server.behaviour.forgery = forgery
        held = self.belongings()
        with self.machine.admin() as admin:
            assert admin.enroll()[-1].get("generation") is None, what
        self.server.behaviour.forgery = None
        assert self.status()["state"] == "pending", what
        assert self.belongings() == held, what

    def status(self) -> Status:
        """The profile's."""
        with self.machine.control() as control:
            (profile,) = control.status()["profiles"]
        return dict(profile)

    def belongings(self) -> dict[str, bytes]:
        """What is published, what the agent keeps, and what the machine was told to trust."""
        return self.machine.belongings() | self.machine.anchors()


MakeVictim = Callable[..., Victim]
