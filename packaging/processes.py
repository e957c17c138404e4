"""What processes cost: processor time of a running one, and everything of one that is run to its end."""

import ctypes
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 60.0  # seconds for a program to end
_PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
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


def memory(pid: int) -> dict[str, float]:
    """The memory lines (VmHWM, VmRSS, RssAnon …) of a running process, in MB of 10^6 bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(kib) * 1024 / 1e6 for name, kib, _ in fields}


@dataclass
class Run:
    """A process from start to end."""

    wall: float
    """Milliseconds, with the about one that the shell takes to start it."""
    processor: float
    """Milliseconds, user and system."""
    peak: float
    """Resident set at its largest, MB of 10^6 bytes."""


def run(command: list[str], log: Path) -> Run:
    """Runs a program to its end; raises `NotMeasured` where it fails.

    A child's peak memory counts from its parent's at the time of the fork, and this interpreter is large. So a small
    shell forks the program and goes away, and the orphan is ours to collect, with figures that are all its own.
    """
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    begin = time.perf_counter()
    shell = ["/bin/sh", "-c", '"$@" >"$0" 2>&1 & echo $!', str(log), *command]
    pid = int(subprocess.run(shell, stdout=subprocess.PIPE, check=True, timeout=20).stdout)
    ended = os.pidfd_open(pid)
    if not select.select([ended], [], [], _PATIENCE)[0]:
        signal.pidfd_send_signal(ended, signal.SIGKILL)
    _, status, used = os.wait4(pid, 0)
    wall = (time.perf_counter() - begin) * 1e3
    os.close(ended)
    if status != 0:
        raise NotMeasured(f"'{command[0]}' failed:\n{log.read_text(errors='replace')}")
    return Run(wall, (used.ru_utime + used.ru_stime) * 1e3, used.ru_maxrss * 1024 / 1e6)
