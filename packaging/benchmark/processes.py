"""What processes cost: processor time of a running one, and everything of one that is run to its end."""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0
"""Seconds for anything to happen."""
_PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
_TICK = 1e3 / os.sysconf("SC_CLK_TCK")  # milliseconds
_libc = ctypes.CDLL(None, use_errno=True)


class NotMeasured(Exception):
    """A program failed, or the kernel gave no figure."""


def processor_time(pid: int) -> float:
    """Milliseconds, user and system, that all threads of a running process have used, those that ended included.

    The process's own clock (clock_getcpuclockid(3)) counts nanoseconds; /proc/PID/stat counts ticks of 10 ms.
    """
    clock = ctypes.c_int()
    if (error := _libc.clock_getcpuclockid(ctypes.c_int(pid), ctypes.byref(clock))) != 0:
        raise NotMeasured(f"process {pid} has no clock: {os.strerror(error)}")
    return time.clock_gettime_ns(clock.value) / 1e6


def processor_time_of_children(pid: int) -> float:
    """Milliseconds that the children of a running process used which have ended; the kernel tells it in ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) * _TICK  # cutime and cstime of proc(5)


def settled(pid: int) -> float:
    """The processor time of a process, and of its children that ended, once it has rested for 100 ms and has no child:
    what follows a reply belongs to it too."""
    used, rests, deadline = -1.0, 0, time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        before, used = used, processor_time(pid) + processor_time_of_children(pid)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        rests = rests + 1 if used == before and not children else 0
        if rests == 2:
            return used
        time.sleep(0.05)
    raise NotMeasured(f"process {pid} does not come to rest")


def memory(pid: int) -> dict[str, float]:
    """The memory lines (VmHWM, VmRSS, RssAnon …) of a running process, in MB of 10^6 bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(kib) * 1024 / 1e6 for name, kib, _ in fields}


def until(look: Callable[[], bool], what: str, patience: float = PATIENCE) -> float:
    """Looks every half a millisecond, and returns when what was looked for was there (`time.perf_counter`)."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if look():
            return time.perf_counter()
        time.sleep(0.0005)
    raise NotMeasured(f"{what} did not happen within {patience:g} s")


@dataclass
class Run:
    """A process from start to end."""

    wall: float
    """Milliseconds, with the about one that the shell takes to start it."""
    processor: float
    """Milliseconds, user and system, its children's included."""
    peak: float
    """Resident set at its largest, or its largest child's, MB of 10^6 bytes."""


class Process:
    """A program that was started, whose end is waited for; a context manager that ends it.

    A child's peak memory counts from its parent's at the time of the fork, and this interpreter is large. So a small
    shell forks the program and goes away, and the orphan is ours to collect, with figures that are all its own.
    """

    def __init__(self, command: list[str], log: Path, environment: dict[str, str] | None = None) -> None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._command = command
        self._log = log
        self.begin = time.perf_counter()
        shell = ["/bin/sh", "-c", '"$@" >"$0" 2>&1 </dev/null & echo $!', str(log), *command]
        started = subprocess.run(shell, stdout=subprocess.PIPE, check=True, timeout=20, env=environment)
        self.pid = int(started.stdout)
        self._pidfd = os.pidfd_open(self.pid)
        self._ended = False

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        signal.pidfd_send_signal(self._pidfd, number)

    def end(self, patience: float = PATIENCE) -> Run:
        """Waits for its end; what does not end by itself is killed, and that or another failure is `NotMeasured`."""
        if not select.select([self._pidfd], [], [], patience)[0]:
            self.signal(signal.SIGKILL)
        _, status, used = os.wait4(self.pid, 0)
        wall = (time.perf_counter() - self.begin) * 1e3
        self._ended = True
        os.close(self._pidfd)
        if status != 0:
            said = self._log.read_text(errors="replace")
            raise NotMeasured(f"'{' '.join(self._command[:2])}' ended with {status}:\n{said}")
        return Run(wall, (used.ru_utime + used.ru_stime) * 1e3, used.ru_maxrss * 1024 / 1e6)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        if not self._ended:
            self.signal(signal.SIGTERM)
            with contextlib.suppress(NotMeasured):
                self.end(5.0)


def run(command: list[str], log: Path, environment: dict[str, str] | None = None) -> Run:
    """Runs a program to its end; raises `NotMeasured` where it fails."""
    with Process(command, log, environment) as process:
        return process.end()
