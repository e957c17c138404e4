"""A machine in a folder: what signetd, signet-installd and signetctl are told to take for / with `--root`."""

import datetime
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import secrecy
from agent import AgentClient
from scepd import SCEPServer
from supervise import Program, Supervisor, signet

BINARIES = Path(os.environ.get("SIGNET_BIN", Path(__file__).parents[2] / ".build/release")).resolve()
SERIAL = "SN-4711"
MACHINE_ID = "0123456789abcdef0123456789abcdef"
NOBODY = 65534
GROUP, GROUP_ID = "signet-clients", 4711
PATIENCE = 40.0
"""Seconds within which anything must have happened; the agent itself waits 30 for an HTTP answer."""

Status = dict[str, Any]


class Machine:
    """One root folder, its supervisor, and how to look at it. `close` ends and removes everything, and raises where a
    challenge or a key lay where it does not belong: so every test that uses a machine is one of its secrets, too."""

    def __init__(self, parent: Path | None = None) -> None:
        # Not in pytest's folder: its long names do not fit into a socket's address.
        self.folder = Path(tempfile.mkdtemp(prefix="signet-", dir=parent))
        self.folder.chmod(0o755)
        self.root = self.folder / "root"
        self.state = self.folder / "supervisor"
        for name in ("profiles.d", "anchors", "credentials"):
            (self.root / "etc/signet" / name).mkdir(parents=True)
        (self.root / "etc/signet/credentials").chmod(0o700)
        for name in ("var/lib/signet", "etc/ssl/signet", "run/signet/public", "sys/class/dmi/id", "usr/lib"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.root / "var/lib/signet").chmod(0o700)
        self.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        self.write("etc/group", f"root:x:0:\n{GROUP}:x:{GROUP_ID}:\n")
        self.write("etc/hostname", "laptop-7\n")
        self.write("etc/hosts", "127.0.0.1 localhost\n127.0.1.1 laptop-7.example.com laptop-7\n")
        self.write("etc/machine-id", f"{MACHINE_ID}\n")
        self.write("etc/os-release", 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
        self.write("sys/class/dmi/id/product_serial", f"{SERIAL}\n", 0o400)
        self.programs = signet(self.root, BINARIES)
        self.supervisor: Supervisor | None = None
        self.challenges: set[str] = set()
        """All that it was ever given."""

    def copy(self) -> "Machine":
        """Another machine with everything that this one, which is shut down, has on its disk."""
        other = Machine(self.folder.parent)
        other.challenges |= self.challenges
        shutil.rmtree(other.root)
        subprocess.run(["cp", "--archive", self.root, other.root], check=True, timeout=60)
        return other

    # What root writes.

    def write(self, path: str, text: str, mode: int = 0o644) -> Path:
        """Writes a file below the root."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_text(text)
        fresh.chmod(mode)
        fresh.replace(file)
        return file

    def challenge(self, text: str, name: str = "scep-challenge") -> None:
        """Puts a challenge in place as a credential."""
        self.challenges.add(text)
        self.write(f"etc/signet/credentials/{name}", text, 0o600)

    def reports_to(self, endpoint: str, **more: Any) -> None:
        """Has the machine report to an endpoint with a certificate of the PKI whose root is an anchor."""
        settings = {"endpoint": endpoint, "ca": "/etc/signet/anchors/root.pem", **more}
        self.write("etc/signet/signet.toml", f"[management]\n{_lines(settings)}")

    def profile(self, server: SCEPServer, name: str = "access", **changes: Any) -> None:
        """Writes a profile for the server: its issuing CA pinned, its root an anchor.

        A change is `section_key=value`, `_` standing for `-` in the key; None takes the key out.
        """
        self.write("etc/signet/anchors/root.pem", server.hierarchy.root.pem)
        self.write("etc/signet/anchors/issuing.pem", server.hierarchy.issuing.pem)
        sections: dict[str, dict[str, Any]] = {
            "scep": {
                "url": server.url,
                "ca-fingerprint": [server.fingerprint],
                "challenge": {"credential": "scep-challenge"} if server.behaviour.challenges.required() else None,
            },
            "subject": {"name": "CN=${hostname},O=Signet Tests", "alternative-names": ["DNS:${hostname}.example.com"]},
            "install": {
                "anchors": ["/etc/signet/anchors/root.pem"],
                "chain": ["/etc/signet/anchors/issuing.pem"],
                "group": GROUP,
            },
            "device-tag": {"require-revocation-check": False},
        }
        for key, value in changes.items():
            section, _, word = key.partition("_")
            section, word = ("device-tag", word.partition("_")[2]) if section == "device" else (section, word)
            sections.setdefault(section, {})[word.replace("_", "-")] = value
        text = "".join(f"[{section}]\n{_lines(values)}\n" for section, values in sections.items())
        self.write(f"etc/signet/profiles.d/{name}.toml", text)

    # Running.

    def start(self) -> Supervisor:
        """Boots: the supervisor starts signetd."""
        for program in self.programs:
            if not Path(program.arguments[0]).exists():
                raise FileNotFoundError(
                    f"{program.arguments[0]} is not there: build it with 'swift build -c release "
                    "--static-swift-stdlib', or set SIGNET_BIN to the folder that has it"
                )
        self.supervisor = Supervisor(self.root, self.state, self.programs).start()
        return self.supervisor

    def unprivileged(self) -> Path:
        """Before `start`: has signetd run as another user, as on a real machine; its state folder."""
        program = self.program("signetd")
        binary = self.folder / "signetd"
        binary.write_bytes(Path(program.arguments[0]).read_bytes())
        binary.chmod(0o755)
        program.arguments[0] = str(binary)
        program.wrap = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
        self.write("etc/passwd", f"root:x:0:0:root:/root:/bin/sh\nsignet:x:{NOBODY}:{NOBODY}::/:/usr/sbin/nologin\n")
        self.program("signet-installd").owner = (NOBODY, NOBODY)
        state = self.root / "var/lib/signet"
        for folder in (self.root / "run/signet/public", state):
            os.chown(folder, NOBODY, NOBODY)
        self.state.mkdir()
        self.state.chmod(0o755)
        return state

    @property
    def running(self) -> Supervisor:
        """The supervisor; an error before `start`."""
        if self.supervisor is None:
            raise RuntimeError("the machine was not started")
        return self.supervisor

    def stop(self) -> None:
        """Shuts down; the folder stays as it is, to be started again."""
        if self.supervisor is not None:
            self.supervisor.stop()
            self.supervisor = None

    def close(self) -> None:
        """Shuts down, looks for secrets that lie about, and removes the folder."""
        self.stop()
        try:
            astray = secrecy.misplaced(self.root, self.state, self.challenges)
        finally:
            shutil.rmtree(self.folder)
        if astray:
            raise AssertionError("secrets lay about:\n" + "\n".join(astray))

    def program(self, name: str) -> Program:
        """One of the programs, to change how it is started."""
        return next(one for one in self.programs if one.name == name)

    def control(self) -> AgentClient:
        """A client on the socket that reads."""
        return AgentClient(self.root / "run/signet/control")

    def admin(self) -> AgentClient:
        """A client on the socket that does everything."""
        return AgentClient(self.root / "run/signet/admin")

    def ctl(self, *arguments: str, timeout: float = PATIENCE) -> "subprocess.CompletedProcess[str]":
        """Runs signetctl over this root."""
        command = [str(BINARIES / "signetctl"), *arguments, "--root", str(self.root)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)

    # Looking.

    def wait_for(self, condition: Callable[[Status], Any], name: str = "access", timeout: float = PATIENCE) -> Status:
        """The profile's status once the condition holds for it, learned from GetStatus with `more`."""
        return self.wait_for_all([name], condition, timeout)[name]

    def wait_for_all(
        self, names: Iterable[str], condition: Callable[[Status], Any], timeout: float = PATIENCE
    ) -> dict[str, Status]:
        """The status of each of these profiles, as it was when the condition first held for it."""
        found: dict[str, Status] = {}
        left = set(names)
        last: dict[str, Status] = {}
        try:
            with self.control() as client:
                for status in client.changes(timeout):
                    last = {one["name"]: one for one in status["profiles"] if one["name"] in left}
                    found |= {name: one for name, one in last.items() if condition(one)}
                    left -= found.keys()
                    if not left:
                        return found
        except TimeoutError as error:
            raise TimeoutError(f"still {json.dumps(last, indent=1)}\n{self.logs()}") from error
        raise ConnectionError(f"the agent ended the stream at {json.dumps(last, indent=1)}\n{self.logs()}")

    def wait_enrolled(self, name: str = "access", generation: int = 1, timeout: float = PATIENCE) -> Status:
        """The profile's status once that generation is published and judged valid."""
        return self.wait_for(
            lambda profile: (
                profile["state"] == "active"
                and profile.get("published") == generation
                and profile["tag"]["value"] == "valid-client-certificate"
            ),
            name,
            timeout,
        )

    def wait_problem(self, code: str, name: str = "access", timeout: float = PATIENCE) -> Status:
        """The problem of that code once the profile has it."""
        profile = self.wait_for(lambda one: code in problem_codes(one), name, timeout)
        return next(one for one in profile["problems"] if one["code"] == code)

    def status(self) -> Status:
        """The status file, read as fleet tooling would."""
        found = json.loads((self.root / "run/signet/public/status.json").read_text())
        assert isinstance(found, dict)
        return found

    def published(self, name: str = "access") -> Path:
        """The folder of the published identity."""
        return self.root / "etc/ssl/signet" / name / "current"

    def logs(self) -> str:
        """What the programs wrote."""
        return "\n".join(f"{file.name}:\n{file.read_text(errors='replace')}" for file in self.state.glob("*.log"))

    def belongings(self) -> dict[str, bytes]:
        """Every published file and every file of a generation: what must survive whatever goes wrong."""
        folders = (self.root / "etc/ssl/signet", *self.root.glob("var/lib/signet/profiles/*/generations"))
        return {
            str(file.relative_to(self.root)): file.read_bytes()
            for folder in folders
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        }

    def memory(self) -> int:
        """The most that signetd had resident so far, in KiB."""
        return peak_memory(self.running.pid("signetd"))

    def anchors(self) -> dict[str, bytes]:
        """What the machine was told to trust."""
        folder = self.root / "usr/local/share/ca-certificates"
        return {str(file.relative_to(self.root)): file.read_bytes() for file in sorted(folder.glob("*"))}


def peak_memory(pid: int | None) -> int:
    """The most that a process had resident so far, in KiB; an error where none runs."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def moment(text: str) -> float:
    """A time of the status, as seconds."""
    return datetime.datetime.fromisoformat(text).timestamp()


def problem_codes(profile: Status) -> set[str]:
    """The codes of a profile's problems."""
    return {problem["code"] for problem in profile["problems"]}


def _lines(values: dict[str, Any]) -> str:
    return "".join(f"{key} = {_toml(value)}\n" for key, value in values.items() if value is not None)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return json.dumps(value)  # strings, numbers and booleans are written alike
