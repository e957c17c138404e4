"""A SCEP server (RFC 8894) for tests: obedient, odd or hostile, as the test asks.

It judges the client that talks to it, so it is built from `cryptography` and `asn1crypto` alone and shares nothing
with that client. As a library::

    hierarchy = Hierarchy(ra=RAKind.SEPARATE)
    with SCEPServer(hierarchy, Behaviour(cipher=Cipher.AES_256)) as server:
        ...  # point the client at server.url
        server.behaviour.pending = 1
        server.journal.wait_for(lambda seen: seen.issued is not None, timeout=20)
        assert not server.journal.violations

As a command, with an HTTP control endpoint in place of attributes: ``python -m scepd --help``.
"""

from .behaviour import Attack, Behaviour, Challenges, FailureContent, Trouble
from .envelope import Cipher
from .forgery import Answer, Draft, Forgery
from .hierarchy import Hierarchy, RAKind
from .journal import Exchange, Journal
from .server import SCEPServer

__all__ = [
    "Answer",
    "Attack",
    "Behaviour",
    "Challenges",
    "Cipher",
    "Draft",
    "Exchange",
    "FailureContent",
    "Forgery",
    "Hierarchy",
    "Journal",
    "RAKind",
    "SCEPServer",
    "Trouble",
]
