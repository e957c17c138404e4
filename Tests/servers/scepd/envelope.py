"""EnvelopedData (RFC 5652 §6): opens the client's, makes the server's."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from asn1crypto import cms, parser
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from . import names
from .encoding import SEQUENCE, SET, integer, nest, octets, oid, tlv
from .keys import PrivateKey
from .password import Found, unwrap, wrap

try:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
except ImportError:
    from cryptography.hazmat.primitives.ciphers.algorithms import TripleDES


class Cipher(StrEnum):
    """Content encryption, by the names that the journal shows."""

    AES_128 = "aes128-cbc"
    AES_192 = "aes192-cbc"
    AES_256 = "aes256-cbc"
    TRIPLE_DES = "3des-cbc"
    DES = "des-cbc"


_PARAMETERS = {  # object identifier, key bytes, block bytes
    Cipher.AES_128: ("2.16.840.1.101.3.4.1.2", 16, 16),
    Cipher.AES_192: ("2.16.840.1.101.3.4.1.22", 24, 16),
    Cipher.AES_256: ("2.16.840.1.101.3.4.1.42", 32, 16),
    Cipher.TRIPLE_DES: ("1.2.840.113549.3.7", 24, 8),
    Cipher.DES: ("1.3.14.3.2.7", 8, 8),
}
_BY_OID = {parameters[0]: cipher for cipher, parameters in _PARAMETERS.items()}


class Refused(ValueError):
    """A message that the server cannot or will not read."""


def _block_cipher(cipher: Cipher, key: bytes, iv: bytes) -> "BlockCipher[CBC]":
    if cipher is Cipher.DES:
        return BlockCipher(TripleDES(key * 3), CBC(iv))  # K1 = K2 = K3 is single DES
    if cipher is Cipher.TRIPLE_DES:
        return BlockCipher(TripleDES(key), CBC(iv))
    return BlockCipher(AES(key), CBC(iv))


def issuer_and_serial(certificate: x509.Certificate) -> bytes:
    """IssuerAndSerialNumber of a certificate."""
    return nest(SEQUENCE, certificate.issuer.public_bytes(), integer(certificate.serial_number))


def seal(
    content: bytes,
    recipient: x509.Certificate,
    cipher: Cipher,
    *,
    ber: bool = False,
    constructed: bool = False,
    password: str | None = None,
) -> bytes:
    """ContentInfo of EnvelopedData for one recipient: an RSA certificate, or who knows the password.

    `constructed` puts the encrypted content into an OCTET STRING within [0], lengths definite, as Go's servers do.
    """
    algorithm, key_size, block = _PARAMETERS[cipher]
    key, iv = os.urandom(key_size), os.urandom(block)
    padder, encryptor = PKCS7(block * 8).padder(), _block_cipher(cipher, key, iv).encryptor()
    sealed = encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()
    info = _transport(key, recipient) if password is None else wrap(key, password)
    encrypted = nest(
        SEQUENCE,
        oid(names.DATA),
        nest(SEQUENCE, oid(algorithm), octets(iv)),
        tlv(0xA0, octets(sealed)) if constructed else octets(sealed, tag=0xA0 if ber else 0x80, ber=ber),
        ber=ber,
    )
    body = nest(SEQUENCE, integer(0 if password is None else 3), tlv(SET, info), encrypted, ber=ber)
    return nest(SEQUENCE, oid(names.ENVELOPED_DATA), nest(0xA0, body, ber=ber), ber=ber)


def _transport(key: bytes, recipient: x509.Certificate) -> bytes:
    """KeyTransRecipientInfo."""
    public_key = recipient.public_key()
    if not isinstance(public_key, rsa.RSAPublicKey):
        raise Refused("the signer's key is not RSA: a reply cannot be sealed for it")
    return nest(
        SEQUENCE,
        integer(0),
        issuer_and_serial(recipient),
        nest(SEQUENCE, oid(names.RSA_ENCRYPTION), b"\x05\0"),
        octets(public_key.encrypt(key, padding.PKCS1v15())),
    )


@dataclass
class Opened:
    """What an envelope said and held."""

    cipher: Cipher
    recipients: int
    version: str
    key_algorithm: str
    constructed: bool
    """The encrypted content came in pieces, which is not DER."""
    content: bytes
    derivation: Found | None = None
    """How the key came from a password, where it did."""
    holder: x509.Certificate | None = None
    """Whose key opened it, where one did."""


def unseal(data: bytes, holders: list[tuple[x509.Certificate, PrivateKey]], passwords: Iterable[str] = ()) -> Opened:
    """Opens an envelope with whichever holder's key it names, or a password; raises `Refused`."""
    try:
        return _unseal(data, holders, passwords)
    except (ValueError, TypeError, KeyError) as error:
        raise Refused(f"the envelope cannot be opened: {error}") from error


def _unseal(data: bytes, holders: list[tuple[x509.Certificate, PrivateKey]], passwords: Iterable[str]) -> Opened:
    info = cms.ContentInfo.load(data, strict=True)
    if info["content_type"].dotted != names.ENVELOPED_DATA:
        raise Refused(f"enveloped data expected, {info['content_type'].native} found")
    envelope = info["content"]
    recipients = envelope["recipient_infos"]
    content_info = envelope["encrypted_content_info"]
    algorithm = content_info["content_encryption_algorithm"]
    cipher = _BY_OID.get(algorithm["algorithm"].dotted)
    if cipher is None:
        raise Refused(f"content cipher {algorithm['algorithm'].dotted} unknown")
    for recipient in recipients:
        key, found, holder = _unwrapped(recipient, holders, passwords)
        if key is None:
            continue
        sealed, constructed = _encrypted_content(content_info)
        return Opened(
            cipher,
            len(recipients),
            envelope["version"].native,
            recipient.chosen["key_encryption_algorithm"]["algorithm"].dotted,
            constructed,
            _decrypt(cipher, key, algorithm["parameters"].native, sealed),
            found,
            holder,
        )
    raise Refused("no recipient is one of this server's certificates")


def _unwrapped(
    recipient: cms.RecipientInfo, holders: list[tuple[x509.Certificate, PrivateKey]], passwords: Iterable[str]
) -> tuple[bytes | None, Found | None, x509.Certificate | None]:
    """The content key, where it is for one of these, how it came from a password, and whose it is for."""
    if recipient.name == "pwri" and (found := unwrap(recipient.chosen, passwords)):
        return found.key, found, None
    if recipient.name != "ktri" or recipient.chosen["rid"].name != "issuer_and_serial_number":
        raise Refused("a recipient that is not KeyTransRecipientInfo by issuer and serial number")
    named = recipient.chosen["rid"].chosen.dump()
    for certificate, private_key in holders:
        if named == issuer_and_serial(certificate) and isinstance(private_key, rsa.RSAPrivateKey):
            return private_key.decrypt(recipient.chosen["encrypted_key"].native, padding.PKCS1v15()), None, certificate
    return None, None, None


def _encrypted_content(content_info: cms.EncryptedContentInfo) -> tuple[bytes, bool]:
    """The octets of [0], and whether they came constructed, which asn1crypto reads only of indefinite length."""
    rest = content_info.contents
    while rest:
        kind, constructed, tag, header, contents, trailer = parser.parse(rest)
        rest = rest[len(header) + len(contents) + len(trailer) :]
        if (kind, tag) == (2, 0):
            pieces = []
            while constructed and contents:
                _, _, _, inner_header, piece, inner_trailer = parser.parse(contents)
                contents = contents[len(inner_header) + len(piece) + len(inner_trailer) :]
                pieces.append(piece)
            return (b"".join(pieces), True) if constructed else (contents, False)
    raise Refused("no encrypted content")


def _decrypt(cipher: Cipher, key: bytes, iv: bytes, sealed: bytes) -> bytes:
    decryptor = _block_cipher(cipher, key, iv).decryptor()
    unpadder = PKCS7(_PARAMETERS[cipher][2] * 8).unpadder()
    return unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()
