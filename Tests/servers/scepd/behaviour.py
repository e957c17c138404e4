"""What the server is told to do: every way in which real servers differ, fail or lie."""

import datetime
import threading
from dataclasses import dataclass, field
from enum import StrEnum

from .authority import Validity
from .envelope import Cipher
from .forgery import Forgery


class FailureContent(StrEnum):
    """What a FAILURE or PENDING carries in eContent; RFC 8894 §3.3.2.2 says nothing at all."""

    ABSENT = "absent"
    ONE_BYTE = "one-byte"
    """A zero byte, as NDES sends."""
    EMPTY = "empty"
    """A string of no octets, as EJBCA sends."""
    ENVELOPE = "envelope"
    """A whole envelope, as Dogtag sends."""


class Attack(StrEnum):
    """One lie at a time."""

    FOREIGN_CA = "foreign-ca"
    """GetCACert answers with a CA of the attacker's own."""
    INSIDER_AS_RA = "insider-as-ra"
    """GetCACert passes an enrolled device's certificate off as RA beside the right CA."""
    INSIDER_SIGNS = "insider-signs"
    """CertRep is signed by another enrolled device, its certificate embedded."""
    FOREIGN_SIGNER = "foreign-signer"
    """CertRep is signed by nobody that the CA knows."""
    WRONG_TRANSACTION = "wrong-transaction"
    WRONG_NONCE = "wrong-nonce"
    NO_NONCE = "no-nonce"
    WRONG_MESSAGE_TYPE = "wrong-message-type"
    NO_STATUS = "no-status"
    DUPLICATE_ATTRIBUTE = "duplicate-attribute"
    TWO_SIGNERS = "two-signers"
    NO_ATTRIBUTES = "no-attributes"
    UNSIGNED_ATTRIBUTES = "unsigned-attributes"
    BROKEN_SIGNATURE = "broken-signature"
    TRAILING_BYTES = "trailing-bytes"
    MD5 = "md5"
    OTHER_RECIPIENT = "other-recipient"
    """The envelope is for another key."""
    PLAIN_CONTENT = "plain-content"
    """The certificates come without an envelope."""
    OTHER_KEY = "other-key"
    """The certificate certifies somebody else's key."""
    FOREIGN_ISSUER = "foreign-issuer"
    """Our key, certified by a CA that is not pinned."""
    CA_CERTIFICATE = "ca-certificate"
    """Our key, certified as a CA."""
    SERVER_CERTIFICATE = "server-certificate"
    """Our key, certified for TLS servers only."""
    EXPIRED_CERTIFICATE = "expired-certificate"
    NOT_YET_VALID = "not-yet-valid"
    OLD_CERTIFICATE = "old-certificate"
    """Renewal answers with the certificate that is to be renewed."""
    NO_CERTIFICATE = "no-certificate"
    """SUCCESS with only the CA's certificate in it."""


@dataclass
class Trouble:
    """Something that goes wrong with HTTP, for one sort of request, `times` times (None: always)."""

    kind: str
    """Before the request is processed: `hold` (never answer), `html`, `status`, `empty` (200 without a body),
    `delay` (for `seconds`, or `until` then), `refuse` (the connection closes). After it: `lost` (the connection closes
    without an answer), `cut` (it closes in the middle of one), `truncate` (the answer is complete as far as HTTP knows,
    but shorter)."""
    operation: str = "PKIOperation"
    message_type: str | None = None
    times: int | None = None
    status: int = 503
    retry_after: str | None = None
    text: str = "not now\n"
    cut_at: int = 200
    seconds: float = 1.0
    until: threading.Event | None = None
    """Ends a delay; for tests in the same process."""


@dataclass
class Challenges:
    """Who may enroll. With neither `static` nor `single_use` set, everybody."""

    static: str | None = None
    single_use: list[str] | None = None
    """Each is accepted once; what is left here is unused."""
    on_renewal: bool = False

    def required(self) -> bool:
        """Whether an enrollment needs one."""
        return self.static is not None or self.single_use is not None

    def accept(self, offered: str | None) -> bool:
        """Whether `offered` lets somebody in; uses up a single-use one."""
        if not self.required():
            return True
        if offered is None:
            return False
        if self.single_use is not None and offered in self.single_use:
            self.single_use.remove(offered)
            return True
        return self.static is not None and offered == self.static


@dataclass
class Behaviour:
    """Set before or while the server runs; every request reads it afresh."""

    capabilities: list[str] = field(
        default_factory=lambda: ["AES", "POSTPKIOperation", "Renewal", "SHA-256", "SCEPStandard"]
    )
    capabilities_end: str = "\n"
    bundle: list[str] | None = None
    """GetCACert's certificates in order, of `ra`, `issuing`, `root`, `insider`. None: the CA alone as one DER
    certificate, or RA and issuing CA as a bundle."""
    post: str = "accept"
    """`accept`, an HTTP status, or `empty` (200 without a body)."""
    cipher: Cipher = Cipher.AES_128
    ber: bool = False
    """Indefinite lengths and strings in pieces all through; otherwise DER."""
    constructed: bool = False
    """Only the encrypted content is constructed, of definite length, as Go's servers send it."""
    embed_signer: bool = True
    digest: str = "sha256"
    plain_signature_algorithm: bool = True
    """rsaEncryption in SignerInfo; otherwise sha256WithRSAEncryption and the like."""
    with_chain: bool = False
    """The reply carries the issuing CA's certificate, in front of the issued one."""
    validity: Validity = field(default_factory=Validity)
    challenges: Challenges = field(default_factory=Challenges)
    pending: int = 0
    """So many answers of a transaction are PENDING before its verdict."""
    failure: str | None = None
    """failInfo `0` to `4`, or `absent`: every request is refused with it. None: it is issued."""
    failure_text: str | None = None
    failure_content: FailureContent = FailureContent.ABSENT
    renewal: str = "accept"
    """RenewalReq (17): `accept`, `bad-request` (a FAILURE), or an HTTP status."""
    signed_request: str = "accept"
    """PKCSReq signed with an issued certificate: as `renewal`."""
    clock: datetime.timedelta = field(default_factory=datetime.timedelta)
    """By how much its clock is ahead of this machine's."""
    issues_ahead: bool = True
    """The successor that the hierarchy has opens requests and issues before its day."""
    legacy_requests: bool = False
    """3DES and SHA-1 in requests are no violation."""
    attack: Attack | None = None
    forgery: Forgery | None = None
    """A lie that has no name of its own; for tests in the same process."""
    troubles: list[Trouble] = field(default_factory=list)
