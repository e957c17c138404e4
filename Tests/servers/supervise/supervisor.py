"""The socket activator: which program runs when."""

import os
import selectors
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from .child import Child, Program, bind

_RESCAN = 0.25  # seconds between looks at the configuration's folders
_BURST, _BURST_SPAN = 8, 10.0  # starts within seconds, after which a program is left alone, as systemd does
_PATIENCE = 5.0  # seconds between SIGTERM and SIGKILL at the end


class NotReached(TimeoutError):
    """What was waited for did not happen; the text ends with the program's log."""


class Supervisor:
    """Runs programs over the sockets in `root`/run/signet; `state` receives logs and credentials.

    A context manager. Waiting methods have a deadline in seconds and raise `NotReached`.
    """

    def __init__(self, root: Path, state: Path, programs: list[Program]) -> None:
        self.root = root
        self.state = state
        self.programs = {program.name: program for program in programs}
        self.children: dict[str, Child] = {}
        self.starts: dict[str, int] = dict.fromkeys(self.programs, 0)
        self.exits: dict[str, list[int]] = {name: [] for name in self.programs}
        """Exit statuses, oldest first."""
        self.notifications: dict[str, list[str]] = {name: [] for name in self.programs}
        """Lines that programs sent to NOTIFY_SOCKET."""
        self._listeners: dict[str, dict[str, socket.socket]] = {}
        self._notify: dict[str, socket.socket] = {}
        self._recent: dict[str, deque[float]] = {name: deque(maxlen=_BURST) for name in self.programs}
        self._changed = threading.Condition()
        self._wanted: deque[Callable[[], None]] = deque()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._watched: set[str] = set()
        self._ending = False
        self._seen: dict[str, tuple[int, int]] = {}
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    # What tests and the demo ask for.

    def start(self) -> Self:
        """Binds every socket, starts what starts at boot, and goes on in a thread."""
        folder = self.root / "run/signet"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "public").mkdir(exist_ok=True)
        self.state.mkdir(parents=True, exist_ok=True)
        for name, program in self.programs.items():
            self._listeners[name] = {word: bind(folder / word, mode) for word, mode in program.sockets.items()}
            if program.owner:
                for word in program.sockets:
                    os.chown(folder / word, *program.owner)
            notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            path = self.state / f"{name}.notify"
            path.unlink(missing_ok=True)
            notify.bind(str(path))
            path.chmod(0o666)
            notify.setblocking(False)
            self._notify[name] = notify
        self._seen = self._configuration()
        self._thread.start()
        for name, program in self.programs.items():
            if program.at_boot:
                self.tick(name)
        return self

    def stop(self) -> None:
        """Ends every child, SIGTERM first, and closes the sockets."""

        def end() -> None:
            self._ending = True
            for child in self.children.values():
                child.signal(signal.SIGTERM)

        self._ask(end)
        self._thread.join(2 * _PATIENCE)

    def tick(self, name: str = "signetd") -> None:
        """The timer fires: the program starts unless it runs."""
        self._ask(lambda: self._launch(name))

    def pid(self, name: str = "signetd") -> int | None:
        """The running program's process id."""
        with self._changed:
            child = self.children.get(name)
            return child.pid if child else None

    def signal(self, number: signal.Signals, name: str = "signetd") -> None:
        """Sends the running program a signal."""
        with self._changed:
            if name in self.children:
                self.children[name].signal(number)

    def log(self, name: str = "signetd") -> str:
        """Everything that the program wrote to standard output and error."""
        path = self.state / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_ready(self, timeout: float, name: str = "signetd", start: int = 1) -> None:
        """Until the program said READY=1 after its `start`-th start, or a later one."""
        self.wait_for(lambda: "READY=1" in self._since_start(name, start), timeout, "is not ready", name)

    def wait_for(self, condition: Callable[[], bool], timeout: float, otherwise: str, name: str = "signetd") -> None:
        """Until the condition, looked at after everything that happens to a program, holds."""
        with self._changed:
            if not self._changed.wait_for(condition, timeout):
                raise NotReached(f"{name} {otherwise} after {timeout} s; its log:\n{self.log(name)}")

    def wait_exit(self, timeout: float, name: str = "signetd", count: int | None = None) -> int:
        """Until the program has exited `count` times (default: until it does not run); its last exit status."""

        def done() -> bool:
            if count is None:
                return name not in self.children and self.starts[name] > 0
            return len(self.exits[name]) >= count

        self.wait_for(done, timeout, "still runs", name)
        with self._changed:
            return self.exits[name][-1]

    # The thread.

    def _since_start(self, name: str, start: int) -> list[str]:
        lines = self.notifications[name]
        starts = [at for at, line in enumerate(lines) if line.startswith("started ")]
        return lines[starts[-1] :] if len(starts) >= start else []

    def _ask(self, job: Callable[[], None]) -> None:
        self._wanted.append(job)
        self._wake_writer.send(b"!")

    def _run(self) -> None:
        self._selector.register(self._wake_reader, selectors.EVENT_READ, self._do_jobs)
        for name, notify in self._notify.items():
            self._selector.register(notify, selectors.EVENT_READ, lambda name=name: self._read_notification(name))
        self._watch(*self.programs)
        deadline = float("inf")
        while not (self._ending and not self.children):
            for key, _ in self._selector.select(_RESCAN):
                key.data()
            if self._ending:
                deadline = min(deadline, time.monotonic() + _PATIENCE)
                if time.monotonic() >= deadline:
                    for child in self.children.values():
                        child.signal(signal.SIGKILL)
            else:
                self._look_at_configuration()
        self._close()

    def _close(self) -> None:
        self._selector.close()
        listeners = [one for group in self._listeners.values() for one in group.values()]
        for one in (*listeners, *self._notify.values(), self._wake_reader):
            one.close()

    def _do_jobs(self) -> None:
        self._wake_reader.recv(4096)
        while self._wanted:
            self._wanted.popleft()()

    def _watch(self, *names: str) -> None:
        """Connections are watched only while their program does not run: it then accepts them itself."""
        for name in names:
            self._watched.add(name)
            for listener in self._listeners[name].values():
                self._selector.register(listener, selectors.EVENT_READ, lambda name=name: self._launch(name))

    def _launch(self, name: str) -> None:
        if name in self.children or self._ending:
            return
        if name in self._watched:
            self._watched.remove(name)
            for listener in self._listeners[name].values():
                self._selector.unregister(listener)
        recent = self._recent[name]
        if len(recent) == _BURST and time.monotonic() - recent[0] < _BURST_SPAN:
            self._note(name, f"left alone: started {_BURST} times within {_BURST_SPAN:.0f} s")
            return
        recent.append(time.monotonic())
        child = Child(self.programs[name], self._listeners[name], self.state / f"{name}.notify", self.state)
        self._selector.register(child.pidfd, selectors.EVENT_READ, lambda: self._reap(child))
        with self._changed:
            self.children[name] = child
            self.starts[name] += 1
        self._note(name, f"started {child.pid}")

    def _reap(self, child: Child) -> None:
        name = child.program.name
        self._selector.unregister(child.pidfd)
        self._read_notification(name)
        with self._changed:
            status = child.reap()
            del self.children[name]
            self.exits[name].append(status)
        self._note(name, f"exited {status}")
        if not self._ending:
            self._watch(name)

    def _note(self, name: str, line: str) -> None:
        with self._changed:
            self.notifications[name].append(line)
            self._changed.notify_all()

    def _read_notification(self, name: str) -> None:
        while True:
            try:
                message = self._notify[name].recv(65536)
            except BlockingIOError:
                return
            for line in message.decode(errors="replace").splitlines():
                self._note(name, line)

    def _configuration(self) -> dict[str, tuple[int, int]]:
        found = {}
        for folder in ("profiles.d", "anchors", "credentials"):
            path = self.root / "etc/signet" / folder
            for file in path.iterdir() if path.is_dir() else []:
                # What is being written has a hidden name until it is whole.
                if not file.name.startswith("."):
                    status = file.stat()
                    found[str(file)] = (status.st_mtime_ns, status.st_size)
        return found

    def _look_at_configuration(self) -> None:
        try:
            now = self._configuration()
        except FileNotFoundError:
            return  # a file went away in between: the next look sees what is left
        if now != self._seen:
            self._seen = now
            if "signetd" in self.programs:
                self._launch("signetd")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
