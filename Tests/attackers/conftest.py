"""What the tests of attackers stand on: machines in folders, the tests' own servers, and fixtures of both."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[1] / "servers"), str(Path(__file__).parents[1] / "machines")]

from counts import pytest_terminal_summary
from fixtures import *
from installer import TakenOver


@pytest.fixture(scope="module")
def taken(private_mounts: None) -> Iterator[TakenOver]:
    """A machine whose signetd was taken over; one for the tests of a file, none of which changes anything there."""
    with TakenOver() as made:
        yield made
