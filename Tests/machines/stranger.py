"""Another user of the machine, as a process that connects to local sockets and hands the connections over.

The kernel judges that process, and notes its user and number for whoever listens.
"""

import os
import socket
import subprocess
from pathlib import Path

from closing import Closing

_PATIENCE = 40.0
_PYTHON = "/usr/bin/python3"
"""The system's own: any user may run it, and any Debian has it."""

# connect(2) waits while the listener's queue is full, up to the socket's own deadline, or not at all.
_PROGRAM = """
import os, socket, struct, sys
channel = socket.socket(fileno=int(sys.argv[1]))
while order := channel.recv(4096):
    wait, path = order[:1], order[1:].decode()
    one = socket.socket(socket.AF_UNIX)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack('ll', 30, 0))
    one.setblocking(wait == b'w')
    try:
        one.connect(path)
    except OSError as error:
        channel.send(str(error.errno).encode())
    else:
        socket.send_fds(channel, [b'connected'], [one.fileno()])
    one.close()
"""


class Stranger(Closing):
    """A process of that user. A context manager: it ends with it; the connections are the caller's to close."""

    def __init__(self, become: list[str]) -> None:
        """`become` is what runs a command as the user, such as `unprivileged(uid)`."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [*become, _PYTHON, "-I", "-c", _PROGRAM, str(theirs.fileno())]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
        ours.settimeout(_PATIENCE)
        self._channel = ours

    @property
    def pid(self) -> int:
        """The number that listeners see, where `become` becomes the command itself."""
        return self._process.pid

    def connect(self, path: Path | str) -> socket.socket:
        """A connection that this user made, waited for; raises the `OSError` that it got, such as `PermissionError`."""
        connected = self._connect(path, b"w")
        connected.settimeout(_PATIENCE)
        return connected

    def try_to_connect(self, path: Path | str) -> socket.socket | None:
        """The same without waiting; None where the listener's queue is full."""
        try:
            return self._connect(path, b"n")
        except BlockingIOError:
            return None

    def _connect(self, path: Path | str, how: bytes) -> socket.socket:
        self._channel.send(how + str(path).encode())
        answer, descriptors, _, _ = socket.recv_fds(self._channel, 64, 1)
        if descriptors:
            return socket.socket(fileno=descriptors[0])
        if not answer:
            raise RuntimeError(f"the process of the other user ended with {self._process.wait(_PATIENCE)}")
        raise OSError(int(answer), os.strerror(int(answer)), str(path))

    def close(self) -> None:
        """Ends the process."""
        self._channel.close()
        self._process.wait(_PATIENCE)


def unprivileged(uid: int) -> list[str]:
    """What runs a command as a user without any privilege, and ends it with this process."""
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--pdeathsig", "KILL", "--"]
