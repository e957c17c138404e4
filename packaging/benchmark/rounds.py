"""Taking turns: one enrollment each with the same server, round after round."""

from dataclasses import dataclass
from typing import Protocol

from .certmonger import Certmonger
from .clients import ScepClient, StrongSwan
from .machine import Agent, Enrollment
from .processes import NotMeasured, Run, memory
from .table import row, runs_heading, runs_row
from .whole import WholeAgent


class Peer(Protocol):
    """Another client."""

    name: str

    def enroll(self, renewals: int = 0) -> Run:
        """One enrollment, and so many renewals after it, which are not measured. Raises `NotMeasured`."""
        ...


@dataclass
class Measured:
    """What several rounds with one server came to."""

    running: list[Enrollment]
    whole: list[Run]
    peers: dict[str, list[Run]]
    cannot: dict[str, str]
    """Why a peer cannot enroll there, in its own words."""
    agent_memory: dict[str, float]


def first_words(error: Exception) -> str:
    """The last thing that a program said before it gave up."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:100] if lines else type(error).__name__


def take_turns(agent: Agent, whole: WholeAgent, peers: list[Peer], rounds: int) -> Measured:
    """The first turn is not counted: it warms everybody up, and shows who cannot."""
    found = Measured([], [], {}, {}, {})
    for at in range(rounds + 1):
        enrollment, process = agent.enroll(), whole.enroll()
        if at > 0:
            found.running.append(enrollment)
            found.whole.append(process)
        for peer in peers:
            if peer.name in found.cannot:
                continue
            try:
                ran = peer.enroll()
            except NotMeasured as error:
                if at > 0:
                    raise
                found.cannot[peer.name] = first_words(error)
            else:
                if at > 0:
                    found.peers.setdefault(peer.name, []).append(ran)
    found.agent_memory = memory(agent.pid())
    return found


def show_enrollments(title: str, found: Measured) -> None:
    """One table."""
    runs_heading(title)
    runs_row("signetd, a whole process", found.whole, found.whole)
    held = found.agent_memory["VmHWM"]
    runs_row("signetd, running", [Run(one.wall, one.whole, held) for one in found.running], found.whole)
    runs_row("  of it the exchange", [Run(0, one.exchange, 0) for one in found.running], found.whole)
    for name in (ScepClient.name, StrongSwan.name, Certmonger.name):
        if name in found.cannot:
            row(name, f"cannot: {found.cannot[name]}")
        else:
            runs_row(name, found.peers[name], found.whole)
