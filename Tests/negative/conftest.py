"""What the tests of servers that lie stand on: machines in folders, the tests' own servers, and a victim of both."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).parents[1] / "servers"), str(Path(__file__).parents[1] / "machines")]

from counts import pytest_terminal_summary
from fixtures import *
from fixtures import MakeServer
from interference import Interference
from machine import Machine
from scepd import Behaviour, Hierarchy, SCEPServer
from victim import MakeVictim, Victim


@pytest.fixture
def make_victim(machine: Machine, make_server: MakeServer) -> MakeVictim:
    """Makes the machine the victim of a server with that hierarchy; what else is given stands in its profile."""

    def make(hierarchy: Hierarchy | None = None, behaviour: Behaviour | None = None, **changes: Any) -> Victim:
        return Victim(machine, make_server(behaviour, hierarchy), **changes)

    return make


@pytest.fixture
def victim(make_victim: MakeVictim) -> Victim:
    """The victim of a CA that signs and opens everything itself."""
    return make_victim()


@pytest.fixture
def between(server: SCEPServer) -> Iterator[Interference]:
    """What stands in front of an honest server."""
    with Interference(("127.0.0.1", server.port)) as made:
        yield made
