"""Whom to enroll with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scepd.hierarchy import Hierarchy, RAKind
from scepd.server import SCEPServer

CHALLENGE = "correct horse battery staple"
"""What each server asks for."""


@dataclass(frozen=True)
class Target:
    """The server that clients enroll with."""

    name: str
    url: str
    fingerprint: str
    """The issuing CA's, `sha256:HEX`."""
    issuing: Path
    """The issuing CA's certificate, PEM, which opens requests and signs replies."""
    root: Path
    """The certificate that its chain ends in, PEM; a CA without a root above it is its own."""
    chain: Path
    """Both, PEM."""


@contextmanager
def tests_server(folder: Path) -> Iterator[tuple[SCEPServer, Target]]:
    """The tests' server, which counts. It says that it knows Triple DES and SHA-1, too, or some peers would not ask."""
    hierarchy = Hierarchy(RAKind.NONE)
    hierarchy.write(folder)
    with SCEPServer(hierarchy) as server:
        server.behaviour.challenges.static = CHALLENGE
        server.behaviour.legacy_requests = True
        server.behaviour.capabilities += ["DES3", "SHA-1"]
        yield (
            server,
            Target(
                "tests",
                server.url,
                server.fingerprint,
                *(folder / f"{name}.pem" for name in ("issuing", "root", "chain")),
            ),
        )
