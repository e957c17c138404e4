"""Waiting for what nobody tells of: in files, in another machine, in the kernel. Tests pause here and nowhere else."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

_PAUSE = 0.02
"""Seconds between two looks. Nothing is taken to be done after any number of them."""


def until(condition: Callable[[], Found | None], timeout: float, otherwise: Callable[[], str]) -> Found:
    """What the condition gives once it is true; `TimeoutError` with what `otherwise` says, after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout:g} s: {otherwise()}")
        time.sleep(_PAUSE)
    return found
