"""`OPTIONS -- PROGRAM ARGUMENTS`: becomes the program, with the watcher beside it."""

import os
import select
import sys

from . import kernel
from .calls import NUMBERS
from .options import Options
from .watcher import Watcher

_STANDARD_ERROR = 2
_MOST_DESCRIPTORS = 256


def _watch(options: Options, process: int, told: int, ready: int) -> None:
    """The watcher's whole life, in a process that nobody waits for."""
    if os.fork():
        os._exit(0)
    kept = sorted([_STANDARD_ERROR, told, ready])
    for before, after in zip([-1, *kept], [*kept, _MOST_DESCRIPTORS], strict=True):
        os.closerange(before + 1, after)
    watcher = Watcher(options, process)
    # Says which descriptor, and ends once it is the listener: the filter is there, and to write waits for us.
    with os.fdopen(told) as words:
        listener = int(words.read())
    watcher.take(listener)
    os.close(ready)
    watcher.run()


def main() -> None:
    """Becomes the program."""
    split = sys.argv.index("--")
    options, command = Options.read(sys.argv[1:split]), sys.argv[split + 1 :]
    told, tell = os.pipe()
    waits, ready = os.pipe()
    process = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(tell)
        os.close(waits)
        _watch(options, process, told, ready)
        os._exit(0)
    os.waitpid(child, 0)
    os.close(told)
    os.close(ready)
    # The kernel puts the listener at the lowest one that is free.
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    os.write(tell, str(free).encode())
    os.environ.pop("PYTHONPATH", None)
    kernel.install(sorted(NUMBERS.values()))
    os.close(tell)
    watched = select.poll()
    watched.register(waits, select.POLLIN)
    watched.poll()
    os.execvp(command[0], command)
