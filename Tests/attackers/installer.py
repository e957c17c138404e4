"""signet-installd on a machine whose signetd somebody has taken over."""

import base64
import dataclasses
import datetime
import hashlib
import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from closing import Closing
from machine import PATIENCE, Machine, peak_memory
from scepd import Hierarchy, SCEPServer
from scepd.hierarchy import Holder, certificate, key_usage, name
from scepd.keys import rsa_key
from stranger import Stranger, unprivileged
from varlink_bytes import ask, exchange, frame

SIGNET = 64710
"""The agent's user on this machine."""
INTERFACE = "io.signet.Installer"
HOSTILE = "hostile requests to signet-installd"
"""What is counted."""

Tree = dict[str, tuple[object, ...]]


def pem(holder: Holder) -> bytes:
    """The holder's key as signetd sends it."""
    return holder.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def device(
    hierarchy: Hierarchy,
    *,
    subject: x509.Name | None = None,
    issuer: Holder | tuple[x509.Name, rsa.RSAPrivateKey] | None = None,
    key: rsa.RSAPrivateKey | None = None,
    authority: bool = False,
    usages: tuple[str, ...] = ("digital_signature", "key_encipherment"),
    purposes: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.CLIENT_AUTH,),
    begins: float = -1,
    ends: float = 90,
) -> Holder:
    """This device's certificate as the hierarchy issues it; each argument makes it wrong. Times are days from now."""
    key = key or rsa_key("device")
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=authority, path_length=None), True),
        (key_usage(*usages), True),
    ]
    if purposes:
        extensions.append((x509.ExtendedKeyUsage(purposes), False))
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    issued = certificate(
        name("laptop-7") if subject is None else subject,
        key.public_key(),
        issuer or hierarchy.issuing,
        extensions,
        not_before=now + datetime.timedelta(days=begins),
        not_after=now + datetime.timedelta(days=ends),
    )
    return Holder(issued, key)


@dataclasses.dataclass(frozen=True)
class Publication:
    """What `Publish` takes."""

    profile: str
    generation: Any
    key: bytes
    certificate: bytes
    chain: list[bytes]

    @property
    def parameters(self) -> dict[str, Any]:
        """As they go over the wire."""
        return {
            "profile": self.profile,
            "generation": self.generation,
            "key": base64.b64encode(self.key).decode(),
            "certificate": base64.b64encode(self.certificate).decode(),
            "chain": [base64.b64encode(one).decode() for one in self.chain],
        }

    @property
    def frame(self) -> bytes:
        """The call."""
        return frame(f"{INTERFACE}.Publish", self.parameters)

    def but(self, **changes: Any) -> "Publication":
        """The same with something else in it."""
        return dataclasses.replace(self, **changes)


def identity(holder: Holder, hierarchy: Hierarchy, profile: str = "access", generation: int = 1) -> Publication:
    """What signetd publishes for a certificate that the hierarchy's issuing CA has issued."""
    return Publication(profile, generation, pem(holder), holder.der, [hierarchy.issuing.der])


class TakenOver(Closing):
    """A machine with two profiles, their first identities published, and the attacker, who is user signet.

    A context manager. `sent` counts the requests, frames and connections of the attacker.
    """

    def __init__(self) -> None:
        self.machine = Machine()
        self.machine.programs = [self.machine.program("signet-installd")]
        self.machine.programs[0].owner = (SIGNET, SIGNET)
        self.machine.write("etc/passwd", f"root:x:0:0:root:/root:/bin/sh\nsignet:x:{SIGNET}:{SIGNET}::/:/bin/false\n")
        os.chown(self.machine.root / "var/lib/signet", SIGNET, SIGNET)
        self.hierarchy, self.other = Hierarchy(), Hierarchy(label="other")
        # Nobody asks them: a profile has to name some server.
        self._servers = [SCEPServer(self.hierarchy).start(), SCEPServer(self.other).start()]
        self.machine.write("etc/signet/anchors/other.pem", self.other.root.pem)
        named = {"install_anchors": ["/etc/signet/anchors/other.pem"], "install_chain": None}
        self.machine.profile(self._servers[1], "other", **named)
        self.machine.profile(self._servers[0])
        self.sent = 0
        self.honest = identity(device(self.hierarchy), self.hierarchy)
        self.honest_other = identity(device(self.other), self.other, "other")
        self.machine.start()
        self.attacker = Stranger(unprivileged(SIGNET))
        for publication in (self.honest, self.honest_other):
            self.expect_success(publication.frame)

    @property
    def socket(self) -> Path:
        """Where signet-installd answers."""
        return self.machine.root / "run/signet/install"

    @property
    def pid(self) -> int | None:
        """signet-installd, while it runs."""
        return self.machine.running.pid("signet-installd")

    @property
    def peak(self) -> int:
        """The most memory that it ever had, in KiB."""
        return peak_memory(self.pid)

    def expect_success(self, call: bytes) -> dict[str, Any]:
        """What an honest signetd gets, which comes again where all connections are taken by those who just left."""
        deadline = time.monotonic() + PATIENCE
        reply = None
        while reply is None and time.monotonic() < deadline:
            with self.attacker.connect(self.socket) as connection:
                reply = ask(connection, call)
        assert reply is not None and "error" not in reply, f"{reply}\n{self.machine.logs()}"
        return dict(reply.get("parameters", {}))

    def ask(self, method: str, parameters: dict[str, Any], **flags: bool) -> dict[str, Any] | None:
        """One hostile call, with its reply."""
        return self.send(frame(f"{INTERFACE}.{method}", parameters, **flags))

    def send(self, call: bytes) -> dict[str, Any] | None:
        """The same as bytes."""
        self.sent += 1
        with self.attacker.connect(self.socket) as connection:
            return ask(connection, call)

    def exchange(self, sent: bytes) -> list[dict[str, Any]]:
        """Sends bytes, ends, and gives every reply."""
        self.sent += 1
        with self.attacker.connect(self.socket) as connection:
            return exchange(connection, sent)

    def refusal(self, reply: dict[str, Any] | None) -> str:
        """A refusal's code, or another error's name; `closed` where there is no reply, `done` where it was done."""
        if reply is None:
            return "closed"
        if "error" not in reply:
            return "done"
        if reply["error"] == f"{INTERFACE}.Refused":
            assert reply["parameters"]["text"], "who is refused is told why"
            return str(reply["parameters"]["code"])
        return str(reply["error"]).rpartition(".")[2]

    def expect_well(self) -> None:
        """It answers an honest request as before, never ended but for want of work, and has not written anything."""
        before = self.tree()
        answer = self.expect_success(self.honest.frame)
        assert answer["sha256"] == hashlib.sha256(self.honest.certificate).hexdigest()
        assert self.tree() == before
        exits = self.machine.running.exits["signet-installd"]
        assert set(exits) <= {0}, f"it ended with {exits}\n{self.machine.logs()}"

    def tree(self) -> Tree:
        """Every file below the machine's root but sockets: what it is, whose, since when, and what is in it."""
        found: Tree = {}
        for path in [self.machine.root, *sorted(self.machine.root.rglob("*"))]:
            status = path.lstat()
            if stat.S_ISSOCK(status.st_mode):
                continue
            content: object = status.st_size
            # One that is larger than the machine is not read.
            if stat.S_ISREG(status.st_mode) and status.st_size < 1 << 24:
                content = path.read_bytes()
            elif stat.S_ISLNK(status.st_mode):
                content = path.readlink()
            whose = (status.st_mode, status.st_uid, status.st_gid, status.st_ino, status.st_mtime_ns)
            found[str(path.relative_to(self.machine.root))] = (*whose, content)
        return found

    def wait_end(self) -> None:
        """Until it has ended by itself."""
        self.machine.running.wait_exit(PATIENCE, "signet-installd")

    def close(self) -> None:
        """Ends and removes everything."""
        self.attacker.close()
        self.machine.close()
        for server in self._servers:
            server.stop()
