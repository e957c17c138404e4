"""The process beside the program: it is told of every call before it happens, and decides what becomes of it."""

import errno
import os
import select
import struct

from . import kernel
from .calls import (
    DESCRIPTOR,
    FAMILIES,
    NAMES,
    OPEN_FLAGS,
    PATHS,
    POSSIBLE,
    TYPES,
    identity,
    is_counted,
)
from .options import Options
from .published import read_published

_KILL = 9


class Watcher:
    """Counts the calls of all of one program's threads in one order, and carries out what the options say."""

    def __init__(self, options: Options, process: int) -> None:
        self._options = options
        self._process = process
        self._pidfd = os.pidfd_open(process)
        self._listener = -1
        self._count = 0
        self._seen = ""
        self._faults = [one for one in options.faults.split(",") if one]
        self._times = 0
        self._log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def take(self, descriptor: int) -> None:
        """Takes over the listener of the program's filter."""
        self._listener = kernel.take_descriptor(self._pidfd, descriptor)

    def run(self) -> None:
        """Until neither the program nor a child of it is there any more."""
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        while True:
            for _, events in poll.poll():
                if events & select.POLLIN:
                    call = kernel.receive(self._listener)
                    if call:
                        self._decide(call)
                elif events & select.POLLHUP:
                    return

    def _decide(self, call: kernel.Notification) -> None:
        name = NAMES[call.number]
        # Children have inherited the filter; what they do is not the program's doing.
        if not os.path.exists(f"/proc/{self._process}/task/{call.thread}"):
            return kernel.proceed(self._listener, call)
        try:
            about = self._about(name, call)
        except OSError:
            # Somebody killed it meanwhile.
            return kernel.proceed(self._listener, call)
        flags = call.arguments[OPEN_FLAGS[name]] if name in OPEN_FLAGS else 0
        is_point = is_counted(name, flags, about)
        if is_point:
            self._count += 1
            self._look()
            self._write(f"{self._count} {call.thread} {name} {about}")
            if self._count == self._options.kill:
                # Before a call happens is the same as after the one before it has: so all of both are tried.
                os.kill(self._process, _KILL)  # it waits for us, so its number is still its own
                return self._write(f"killed {self._count}")
        fault = self._fault(name, about, is_point)
        # Whoever has no descriptor left cannot read a file, either.
        if not fault or not (is_point or (fault == "EMFILE" and name in OPEN_FLAGS)):
            return kernel.proceed(self._listener, call)
        self._write(f"failed {self._count} {fault} {name} {about}")
        if fault == "lost":
            return kernel.give(self._listener, call, call.arguments[2])
        if fault == "short":
            return kernel.give(self._listener, call, self._write_half(name, call))
        return kernel.fail(self._listener, call, getattr(errno, fault))

    def _fault(self, name: str, about: str, is_point: bool) -> str:
        """How this call fails; "" where it does not."""
        options = self._options
        if not self._faults:
            return ""
        is_meant = is_point and options.fails in ("", identity(name, about, options.root))
        self._times += is_meant
        if self._times < options.time:
            return ""
        if not options.lasting:
            return self._faults.pop(0) if is_meant else ""
        can = name in POSSIBLE[self._faults[0]] and about.startswith(options.root)
        return self._faults[0] if can and os.path.exists(options.lasting) else ""

    def _write_half(self, name: str, call: kernel.Notification) -> int:
        """Does what the kernel does when a disk fills up in the middle, or a signal comes: writes the first half."""
        descriptor, address, size = call.arguments[:3]
        if name == "writev":
            address, size = struct.unpack("=QQ", kernel.memory(call.thread, address, 16))
        content = kernel.memory(call.thread, address, max(size // 2, 1))
        own = kernel.take_descriptor(self._pidfd, descriptor)
        try:
            return os.pwrite(own, content, call.arguments[3]) if name == "pwrite64" else os.write(own, content)
        finally:
            os.close(own)

    def _about(self, name: str, call: kernel.Notification) -> str:
        if name in DESCRIPTOR:
            return self._descriptor(call.arguments[0])
        if name in PATHS:
            folder, path = PATHS[name]
            text = kernel.text(call.thread, call.arguments[path])
            if text.startswith("/") or folder is None:
                return text
            at = call.arguments[folder] & 0xFFFFFFFF
            return f"{self._descriptor(at)}/{text}" if at < 1 << 31 else text
        if name == "socket":
            return f"{FAMILIES.get(call.arguments[0], '?')} {TYPES.get(call.arguments[1] & 0xF, '?')}"
        return "-"

    def _descriptor(self, number: int) -> str:
        try:
            return os.readlink(f"/proc/{self._process}/fd/{number & 0xFFFFFFFF}")
        except OSError:
            return "-"

    def _look(self) -> None:
        """Reads what is published as readers do, while the program stands still; notes each change."""
        if not self._options.published:
            return
        found = repr(read_published(self._options.published))
        if found != self._seen:
            self._seen = found
            self._write(f"published {found}")

    def _write(self, line: str) -> None:
        os.write(self._log, f"{line}\n".encode())
