"""Starts one program the way that systemd starts a service, and ends it."""

import fcntl
import os
import shutil
import signal
import socket
from dataclasses import dataclass, field
from pathlib import Path

_FIRST_PASSED = 3
# LISTEN_PID must name the program's own process, which is only known once it runs: the shell says it and becomes it.
_SAY_PID = ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"]


@dataclass
class Program:
    """What to start, and when."""

    name: str
    arguments: list[str]
    sockets: dict[str, int]
    """Name and mode of each socket in ROOT/run/signet that it is handed."""
    at_boot: bool = False
    credentials: Path | None = None
    """A folder whose files it gets as credentials `signet_FILE`."""
    environment: dict[str, str] = field(default_factory=dict)
    owner: tuple[int, int] | None = None
    """User and group of the sockets; otherwise the caller's."""
    wrap: list[str] = field(default_factory=list)
    """A command that does something to itself and then becomes its arguments: `setpriv …`, `unshare -m …`."""


def bind(path: Path, mode: int) -> socket.socket:
    """A listening socket at `path` with that mode."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    listener.bind(str(path))
    path.chmod(mode)
    listener.listen(128)
    listener.setblocking(False)
    return listener


def hand_out_credentials(source: Path, target: Path) -> None:
    """Copies the folder's files to `signet_FILE`, readable by their owner only, as systemd does at every start."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True, mode=0o755)
    for file in sorted(source.iterdir()) if source.is_dir() else []:
        copy = target / f"signet_{file.name}"
        copy.touch(mode=0o400)
        copy.write_bytes(file.read_bytes())
        copy.chmod(0o444)  # whichever user the program runs as; the folder's parent keeps others out


class Child:
    """A running program. The supervisor's thread starts it and learns of its end through `pidfd`."""

    def __init__(self, program: Program, listeners: dict[str, socket.socket], notify: Path, state: Path) -> None:
        self.program = program
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "LISTEN_FDS": str(len(listeners)),
            "LISTEN_FDNAMES": ":".join(listeners),
            "NOTIFY_SOCKET": str(notify),
            **program.environment,
        }
        if program.credentials:
            handed = state / "credentials" / program.name
            hand_out_credentials(program.credentials, handed)
            environment["CREDENTIALS_DIRECTORY"] = str(handed)
        log = os.open(state / f"{program.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        # Above everything that they are copied onto, so that no copy overwrites a source.
        high = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD_CLOEXEC, 100) for one in listeners.values()]
        copies = [(null, 0), (log, 1), (log, 2), *((one, _FIRST_PASSED + at) for at, one in enumerate(high))]
        dies_with_us = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
        command = [*_SAY_PID, *dies_with_us, *program.wrap, *program.arguments]
        try:
            self.pid = os.posix_spawn(
                command[0],
                command,
                environment,
                file_actions=[(os.POSIX_SPAWN_DUP2, source, target) for source, target in copies],
                setsigmask=[],
                setsigdef=[signal.SIGPIPE, signal.SIGTERM, signal.SIGINT, signal.SIGHUP],
            )
        finally:
            for descriptor in (log, null, *high):
                os.close(descriptor)
        self.pidfd = os.pidfd_open(self.pid)
        self.status: int | None = None
        """Exit status once it ended: as `subprocess` has it, negative for a signal."""

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal, if it still runs. By pidfd: never to another process that came to have its id."""
        if self.status is None:
            signal.pidfd_send_signal(self.pidfd, number)

    def reap(self) -> int:
        """Collects its status; call once `pidfd` is readable."""
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        os.close(self.pidfd)
        return self.status
