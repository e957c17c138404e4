"""A machine with a real systemd: a container that is booted from a copy of the root, looked into with nsenter(1)."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import world
from looking import Found, until

PATIENCE = 40.0
"""Seconds within which anything must have happened; the agent itself waits 30 for an HTTP answer."""

ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}


class Container:
    """One machine. Files can be written before it is booted and while it runs; `close` ends and removes everything."""

    def __init__(self, lower: list[Path], hostname: str = "laptop-7") -> None:
        self.hostname = hostname
        self.layers = world.Layers(Path(tempfile.mkdtemp(prefix="signet-system-")), lower)
        self.root = self.layers.root
        self.console = self.layers.folder / "console"
        self._groups = world.ControlGroups(self.layers.folder.name)
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._init: int | None = None
        self.write("etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {hostname}.example.com {hostname}\n")
        self.write("etc/hostname", f"{hostname}\n")

    # Files.

    def write(self, path: str, text: str | bytes, mode: int = 0o644) -> Path:
        """Replaces a file as a careful admin does: under another name, then renamed."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_bytes(text.encode() if isinstance(text, str) else text)
        fresh.chmod(mode)
        fresh.replace(file)
        return file

    def drop_in(self, unit: str, text: str) -> None:
        """Changes a unit; a machine that runs needs `systemctl daemon-reload` afterwards."""
        self.write(f"etc/systemd/system/{unit}.d/test.conf", text)

    # Running.

    def boot(self) -> None:
        """Boots and waits until systemd has started everything."""
        # The machine's hardware is this one's; /run and /tmp are new at each boot, as they are there.
        command = self._groups.command(
            # As a Debian 12 boots, also where this machine's control groups are of the old kind.
            *("env", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1"),
            # If this process dies, systemd-nspawn shuts the machine down.
            *("setpriv", "--pdeathsig", "TERM", "--", "systemd-nspawn", "--quiet", "--boot"),
            *("--register=no", "--keep-unit", "--settings=no", "--link-journal=no", "--resolv-conf=off"),
            *("--timezone=off", f"--hostname={self.hostname}", f"--machine=signet-{os.urandom(4).hex()}"),
            *(f"--network-namespace-path={world.network()}", f"--directory={self.root}"),
        )
        with self.console.open("ab") as console:
            self._nspawn = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True
            )
        self._init = self.wait_for(self._find_init, what="the container has no init")
        self.wait_for(lambda: self.state() in ("running", "degraded"), what="the boot does not end")

    def _find_init(self) -> int | None:
        """The process that is number 1 inside, a child of systemd-nspawn."""
        nspawn = self._running()
        for child in Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children").read_text().split():
            try:
                status = Path(f"/proc/{child}/status").read_text()
            except FileNotFoundError:
                continue
            numbers = next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:"))
            if len(numbers) == 2 and numbers[1] == "1":
                return int(child)
        return None

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._nspawn is None or self._nspawn.poll() is not None:
            raise RuntimeError(f"the container does not run:\n{self.console.read_text(errors='replace')}")
        return self._nspawn

    @property
    def init(self) -> int:
        """The number of its init, from outside."""
        if self._init is None:
            raise RuntimeError("the container was not booted")
        return self._init

    @property
    def inside(self) -> Path:
        """Its files as it sees them itself, /run and /proc included."""
        return Path(f"/proc/{self.init}/root")

    def state(self) -> str:
        """systemd's word for the whole: starting, running, degraded …"""
        return self.run("systemctl", "is-system-running", check=False).stdout.strip()

    def shut_down(self) -> None:
        """In an orderly way, as before a reboot; the files stay as they are."""
        nspawn = self._running()
        # systemd-nspawn turns it into the signal that asks a systemd to power off.
        nspawn.send_signal(signal.SIGTERM)
        nspawn.wait(PATIENCE)
        self._nspawn = self._init = None

    def reboot(self) -> None:
        """Shuts down and boots."""
        self.shut_down()
        self.boot()

    def close(self) -> None:
        """Ends every process in it at once, and removes its files."""
        if self._nspawn is not None:
            if self._nspawn.poll() is None:
                # With number 1 every process goes; then systemd-nspawn ends by itself.
                init = self._init or self._find_init()
                if init is None:
                    self._nspawn.kill()
                else:
                    os.kill(init, signal.SIGKILL)
            self._nspawn.wait(PATIENCE)
        self._groups.remove()
        self.layers.remove()

    # Commands.

    def command(self, *arguments: str, user: str = "root") -> list[str]:
        """What runs a command inside, as a user with all of that user's groups."""
        entry = ["nsenter", "--target", str(self.init), "--all", "--", "env", "-i"]
        entry += [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        if user != "root":
            entry += ["runuser", f"--user={user}", "--"]
        return [*entry, *arguments]

    def run(
        self,
        *arguments: str,
        user: str = "root",
        check: bool = True,
        input: str | None = None,
        timeout: float = PATIENCE,
    ) -> "subprocess.CompletedProcess[str]":
        """Runs a command inside; with `check`, a failure fails the test with what it wrote."""
        done = subprocess.run(
            self.command(*arguments, user=user),
            capture_output=True,
            text=True,
            input=input,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}{self.log()}")
        return done

    def wait_for(self, condition: Callable[[], Found | None], timeout: float = PATIENCE, what: str = "") -> Found:
        """What the condition gives once it is true. There is no event to wait for in another machine."""
        return until(condition, timeout, lambda: f"{what}\n{self.log()}")

    def log(self) -> str:
        """The end of the console and of the journal."""
        console = self.console.read_text(errors="replace")[-2000:] if self.console.exists() else ""
        if self._init is None or not self.inside.exists():
            return console
        done = subprocess.run(
            self.command("journalctl", "--no-pager", "--lines=80", "--output=short-precise"),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return f"{console}\n{done.stdout}{done.stderr}"

    # systemd.

    def show(self, unit: str, *properties: str) -> list[str]:
        """Properties of a unit."""
        given = dict(
            line.split("=", 1)
            for line in self.run("systemctl", "show", f"--property={','.join(properties)}", unit).stdout.splitlines()
        )
        return [given.get(one, "") for one in properties]

    def journal(self, *matches: str) -> list[dict[str, Any]]:
        """Entries of the journal, oldest first."""
        lines = self.run("journalctl", "--no-pager", "--all", "--output=json", *matches).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def process(self, name: str) -> int | None:
        """A service's main process, from outside; none if it does not run."""
        (text,) = self.show(f"{name}.service", "MainPID")
        return next((outside for outside, inside in self.processes().items() if str(inside) == text), None)

    def processes(self) -> dict[int, int]:
        """Every process inside: its number outside and inside."""
        space = Path(f"/proc/{self.init}/ns/pid").readlink()
        found = {}
        for folder in Path("/proc").iterdir():
            # One that ends meanwhile is no process any more.
            with contextlib.suppress(OSError):
                if folder.name.isdigit() and (folder / "ns/pid").readlink() == space:
                    lines = (folder / "status").read_text().splitlines()
                    number = next(line.split()[-1] for line in lines if line.startswith("NSpid:"))
                    found[int(folder.name)] = int(number)
        return found
