"""EnvelopedData in its parts (RFC 5652 §6), right until one of them is changed."""

import os
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from scepd import Draft, names
from scepd.encoding import SEQUENCE, SET, integer, nest, octets, oid, tlv
from scepd.envelope import issuer_and_serial

NULL = b"\x05\0"
AES_128, AES_GCM = "2.16.840.1.101.3.4.1.2", "2.16.840.1.101.3.4.1.6"
RSA_OAEP, MGF1 = "1.2.840.113549.1.1.7", "1.2.840.113549.1.1.8"
AUTHENTICATED, AUTHENTICATED_ENVELOPE = "1.2.840.113549.1.9.16.1.2", "1.2.840.113549.1.9.16.1.23"
ENCRYPTED = "1.2.840.113549.1.7.6"
RSA_PLAIN = nest(SEQUENCE, oid(names.RSA_ENCRYPTION), NULL)


def algorithm(dotted: str, *parameters: bytes) -> bytes:
    """An AlgorithmIdentifier."""
    return nest(SEQUENCE, oid(dotted), *parameters)


def info(kind: str, content: bytes) -> bytes:
    """A ContentInfo."""
    return nest(SEQUENCE, oid(kind), nest(0xA0, content))


def encrypt(algorithm: CipherAlgorithm, mode: CBC, plain: bytes, block: int = 16) -> bytes:
    """Whole blocks of padded content."""
    padder, encryptor = PKCS7(block * 8).padder(), Cipher(algorithm, mode).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def transport(draft: Draft, wrapped: bytes, how: bytes = RSA_PLAIN) -> bytes:
    """KeyTransRecipientInfo for who asked, with a wrapped key."""
    return nest(SEQUENCE, integer(0), issuer_and_serial(draft.recipient), how, octets(wrapped))


def wrap(draft: Draft, key: bytes, how: padding.AsymmetricPadding | None = None) -> bytes:
    """A key that only who asked can unwrap."""
    public = draft.recipient.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    return public.encrypt(key, how or padding.PKCS1v15())


@dataclass
class Envelope:
    """For who sent the request, in AES-128-CBC under RSA. What is given instead stands in its place."""

    draft: Draft
    cipher: bytes
    """The AlgorithmIdentifier."""
    sealed: bytes | None
    key: bytes
    recipients: list[bytes] = field(default_factory=list)
    version: int = 0
    more: bytes = b""
    """What follows the content."""

    @classmethod
    def of(cls, draft: Draft) -> Self:
        """As an honest server makes it."""
        key, iv = os.urandom(16), os.urandom(16)
        sealed = encrypt(AES(key), CBC(iv), draft.payload)
        return cls(draft, algorithm(AES_128, octets(iv)), sealed, key, [transport(draft, wrap(draft, key))])

    def body(self) -> bytes:
        """The EnvelopedData."""
        content = b"" if self.sealed is None else octets(self.sealed, tag=0x80)
        inner = nest(SEQUENCE, oid(names.DATA), self.cipher, content)
        return nest(SEQUENCE, integer(self.version), tlv(SET, b"".join(self.recipients)), inner, self.more)

    def der(self, kind: str = names.ENVELOPED_DATA) -> bytes:
        """The ContentInfo."""
        return info(kind, self.body())
