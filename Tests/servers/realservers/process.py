"""A foreground process that listens on a port: started, waited for, ended."""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path


class NotListening(RuntimeError):
    """The process ended or did not listen in time; the text ends with what it wrote."""


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(command: list[str], log: Path, *, environment: dict[str, str] | None = None) -> "subprocess.Popen[bytes]":
    """Starts it with its output in `log`; it does not outlive the thread that starts it."""
    if shutil.which("setpriv"):
        command = ["setpriv", "--pdeathsig", "TERM", "--", *command]
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, start_new_session=True
        )


def wait_listening(
    process: "subprocess.Popen[bytes]", address: tuple[str, int], log: Path, timeout: float = 15.0
) -> None:
    """Until a connection to `address` is accepted; raises `NotListening`."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            socket.create_connection(address, timeout=1).close()
            return
        except OSError:
            # Its exit is the event to wait for meanwhile: there is none for a port that begins to listen.
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            break
    raise NotListening(f"{process.args!r} does not listen on {address}:\n{log.read_text(errors='replace')}")


def end(process: "subprocess.Popen[bytes]", patience: float = 5.0) -> None:
    """SIGTERM, then SIGKILL, and its status collected."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(patience)
