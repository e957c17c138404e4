"""`signetd` as a whole process, from its start to its end: one that enrolls, and one that finds nothing due."""

import contextlib
import os
import shutil
from pathlib import Path

from story import Machine
from supervise.child import hand_out_credentials
from supervise.supervisor import Supervisor
from supervise.units import signet

from .machine import PROFILE, check_key, place_key, prepare
from .processes import PATIENCE, Process, Run, until
from .servers import Target

LINGER = 1e3
"""Milliseconds that each stays idle before it ends; no shorter `idle-exit` is allowed."""


class WholeAgent:
    """A machine where the agent is started for each measurement, and only the installer waits for it. A context
    manager."""

    def __init__(self, scratch: Path, name: str, binaries: Path, target: Target) -> None:
        self.machine = Machine(scratch, name, binaries)
        programs = signet(self.machine.root, binaries)
        self.machine.supervisor = Supervisor(
            self.machine.root, scratch / f"{name}.state", [one for one in programs if one.name != "signetd"]
        )
        self._command = [str(binaries / "signetd"), "--root", str(self.machine.root)]
        self._log = scratch / f"{name}.signetd"
        credentials = scratch / f"{name}.credentials"
        prepare(self.machine, target, "1s")
        hand_out_credentials(self.machine.root / "etc/signet/credentials", credentials)
        self._environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "CREDENTIALS_DIRECTORY": str(credentials)}

    def enroll(self) -> Run:
        """A machine that has only a key: wall time until its certificate is published, and the rest until the end."""
        shutil.rmtree(self.machine.root / "var/lib/signet", ignore_errors=True)
        shutil.rmtree(self.machine.root / "etc/ssl/signet", ignore_errors=True)
        shutil.rmtree(self.machine.root / "run/signet/public", ignore_errors=True)
        key = place_key(self.machine)
        published = self.machine.root / f"etc/ssl/signet/{PROFILE}/current/cert.pem"
        with Process(self._command, self._log, self._environment) as process:
            there = until(published.exists, "publication")
            whole = process.end()
        check_key(self.machine, 1, key)
        return Run((there - process.begin) * 1e3, whole.processor, whole.peak)

    def tick(self) -> Run:
        """Nothing is due: from the start to the end, without the time that it stays for callers."""
        with Process(self._command, self._log, self._environment) as process:
            whole = process.end()
        return Run(whole.wall - LINGER, whole.processor, whole.peak)

    def left(self) -> list[int]:
        """Signet's processes on the machine, once the installer has ended, too."""
        self.machine.supervisor.wait_exit(PATIENCE, "signet-installd")
        root = os.fsencode(self.machine.root)
        found = []
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if root in process.read_bytes().split(b"\0"):
                    found.append(int(process.parent.name))
        return found

    def __enter__(self) -> "WholeAgent":
        self.machine.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.machine.__exit__()
