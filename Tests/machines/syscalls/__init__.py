"""Stands between a program and the kernel: counts its system calls over all threads, kills it at one, or has some fail.

`python -m syscalls OPTIONS -- PROGRAM ARGUMENTS` becomes the program, under its own process id and with every
descriptor that it was given, so that it fits into `Program.wrap`. A process beside it is asked by the kernel before
each call (seccomp's user notification), which makes one order of the calls of all threads; strace's counter has one
for each thread.
"""

import sys
from pathlib import Path

from .calls import POSSIBLE
from .log import Call, Log
from .options import Options
from .published import read_published

__all__ = ["POSSIBLE", "Call", "Log", "Options", "read_published", "wrap"]


def wrap(options: Options) -> list[str]:
    """The command for `Program.wrap`."""
    cache = f"pycache_prefix={Path(sys.prefix) / 'pycache'}"
    python = ["env", f"PYTHONPATH={Path(__file__).parents[1]}", sys.executable, "-S", "-X", cache, "-m", "syscalls"]
    return [*python, *options.words(), "--"]
