"""A machine that has Signet: its programs, its status, and what it published."""

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from container import PATIENCE, Container

Status = dict[str, Any]


class Device(Container):
    """A container with the package; what is asked here is asked as fleet tooling and users do."""

    def programs(self) -> list[str]:
        """The Signet programs that run."""
        found = []
        for number in self.processes():
            with contextlib.suppress(OSError):
                name = Path(f"/proc/{number}/comm").read_text().strip()
                if name.startswith("signet"):
                    found.append(name)
        return found

    def confinement(self, program: str) -> list[str]:
        """What AppArmor holds each running process of a program to, "NAME (MODE)"."""
        found = []
        for number in self.processes():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{number}/comm").read_text().strip() == program:
                    found.append(Path(f"/proc/{number}/attr/current").read_text().strip("\n\0"))
        return found

    def wait_idle(self, program: str = "signetd", timeout: float = PATIENCE) -> None:
        """Until the program's service has come to rest and no process of it is left."""
        self.wait_for(
            lambda: self.show(f"{program}.service", "ActiveState") == ["inactive"] and program not in self.programs(),
            timeout,
            f"{program} still runs",
        )

    # What it says.

    def signetctl(self, *arguments: str, user: str = "root", check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Runs signetctl as a user."""
        return self.run("signetctl", *arguments, user=user, check=check, timeout=90)

    def tag(self, user: str = "root") -> str:
        """The device tag, as a user asks for it."""
        profiles = json.loads(self.signetctl("status", "--json", user=user).stdout)["profiles"]
        return str(profiles[0]["tag"]["value"])

    def status(self) -> Status:
        """The status file, read as fleet tooling would: it starts nothing."""
        return dict(json.loads((self.inside / "run/signet/public/status.json").read_text()))

    def profile(self, name: str = "access") -> Status:
        """What the status file says of a profile; empty where there is no file or no such profile yet."""
        try:
            profiles: Iterable[Status] = self.status()["profiles"]
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return next((one for one in profiles if one["name"] == name), {})

    def wait_profile(
        self, condition: Callable[[Status], Any], name: str = "access", timeout: float = PATIENCE
    ) -> Status:
        """The profile's status once the condition holds, from the status file."""

        def look() -> Status | None:
            found = self.profile(name)
            return found if found and condition(found) else None

        return self.wait_for(look, timeout, f"profile {name} is not as wanted")

    def wait_enrolled(self, name: str = "access", generation: int = 1, timeout: float = PATIENCE) -> Status:
        """The profile's status once that generation is published and judged valid."""
        return self.wait_profile(
            lambda one: (
                one["state"] == "active"
                and one.get("published") == generation
                and one["tag"]["value"] == "valid-client-certificate"
            ),
            name,
            timeout,
        )

    def published(self, name: str = "access") -> Path:
        """The folder of the published identity."""
        return self.root / "etc/ssl/signet" / name / "current"

    def belongings(self) -> dict[str, bytes]:
        """Every published file, every generation and anchor: what a reboot must not change."""
        folders = ("etc/ssl/signet", "var/lib/signet/profiles", "usr/local/share/ca-certificates")
        return {
            str(file.relative_to(self.root)): file.read_bytes()
            for folder in folders
            for file in sorted((self.root / folder).rglob("*"))
            if file.is_file()
        }
