"""Reads a client's pkiMessage and holds it to RFC 8894: what it says, and every rule that it breaks."""

import datetime
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from asn1crypto import cms, core
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from . import names
from .encoding import OCTETS, PRINTABLE, NotDER, check_der
from .envelope import Opened, Refused, issuer_and_serial
from .keys import PublicKey
from .password import ITERATIONS

_DIGESTS = {dotted: name for name, dotted in names.DIGESTS.items()}
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha512": hashes.SHA512,
}
_ONCE = (
    names.CONTENT_TYPE,
    names.MESSAGE_DIGEST,
    names.SIGNING_TIME,
    names.MESSAGE_TYPE,
    names.TRANSACTION_ID,
    names.SENDER_NONCE,
)
Rule = Callable[[bool, str], None]
"""Notes a violation, its text, unless the first argument is true."""

_PRINTABLE_STRING = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]+")


@dataclass
class Message:
    """A pkiMessage whose signature holds."""

    message_type: str
    transaction_id: str
    nonce: bytes
    digest: str
    signer: x509.Certificate
    content: bytes
    violations: list[str] = field(default_factory=list)
    opened: Opened | None = None
    password: str | None = None
    """What the reply is sealed under, where the signer's key cannot be encrypted to."""

    @property
    def signer_is_self_signed(self) -> bool:
        """Whether the signer's certificate names itself as issuer."""
        return self.signer.issuer == self.signer.subject

    @property
    def signer_key(self) -> PublicKey:
        """The signer's key; reading the message saw to it that it is RSA or EC."""
        key = self.signer.public_key()
        if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            raise Refused("the signer's key is neither RSA nor EC")
        return key


def read(data: bytes, *, legacy: bool = False) -> Message:
    """Reads the outer message; raises `Refused` where nothing can be made of it."""
    violations: list[str] = []

    def rule(holds: bool, text: str) -> None:
        if not holds:
            violations.append(text)

    try:
        check_der(data)
    except NotDER as error:
        violations.append(f"the message is not DER: {error}")
    try:
        info = cms.ContentInfo.load(data)
        if info["content_type"].dotted != names.SIGNED_DATA:
            raise Refused("the message is not SignedData")
        signed = info["content"]
        rule(
            signed["encap_content_info"]["content_type"].dotted == names.DATA,
            "eContentType is not data (§3.2)",
        )
        content = bytes(signed["encap_content_info"]["content"].native)
        certificates = [x509.load_der_x509_certificate(one.chosen.dump()) for one in signed["certificates"]]
        signer_infos = list(signed["signer_infos"])
        rule(len(signer_infos) == 1, f"{len(signer_infos)} SignerInfos, one expected")
        signer_info = signer_infos[0]
        attributes = _attributes(signer_info, rule)
    except Refused:
        raise
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise Refused(f"the message cannot be read: {error}") from error

    rule(len(certificates) == 1, f"{len(certificates)} certificates embedded, the signer's alone expected")
    rule(
        signer_info["sid"].name == "issuer_and_serial_number",
        "the signer is not named by issuer and serial number",
    )
    signer = next((one for one in certificates if issuer_and_serial(one) == signer_info["sid"].chosen.dump()), None)
    if signer is None:
        raise Refused("the signer's certificate is not embedded (§2.3)")
    digest = _DIGESTS.get(signer_info["digest_algorithm"]["algorithm"].dotted, "unknown")
    rule(legacy or digest == "sha256", f"digest {digest}, SHA-256 expected (§3.5.2)")
    _verify(signer_info, signer, digest, content, attributes)

    rule(names.RECIPIENT_NONCE not in attributes, "a request carries a recipientNonce")
    rule(len(attributes.get(names.SENDER_NONCE, b"")[2:]) == 16, "senderNonce is not 16 octets (§3.2.1.5)")
    rule(attributes.get(names.SENDER_NONCE, b"\0")[0] == OCTETS, "senderNonce is no OCTET STRING")
    texts = {}
    for kind, title in ((names.MESSAGE_TYPE, "messageType"), (names.TRANSACTION_ID, "transactionID")):
        encoded = attributes.get(kind, b"\0\0")
        texts[kind] = encoded[2:].decode("latin-1")
        rule(encoded[0] == PRINTABLE, f"{title} is no PrintableString (§3.2.1)")
        rule(bool(_PRINTABLE_STRING.fullmatch(texts[kind])), f"{title} is not of PrintableString's alphabet")
    _judge_time(attributes.get(names.SIGNING_TIME), signer, rule)
    message = Message(
        texts[names.MESSAGE_TYPE],
        texts[names.TRANSACTION_ID],
        attributes.get(names.SENDER_NONCE, b"\0\0")[2:],
        digest,
        signer,
        content,
        violations,
    )
    if message.signer_is_self_signed:
        _judge_self_signed(message, rule)
    return message


def _attributes(signer_info: cms.SignerInfo, rule: Rule) -> dict[str, bytes]:
    """The signed attributes' values by type."""
    found: dict[str, bytes] = {}
    encoded = []
    for one in signer_info["signed_attrs"]:
        kind = one["type"].dotted
        encoded.append(one.dump())
        values = [value.dump() for value in one["values"]]
        rule(kind not in found, f"attribute {kind} twice")
        rule(len(values) == 1, f"attribute {kind} has {len(values)} values")
        found[kind] = values[0] if values else b"\0\0"
    rule(encoded == sorted(encoded), "signed attributes are not in DER's order")
    for kind in _ONCE:
        rule(kind in found, f"attribute {kind} is missing")
    rule(not signer_info["unsigned_attrs"], "unsigned attributes")
    return found


def _verify(
    signer_info: cms.SignerInfo,
    signer: x509.Certificate,
    digest: str,
    content: bytes,
    attributes: dict[str, bytes],
) -> None:
    algorithm = _HASHES.get(digest)
    signed, signature = b"\x31" + signer_info["signed_attrs"].dump()[1:], signer_info["signature"].native
    if algorithm is None:
        raise Refused(f"signed with {digest}, which is unknown")
    if not verifies(signer.public_key(), signature, signed, algorithm()):
        raise Refused("the signature does not verify")
    if attributes.get(names.MESSAGE_DIGEST, b"")[2:] != hashlib.new(digest, content).digest():
        raise Refused("messageDigest is not the content's")
    if attributes.get(names.CONTENT_TYPE) != core.ObjectIdentifier(names.DATA).dump():
        raise Refused("the contentType attribute is not data")


def verifies(key: object, signature: bytes, signed: bytes, algorithm: hashes.HashAlgorithm | None) -> bool:
    """Whether the key made the signature, of SHA-1 too, which `cryptography` takes in no certificate or request."""
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm:
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm:
            key.verify(signature, signed, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _judge_time(encoded: bytes | None, signer: x509.Certificate, rule: Rule) -> None:
    if encoded is None:
        return
    when = cms.Time.load(encoded).native
    now = datetime.datetime.now(datetime.UTC)
    rule(abs(now - when) < datetime.timedelta(minutes=5), f"signingTime {when} is not now")
    inside = signer.not_valid_before_utc <= when <= signer.not_valid_after_utc
    rule(inside, "signingTime is outside the signer's validity")


def _judge_self_signed(message: Message, rule: Rule) -> None:
    """RFC 8894 §2.3: the certificate that a client makes for its first request."""
    signer = message.signer
    own = verifies(signer.public_key(), signer.signature, signer.tbs_certificate_bytes, signer.signature_hash_algorithm)
    rule(own and signer.issuer == signer.subject, "the self-signed certificate's signature does not verify")
    if isinstance(signer.public_key(), rsa.RSAPublicKey):
        # Who knows SHA-1 alone can read nothing else.
        digest = signer.signature_hash_algorithm
        rule((digest.name if digest else "") == message.digest, "the self-signed certificate has another digest")
    rule(signer.version is x509.Version.v3, "the self-signed certificate is not v3")
    rule(
        0 < signer.serial_number < 1 << 159,
        "the self-signed certificate's serial number is not positive and short",
    )
    try:
        usage = signer.extensions.get_extension_for_class(x509.KeyUsage)
        rule(usage.critical, "the self-signed certificate's keyUsage is not critical")
        receives = isinstance(message.signer_key, rsa.RSAPublicKey)
        fit = usage.value.digital_signature and (usage.value.key_encipherment == receives)
        rule(fit, "the self-signed certificate's keyUsage lacks digitalSignature or keyEncipherment (§2.3)")
        rule(not usage.value.key_cert_sign, "the self-signed certificate may sign certificates")
    except x509.ExtensionNotFound:
        rule(False, "the self-signed certificate has no keyUsage (§2.3)")
    try:
        constraints = signer.extensions.get_extension_for_class(x509.BasicConstraints).value
        rule(not constraints.ca, "the self-signed certificate is a CA")
    except x509.ExtensionNotFound:
        pass


def _judge_recipient(opened: Opened) -> list[tuple[bool, str]]:
    if opened.derivation is None:
        return [
            (opened.version == "v0", f"EnvelopedData {opened.version}, v0 expected"),
            (opened.key_algorithm == names.RSA_ENCRYPTION, f"key transport {opened.key_algorithm}"),
        ]
    return [
        (opened.version == "v3", f"EnvelopedData {opened.version}, v3 expected with a password (RFC 5652 §6.1)"),
        (opened.key_algorithm == names.PWRI_KEK, f"key wrap {opened.key_algorithm}"),
        (opened.derivation.prf == "sha256", f"PBKDF2 with {opened.derivation.prf}"),
        (opened.derivation.iterations >= ITERATIONS, f"{opened.derivation.iterations} iterations of PBKDF2 only"),
    ]


def judge_envelope(message: Message, opened: Opened, *, legacy: bool) -> None:
    """Adds what the envelope breaks."""
    message.opened = opened
    rules = (
        (opened.recipients == 1, f"{opened.recipients} recipients, one expected"),
        (not opened.constructed, "encryptedContent is constructed, a primitive string expected"),
        *_judge_recipient(opened),
        (legacy or opened.cipher == "aes128-cbc", f"cipher {opened.cipher}, aes128-cbc expected (§3.5.2)"),
    )
    message.violations += [text for holds, text in rules if not holds]
    for what, data in (("envelope", message.content), ("enveloped content", opened.content)):
        try:
            check_der(data)
        except NotDER as error:
            message.violations.append(f"the {what} is not DER: {error}")
