"""Debian's scepserver (package scep) in a network namespace: it has no option to listen on loopback only."""

import contextlib
import hashlib
import os
import shutil
import ssl
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from . import process

_PORT = 2016


class NamespacesNotPermitted(RuntimeError):
    """This user or machine may not make network namespaces."""


class ScepServer:
    """A fresh CA behind scepserver, reachable from this machine only. A context manager.

    It answers one request at a time: its serial file is not safe otherwise. Replies are in single DES, signed with
    SHA-1; the challenge is wanted on renewal too.
    """

    def __init__(self, challenge: str, days: int = 365) -> None:
        self._challenge = challenge
        self._days = days
        self._folder = Path(tempfile.mkdtemp(prefix="signet-scepserver-"))
        mark = os.urandom(3).hex()
        self._namespace = f"signet-{mark}"
        self._link = f"sg{mark}"
        # 198.18.0.0/15 is for tests of network devices (RFC 2544): nobody's own network.
        block = 4 * int.from_bytes(os.urandom(2), "big") % (1 << 17)
        base = (198 << 24 | 18 << 16) + block
        self._here, self._there = (".".join(str(byte) for byte in (base + at).to_bytes(4, "big")) for at in (1, 2))

    @property
    def url(self) -> str:
        """What a profile names."""
        return f"http://{self._there}:{_PORT}/scep"

    @property
    def ca(self) -> Path:
        """The CA's certificate, PEM."""
        return self._folder / "depot/ca.pem"

    @property
    def fingerprint(self) -> str:
        """The CA's, as a profile pins it."""
        der = ssl.PEM_cert_to_DER_cert(self.ca.read_text())
        return f"sha256:{hashlib.sha256(der).hexdigest()}"

    def start(self) -> Self:
        """Makes the namespace and the CA, starts the server, waits until it listens."""
        try:
            self._enter()
        except BaseException:
            self.stop()
            raise
        return self

    def _enter(self) -> None:
        name, link = self._namespace, self._link
        for step in (
            f"netns add {name}",
            f"link add {link} type veth peer name eth0 netns {name}",
            f"addr add {self._here}/30 dev {link}",
            f"link set {link} up",
            f"-n {name} addr add {self._there}/30 dev eth0",
            f"-n {name} link set eth0 up",
            f"-n {name} link set lo up",
        ):
            done = subprocess.run(["ip", *step.split()], capture_output=True, text=True, timeout=20, check=False)
            if done.returncode != 0:
                raise NamespacesNotPermitted(
                    f"'ip {step}' failed: {done.stderr.strip()}; run as root, on a machine or in a container that may "
                    "make network namespaces (CAP_SYS_ADMIN and CAP_NET_ADMIN)"
                )
        depot, log = self._folder / "depot", self._folder / "log"
        subprocess.run(
            ["scepserver", "ca", "-init", "-depot", depot, "-organization", "Signet Demo", "-keySize", "2048"],
            check=True,
            capture_output=True,
            timeout=60,
        )
        # The challenge goes by environment: arguments can be read by everybody.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "SCEP_CHALLENGE_PASSWORD": self._challenge}
        command = ["ip", "netns", "exec", name, "scepserver", "-port", str(_PORT), "-depot", str(depot)]
        command += ["-allowrenew", "0", "-crtvalid", str(self._days)]
        self._process = process.start(command, log, environment=environment)
        process.wait_listening(self._process, (self._there, _PORT), log)

    def stop(self) -> None:
        """Ends the server, removes namespace, link and folder, whatever of them there is."""
        running = getattr(self, "_process", None)
        if running is not None:
            process.end(running)
        for command in (["link", "del", self._link], ["netns", "del", self._namespace]):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(["ip", *command], capture_output=True, timeout=20, check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
