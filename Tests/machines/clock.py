"""A machine whose clock says something else than the PKI's: faketime tells its programs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from machine import Machine

EPOCH = "@1970-01-02 00:00:00"
"""What a machine without a battery wakes up to."""


@contextmanager
def clock(machine: Machine, says: str) -> Iterator[None]:
    """Runs the machine from one boot to the next with a clock that says that."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    # How long something takes is still told by a clock that nobody sets; and files have the times that they have.
    told = {"LD_PRELOAD": str(library), "FAKETIME": says, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
    for program in machine.programs:
        program.environment = told
    machine.start()
    try:
        yield
    finally:
        machine.stop()
        for program in machine.programs:
            program.environment = {}
