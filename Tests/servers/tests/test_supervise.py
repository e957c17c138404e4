"""The supervisor starts programs as systemd would; a small program in Python stands for Signet's."""

import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervise import Program, Supervisor

# Says READY, answers each connection with its environment, exits when told "exit", and never on "stay".
_PROGRAM = r"""
import os, socket
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.connect(os.environ["NOTIFY_SOCKET"])
notify.send(b"READY=1\nSTATUS=listening")
assert os.environ["LISTEN_PID"] == str(os.getpid()), "LISTEN_PID is not ours"
listener = socket.socket(fileno=3)
listener.setblocking(True)
print("up", flush=True)
while True:
    client, _ = listener.accept()
    word = client.recv(100)
    secret = open(os.environ["CREDENTIALS_DIRECTORY"] + "/signet_word").read()
    client.sendall(f"{os.environ['LISTEN_FDS']} {os.environ['LISTEN_FDNAMES']} {secret}".encode())
    client.close()
    if word == b"exit":
        raise SystemExit(7)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="signet-") as name:
        yield Path(name)


def programs(folder: Path, at_boot: bool) -> list[Program]:
    credentials = folder / "root/etc/signet/credentials"
    credentials.mkdir(parents=True)
    (credentials / "word").write_text("hush")
    (folder / "program.py").write_text(_PROGRAM)
    arguments = [sys.executable, str(folder / "program.py")]
    return [Program("signetd", arguments, {"control": 0o666, "admin": 0o660}, at_boot, credentials)]


def talk(folder: Path, word: bytes) -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(folder / "root/run/signet/control"))
        client.sendall(word)
        return client.recv(1000).decode()


def test_starts_on_connection_and_again_after_an_exit(folder: Path) -> None:
    with Supervisor(folder / "root", folder / "state", programs(folder, at_boot=False)) as supervisor:
        assert supervisor.pid() is None
        assert talk(folder, b"stay") == "2 control:admin hush"
        supervisor.wait_ready(10)
        assert talk(folder, b"exit") == "2 control:admin hush"
        assert supervisor.wait_exit(10, count=1) == 7
        assert talk(folder, b"stay") == "2 control:admin hush"
        assert supervisor.starts["signetd"] == 2
        assert supervisor.log() == "up\nup\n"
        assert (folder / "root/run/signet/admin").stat().st_mode & 0o777 == 0o660
    assert supervisor.exits["signetd"] == [7, -signal.SIGTERM]


def test_starts_at_boot_at_a_tick_and_when_a_profile_changes(folder: Path) -> None:
    with Supervisor(folder / "root", folder / "state", programs(folder, at_boot=True)) as supervisor:
        supervisor.wait_ready(10)
        talk(folder, b"exit")
        supervisor.wait_exit(10, count=1)
        supervisor.tick()
        supervisor.wait_ready(10, start=2)
        talk(folder, b"exit")
        supervisor.wait_exit(10, count=2)
        (folder / "root/etc/signet/credentials/other").write_text("new")
        supervisor.wait_ready(10, start=3)
        assert supervisor.starts["signetd"] == 3


def test_a_program_that_never_accepts_is_left_alone(folder: Path) -> None:
    broken = Program("signetd", ["/bin/false"], {"control": 0o666})
    with Supervisor(folder / "root", folder / "state", [broken]) as supervisor:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(folder / "root/run/signet/control"))
            said = supervisor.notifications["signetd"]
            supervisor.wait_for(lambda: any("left alone" in line for line in said), 20, "goes on")
        assert supervisor.exits["signetd"] == [1] * 8
