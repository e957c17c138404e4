"""The same calls as strace(1) sees them, to hold the watcher's count against."""

import os
import re
from collections import defaultdict
from pathlib import Path

from .calls import DESCRIPTOR, NUMBERS, OPEN_FLAGS, is_counted

_LINE = re.compile(r"(?P<thread>\d+) +(?P<name>\w+)\((?P<arguments>.*)")
_RESUMED = re.compile(r"(?P<thread>\d+) +<\.\.\. (?P<name>\w+) resumed>.*= (?P<result>-?\d+)")
_RESULT = re.compile(r"= (-?\d+)[^)]*$")
_DECODED = re.compile(r"\d+<(?P<about>[^>]*)>")


def wrap(trace: Path) -> list[str]:
    """A command that has strace write down the calls of what it becomes (-D: under its own process id)."""
    calls = f"--trace={','.join([*NUMBERS, 'execve', 'clone', 'clone3'])}"
    how = ["-D", "--follow-forks", "--quiet=all", "--signal=none", "--decode-fds=path"]
    return ["strace", *how, calls, f"--output={trace}"]


def calls(trace: Path, program: str) -> dict[int, list[str]]:
    """By thread of the program the names of its counted calls, in their order.

    A call in the midst of which the process ended is left out: nobody knows whether it had begun. A new thread may be
    seen to call before the call that made it returns, so whose thread it is is asked at the end.
    """
    first = 0
    made_by: dict[int, int] = {}
    found: dict[int, list[str]] = defaultdict(list)
    open_calls: dict[int, bool] = {}
    makes_thread: dict[int, bool] = {}
    for line in trace.read_text().splitlines():
        if resumed := _RESUMED.match(line):
            thread = int(resumed["thread"])
            open_calls.pop(thread, None)
            if resumed["name"] in ("clone", "clone3") and makes_thread.pop(thread, False):
                made_by[int(resumed["result"])] = thread
            continue
        call = _LINE.match(line)
        if not call:
            continue
        thread, name, arguments = int(call["thread"]), call["name"], call["arguments"]
        if name == "execve" and f'"{program}"' in arguments:
            first, found, open_calls = thread, defaultdict(list), {}
        elif name in ("clone", "clone3"):
            makes_thread[thread] = "CLONE_THREAD" in arguments
            if (result := _RESULT.search(line)) and makes_thread.pop(thread):
                made_by[int(result[1])] = thread
        elif _counts(name, arguments):
            found[thread].append(name)
            open_calls[thread] = "<unfinished" in arguments
    for thread, is_open in open_calls.items():
        if is_open:
            found[thread].pop()
    return {thread: names for thread, names in found.items() if names and _origin(thread, made_by) == first}


def _origin(thread: int, made_by: dict[int, int]) -> int:
    while thread in made_by:
        thread = made_by[thread]
    return thread


def _counts(name: str, arguments: str) -> bool:
    return name in NUMBERS and is_counted(name, _flags(name, arguments), _about(name, arguments))


def _flags(name: str, arguments: str) -> int:
    if name not in OPEN_FLAGS:
        return 0
    words = re.findall(r"O_\w+", re.sub(r'"[^"]*"', "", arguments))
    return sum(int(getattr(os, word, 0)) for word in set(words))


def _about(name: str, arguments: str) -> str:
    decoded = _DECODED.match(arguments) if name in DESCRIPTOR else None
    return decoded["about"] if decoded else ""
