"""SignedData (RFC 5652 §5) as the server writes it: CertRep, and the degenerate kind that only carries certificates."""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from . import names
from .encoding import SEQUENCE, SET, integer, nest, octets, oid, set_of, tlv
from .envelope import issuer_and_serial
from .keys import PrivateKey

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
    "sha512": hashes.SHA512(),
}


def attribute(kind: str, *values: bytes) -> bytes:
    """An Attribute with its values."""
    return nest(SEQUENCE, oid(kind), set_of(values))


def degenerate(certificates: Sequence[x509.Certificate], *, ber: bool = False) -> bytes:
    """SignedData without signers: a bag of certificates (RFC 8894 §3.4)."""
    bag = tlv(0xA0, b"".join(one.public_bytes(Encoding.DER) for one in certificates))
    content = nest(SEQUENCE, oid(names.DATA), ber=ber)
    body = nest(SEQUENCE, integer(1), tlv(SET, b""), content, bag, tlv(SET, b""), ber=ber)
    return nest(SEQUENCE, oid(names.SIGNED_DATA), nest(0xA0, body, ber=ber), ber=ber)


@dataclass
class Signer:
    """Who signs, and how."""

    certificate: x509.Certificate
    key: PrivateKey
    digest: str = "sha256"
    plain_algorithm: bool = True
    """signatureAlgorithm is rsaEncryption; otherwise, and for an EC key, the one that names the digest too."""
    attributes: list[bytes] = field(default_factory=list)
    with_attributes: bool = True
    """False leaves signed attributes out altogether, which SCEP forbids."""
    unsigned: list[bytes] = field(default_factory=list)
    broken: bool = False
    """One bit of the signature is wrong."""
    content_type: bytes = field(default_factory=lambda: oid(names.DATA))
    """The value of the attribute contentType."""
    in_order: bool = True
    """False writes the attributes against DER's order, and signs them so."""

    def info(self, content: bytes) -> bytes:
        """The SignerInfo over `content`."""
        digest_algorithm = nest(SEQUENCE, oid(names.DIGESTS[self.digest]), b"\x05\0")
        signed = content
        parts = [integer(1), issuer_and_serial(self.certificate), digest_algorithm]
        if self.with_attributes:
            now = datetime.datetime.now(datetime.UTC).strftime("%y%m%d%H%M%SZ")
            attributes = [
                attribute(names.CONTENT_TYPE, self.content_type),
                attribute(names.SIGNING_TIME, tlv(0x17, now.encode())),
                attribute(names.MESSAGE_DIGEST, octets(hashlib.new(self.digest, content).digest())),
                *self.attributes,
            ]
            signed = set_of(attributes) if self.in_order else tlv(SET, b"".join(sorted(attributes, reverse=True)))
            parts.append(b"\xa0" + signed[1:])
        if isinstance(self.key, rsa.RSAPrivateKey):
            kind = names.RSA_ENCRYPTION if self.plain_algorithm else names.SIGNATURES[self.digest]
            algorithm = nest(SEQUENCE, oid(kind), b"\x05\0")
            signature = self.key.sign(signed, padding.PKCS1v15(), _HASHES[self.digest])
        else:
            algorithm = nest(SEQUENCE, oid(names.ECDSA_SIGNATURES[self.digest]))
            signature = self.key.sign(signed, ec.ECDSA(_HASHES[self.digest]))
        if self.broken:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        parts += [algorithm, octets(signature)]
        if self.unsigned:
            parts.append(set_of(self.unsigned, tag=0xA1))
        return nest(SEQUENCE, *parts)


def sign(
    content: bytes | None,
    signers: Sequence[Signer],
    embedded: Sequence[x509.Certificate] = (),
    *,
    ber: bool = False,
    content_type: str = names.DATA,
) -> bytes:
    """ContentInfo of SignedData. `content` None leaves eContent out, as FAILURE and PENDING do."""
    content_parts = [oid(content_type)]
    if content is not None:
        content_parts.append(nest(0xA0, octets(content, ber=ber), ber=ber))
    algorithms = {nest(SEQUENCE, oid(names.DIGESTS[one.digest]), b"\x05\0") for one in signers}
    parts = [integer(1), set_of(algorithms), nest(SEQUENCE, *content_parts, ber=ber)]
    if embedded:
        parts.append(nest(0xA0, *(one.public_bytes(Encoding.DER) for one in embedded), ber=ber))
    parts.append(nest(SET, *(one.info(content or b"") for one in signers), ber=ber))
    body = nest(SEQUENCE, *parts, ber=ber)
    return nest(SEQUENCE, oid(names.SIGNED_DATA), nest(0xA0, body, ber=ber), ber=ber)
