"""certmonger with a D-Bus daemon of its own: nothing of this machine's is asked, written or started."""

import re
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from realservers import process

from .keys import private_key, private_pem
from .processes import PATIENCE, NotMeasured, Process, Run, memory, run, settled, until
from .servers import CHALLENGE, Target

_LIMIT = 20.0
"""Seconds after which a request is given up: where certmonger cannot go on, it waits for a person, or for days."""
_CA = "Bench"
# Without folders of services: a bus would start the packaged certmonger, on the user's own files.
_BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Certmonger:
    """A running certmonger that knows one CA. A context manager."""

    name = "certmonger"

    def __init__(self, scratch: Path, target: Target) -> None:
        self._folder = Path(tempfile.mkdtemp(dir=scratch, prefix="certmonger-"))
        self._target = target
        self._requests = 0
        self._running = ExitStack()
        self._bus = 0
        self._daemon: Process | None = None
        """Started with the first request."""
        socket = self._folder / "bus"
        self._environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self._folder),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={socket}",
        }
        (self._folder / "bus.conf").write_text(_BUS.format(socket=socket))
        for name in ("CONFIG", "REQUESTS", "CAS", "LOCAL_CA", "TMP"):
            own = self._folder / name.lower()
            own.mkdir(mode=0o700)
            self._environment[f"CERTMONGER_{name}{'DIR' if name == 'TMP' else '_DIR'}"] = str(own)
        (self._folder / "challenge").write_text(CHALLENGE)

    def __enter__(self) -> "Certmonger":
        return self

    def _start(self) -> None:
        command = ["dbus-daemon", f"--config-file={self._folder / 'bus.conf'}", "--nofork", "--nopidfile"]
        bus = process.start(command, self._folder / "bus.log", environment=self._environment)
        self._running.callback(process.end, bus)
        self._bus = bus.pid
        until((self._folder / "bus").is_socket, "dbus-daemon's start")
        daemon = Process(["certmonger", "-s", "-n"], self._folder / "log", self._environment)
        self._daemon = self._running.enter_context(daemon)
        until(lambda: self._getcert("list-cas").returncode == 0, "certmonger's start")
        issuing, chain = str(self._target.issuing), str(self._target.chain)
        ca = ["-c", _CA, "-u", self._target.url, "-r", issuing, "-N", issuing, "-I", chain]
        added = self._getcert("add-scep-ca", *ca)
        if added.returncode != 0:
            raise NotMeasured(f"it does not take the CA:\n{added.stdout}")
        self._settled()  # it makes a CA of its own, and asks the one that it was told of

    def _getcert(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = ["getcert", arguments[0], "-s", *arguments[1:]]
        return subprocess.run(
            command,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    @property
    def _pid(self) -> int:
        if self._daemon is None:
            raise NotMeasured("it was not started")
        return self._daemon.pid

    def _settled(self) -> float:
        """Milliseconds of processor time of daemon, helpers and bus since their starts, once they rest."""
        return settled(self._pid) + settled(self._bus)

    def enroll(self, renewals: int = 0) -> Run:
        """From the start of `getcert request`, a key ready, until the certificate lies on the disk."""
        if self._daemon is None:
            self._start()
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        key, certificate = folder / "key.pem", folder / "cert.pem"
        key.write_bytes(private_pem(private_key()))
        ready = key.read_bytes()
        self._requests += 1
        name = f"bench-{self._requests}"
        before = self._settled()
        command = ["getcert", "request", "-s", "-c", _CA, "-I", name, "-k", str(key), "-f", str(certificate)]
        command += ["-N", "CN=SN-BENCH,O=Example", "-l", str(self._folder / "challenge")]
        with Process(command, folder / "log", self._environment) as client:
            try:
                there = until(lambda: certificate.exists() and certificate.stat().st_size > 0, "a certificate", _LIMIT)
            except NotMeasured as error:
                raise NotMeasured(self._state(name)) from error
            asked = client.end()
        used = asked.processor + self._settled() - before
        if key.read_bytes() != ready:
            raise NotMeasured("it did not use its key")
        for _ in range(renewals):
            certificate.rename(folder / "old.pem")
            self._getcert("resubmit", "-i", name)
            until(lambda: certificate.exists() and certificate.stat().st_size > 0, "a renewal", _LIMIT)
            self._settled()
        run(["getcert", "stop-tracking", "-s", "-i", name], folder / "log", self._environment)
        shutil.rmtree(folder)
        return Run((there - client.begin) * 1e3, used, memory(self._pid)["VmHWM"])

    def _state(self, name: str) -> str:
        listed = self._getcert("list", "-i", name).stdout
        said = re.findall(r"^\s*(?:status|ca-error): (.*)$", listed, re.MULTILINE)
        return "; ".join(said) or "no certificate"

    def idle(self) -> tuple[float, float]:
        """Memory when nothing is to be done, MB: the daemon's, and its bus's."""
        self._settled()
        return memory(self._pid)["VmRSS"], memory(self._bus)["VmRSS"]

    def __exit__(self, *_: object) -> None:
        self._running.close()
