"""What no honest server writes: at each step of an answer's making something else may take its place."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509

from .message import Message
from .signed import Signer


@dataclass
class Draft:
    """A CertRep while it is put together: each part as an honest server writes it, or as it was forged by then."""

    message: Message
    """The request that it answers."""
    certificates: list[x509.Certificate] = field(default_factory=list)
    payload: bytes = b""
    """What the envelope holds: the certificates in a degenerate SignedData."""
    content: bytes | None = None
    """eContent: the envelope."""
    signers: list[Signer] = field(default_factory=list)
    embedded: list[x509.Certificate] = field(default_factory=list)
    whole: bytes = b""

    @property
    def recipient(self) -> x509.Certificate:
        """Whom the envelope is for: who signed the request."""
        return self.message.signer

    @property
    def signer(self) -> Signer:
        """The one who signs."""
        return self.signers[0]

    @property
    def request(self) -> x509.CertificateSigningRequest:
        """The PKCS#10 request of a message that holds one."""
        return x509.load_der_x509_csr(self.message.opened.content if self.message.opened else b"")


@dataclass(frozen=True)
class Answer:
    """An answer as HTTP carries it."""

    status: int
    media_type: str | None
    body: bytes


@dataclass(frozen=True)
class Forgery:
    """One lie. Each step is handed the draft, its own part as an honest server writes it, and gives what is written."""

    certificates: Callable[[Draft], list[x509.Certificate]] | None = None
    payload: Callable[[Draft], bytes] | None = None
    content: Callable[[Draft], bytes | None] | None = None
    signers: Callable[[Draft], list[Signer]] | None = None
    embedded: Callable[[Draft], list[x509.Certificate]] | None = None
    content_type: str | None = None
    """eContentType, if not data."""
    whole: Callable[[Draft], bytes] | None = None
    answers: dict[str, Callable[[Answer], Answer]] = field(default_factory=dict)
    """By operation: what leaves in place of an answer."""

    def put(self, draft: Draft, step: str, value: Any) -> None:
        """Sets a part of the draft to what an honest server writes, or to what is made of it."""
        setattr(draft, step, value)
        forge: Callable[[Draft], Any] | None = getattr(self, step)
        if forge:
            setattr(draft, step, forge(draft))
