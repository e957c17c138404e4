"""The kernel's side: a filter that has system calls wait for a word from another process (seccomp_unotify(2))."""

import ctypes
import errno
import fcntl
import os
import struct

_SECCOMP, _SET_MODE_FILTER = 317, 1
_NEW_LISTENER, _WAIT_KILLABLE = 1 << 3, 1 << 5
"""Once received, only SIGKILL ends the wait: a call that another signal interrupts would be told twice."""
_ARCHITECTURE = 0xC000003E
_USER_NOTIFICATION, _ALLOW = 0x7FC00000, 0x7FFF0000
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_RECEIVE, _ANSWER = 0xC0502100, 0xC0182101
_NOTIFICATION, _REPLY = struct.Struct("=QIIiIQ6Q"), struct.Struct("=QqiI")
_CONTINUE = 1


class Notification:
    """One call that waits."""

    def __init__(self, content: bytearray) -> None:
        self.id, self.thread, _, self.number, _, _, *self.arguments = _NOTIFICATION.unpack(content)


class _Instructions(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("start", ctypes.c_char_p)]


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def install(numbers: list[int]) -> None:
    """Has this process, and whatever it becomes, ask before each of these calls.

    The kernel puts the listener at the lowest free descriptor and closes it when another program is executed.
    """
    if os.uname().machine != "x86_64":
        raise OSError(errno.ENOSYS, f"the numbers of system calls are x86-64's, this is {os.uname().machine}")
    program = [_instruction(_LOAD, 4), _instruction(_EQUAL, _ARCHITECTURE, 1, 0), _instruction(_RETURN, _ALLOW)]
    program.append(_instruction(_LOAD, 0))
    program += [_instruction(_EQUAL, number, len(numbers) - at, 0) for at, number in enumerate(numbers)]
    program += [_instruction(_RETURN, _ALLOW), _instruction(_RETURN, _USER_NOTIFICATION)]
    text = b"".join(program)
    libc = ctypes.CDLL(None, use_errno=True)
    instructions = _Instructions(len(program), text)
    flags = _NEW_LISTENER | _WAIT_KILLABLE
    if libc.syscall(_SECCOMP, _SET_MODE_FILTER, flags, ctypes.byref(instructions)) < 0:
        raise OSError(ctypes.get_errno(), "no filter of system calls")


def take_descriptor(process: int, descriptor: int) -> int:
    """A descriptor of another process as one of our own (pidfd_getfd(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    taken = int(libc.syscall(438, process, descriptor, 0))
    if taken < 0:
        raise OSError(ctypes.get_errno(), "the descriptor cannot be taken")
    return taken


def receive(listener: int) -> Notification | None:
    """The next call that waits; nil where its process ended meanwhile."""
    buffer = bytearray(_NOTIFICATION.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, buffer)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EINTR):
            return None
        raise
    return Notification(buffer)


def _answer(listener: int, reply: bytes) -> None:
    try:
        fcntl.ioctl(listener, _ANSWER, bytearray(reply))
    except OSError as error:
        if error.errno != errno.ENOENT:  # it ended meanwhile
            raise


def proceed(listener: int, call: Notification) -> None:
    """Lets the call happen."""
    _answer(listener, _REPLY.pack(call.id, 0, 0, _CONTINUE))


def fail(listener: int, call: Notification, code: int) -> None:
    """Has the call fail with an errno; it does not happen."""
    _answer(listener, _REPLY.pack(call.id, 0, -code, 0))


def give(listener: int, call: Notification, value: int) -> None:
    """Has the call return a value; it does not happen."""
    _answer(listener, _REPLY.pack(call.id, value, 0, 0))


def memory(thread: int, address: int, size: int) -> bytes:
    """What lies in a thread's memory."""
    file = os.open(f"/proc/{thread}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(file, size, address)
    finally:
        os.close(file)


def text(thread: int, address: int) -> str:
    """A C string in a thread's memory, without reading beyond the page that it ends in."""
    found = b""
    while len(found) < 4096:
        size = 256 - (address + len(found)) % 256
        found += memory(thread, address + len(found), size)
        if b"\0" in found:
            break
    return found.partition(b"\0")[0].decode(errors="replace")
