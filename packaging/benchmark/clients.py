"""Peers that are one command for each certificate: micromdm's scepclient, and strongSwan's `pki --scep`."""

import shutil
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.serialization import PrivateFormat

from .keys import private_key, private_pem
from .processes import NotMeasured, Process, Run
from .servers import CHALLENGE, Target

_LIMIT = 20.0
"""Seconds after which a command is given up: some of them wait for ever."""


def _run(command: list[str], log: Path) -> Run:
    with Process(command, log) as process:
        return process.end(_LIMIT)


class ScepClient:
    """scepclient, in a fresh folder with the key ready."""

    name = "scepclient"

    def __init__(self, scratch: Path, target: Target) -> None:
        self._scratch = scratch
        self._target = target

    def enroll(self, renewals: int = 0) -> Run:
        """One enrollment, and so many renewals after it, which are not measured."""
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        key, certificate, log = folder / "key.pem", folder / "client.pem", folder / "log"
        key.write_bytes(private_pem(private_key(), PrivateFormat.TraditionalOpenSSL))
        ready = key.read_bytes()
        command = ["scepclient", "-server-url", self._target.url, "-challenge", CHALLENGE, "-private-key", str(key)]
        command += ["-certificate", str(certificate), "-cn", "SN-BENCH", "-organization", "Example"]
        command += ["-ca-fingerprint", self._target.fingerprint.removeprefix("sha256:")]
        ran = _run(command, log)
        if key.read_bytes() != ready or b"BEGIN CERTIFICATE" not in certificate.read_bytes():
            raise NotMeasured(f"it did not enroll with its key:\n{log.read_text()}")
        for _ in range(renewals):
            _run(command, log)
        shutil.rmtree(folder)
        return ran


class StrongSwan:
    """strongSwan's `pki --scep`, the key and the CA's certificate ready.

    Of what a server can do it reads the wrong bits, so that it takes a server for one that knows AES never, Triple DES
    where it says AES, and SHA-256 where it says Triple DES.
    """

    name = "strongSwan pki"

    def __init__(self, scratch: Path, target: Target) -> None:
        self._scratch = scratch
        self._target = target

    def enroll(self, renewals: int = 0) -> Run:
        """One enrollment, and so many renewals after it, which are not measured."""
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        key = folder / "key.pem"
        key.write_bytes(private_pem(private_key(), PrivateFormat.TraditionalOpenSSL))
        ran = self._request(folder, key, "certificate.pem")
        for _ in range(renewals):
            new = folder / "new.pem"
            new.write_bytes(private_pem(private_key(), PrivateFormat.TraditionalOpenSSL))
            old = ["--cert", str(folder / "certificate.pem"), "--key", str(key)]
            self._request(folder, new, "renewed.pem", *old)
        shutil.rmtree(folder)
        return ran

    def _request(self, folder: Path, key: Path, output: str, *more: str) -> Run:
        command = ["pki", "--scep", "--url", self._target.url, "--in", str(key), "--dn", "O=Example, CN=SN-BENCH"]
        command += ["--password", CHALLENGE, "--cipher", "des3", "--outform", "pem"]
        command += ["--cacert-enc", str(self._target.issuing), "--cacert-sig", str(self._target.issuing)]
        command += ["--cacert", str(self._target.root), *more]
        # Its log and the certificate are one stream.
        ran = _run(command, folder / output)
        text = (folder / output).read_text()
        begin = text.find("-----BEGIN CERTIFICATE-----")
        if begin < 0:
            raise NotMeasured(f"it did not enroll:\n{text}")
        (folder / output).write_text(
            text[begin : text.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n"
        )
        return ran
