"""PasswordRecipientInfo (RFC 5652 §6.2.4): a content key for who knows a password, wrapped as RFC 3211 has it."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from asn1crypto import algos, cms
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from . import names
from .encoding import SEQUENCE, integer, nest, octets, oid

ITERATIONS = 100_000
_BLOCK = 16
_CHECKED = 3
"""Bytes of the key that the check value repeats, inverted."""
_PRFS: dict[str, type[hashes.HashAlgorithm]] = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha512": hashes.SHA512}


@dataclass
class Found:
    """A content key, and what it cost to come by it."""

    key: bytes
    iterations: int
    prf: str


def derive(password: str, salt: bytes, iterations: int, size: int, prf: str = "sha256") -> bytes:
    """PBKDF2 (RFC 8018 §5.2)."""
    return PBKDF2HMAC(_PRFS[prf](), size, salt, iterations).derive(password.encode())


def wrap(key: bytes, password: str, *, iterations: int = ITERATIONS, claimed: int | None = None) -> bytes:
    """The recipient, whole. `claimed` iterations are written in place of the true ones."""
    salt, iv = os.urandom(16), os.urandom(_BLOCK)
    padded = bytes([len(key)]) + bytes(0xFF ^ one for one in key[:_CHECKED]) + key
    padded += os.urandom(max(2 * _BLOCK - len(padded), -len(padded) % _BLOCK))
    encryptor = Cipher(AES(derive(password, salt, iterations, 16)), CBC(iv)).encryptor()
    wrapped = encryptor.update(encryptor.update(padded))
    prf = nest(SEQUENCE, oid(names.HMAC_SHA256), b"\x05\0")
    parameters = nest(SEQUENCE, octets(salt), integer(claimed if claimed is not None else iterations), prf)
    return nest(
        0xA3,
        integer(0),
        nest(0xA0, oid(names.PBKDF2), parameters),
        nest(SEQUENCE, oid(names.PWRI_KEK), nest(SEQUENCE, oid("2.16.840.1.101.3.4.1.2"), octets(iv))),
        octets(wrapped),
    )


def unwrap(recipient: cms.PasswordRecipientInfo, passwords: Iterable[str]) -> Found | None:
    """The content key, with whichever password fits; None where none does."""
    derivation = recipient["key_derivation_algorithm"]["parameters"]
    salt, iterations = derivation["salt"].chosen.native, derivation["iteration_count"].native
    prf = derivation["prf"]["algorithm"].native
    cipher = algos.EncryptionAlgorithm.load(recipient["key_encryption_algorithm"]["parameters"].dump())
    iv, wrapped = cipher["parameters"].native, recipient["encrypted_key"].native
    for password in passwords:
        aes = AES(derive(password, salt, iterations, cipher.key_length, prf))

        def decrypt(vector: bytes, blocks: bytes, aes: AES = aes) -> bytes:
            return Cipher(aes, CBC(vector)).decryptor().update(blocks)

        last = decrypt(wrapped[-2 * _BLOCK : -_BLOCK], wrapped[-_BLOCK:])
        padded = decrypt(iv, decrypt(last, wrapped))
        key = padded[4 : 4 + padded[0]]
        if len(key) == padded[0] and padded[1:4] == bytes(0xFF ^ one for one in key[:_CHECKED]):
            return Found(key, iterations, prf)
    return None
