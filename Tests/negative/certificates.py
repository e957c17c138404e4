"""Certificates that no library would make: another one's, with parts exchanged, and signed again by any key."""

import datetime
from typing import Any

from asn1crypto import algos, keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scepd.hierarchy import Holder, certificate, key_usage, name
from scepd.keys import rsa_key

DAY = datetime.timedelta(days=1)
_HASHES: dict[str, hashes.HashAlgorithm] = {"md5": hashes.MD5(), "sha1": hashes.SHA1(), "sha256": hashes.SHA256()}


def remade(original: x509.Certificate, key: Any, digest: str = "sha256", **parts: Any) -> x509.Certificate:
    """The certificate with other parts, by their names in RFC 5280, signed by that key with that digest."""
    assert isinstance(key, rsa.RSAPrivateKey)
    whole = asn1_x509.Certificate.load(original.public_bytes(Encoding.DER))
    body = whole["tbs_certificate"]
    for part, value in parts.items():
        body[part] = value
    how = algos.SignedDigestAlgorithm({"algorithm": f"{digest}_rsa"})
    body["signature"] = whole["signature_algorithm"] = how
    whole["signature_value"] = key.sign(body.dump(force=True), padding.PKCS1v15(), _HASHES[digest])
    return x509.load_der_x509_certificate(whole.dump(force=True))


def valid(original: x509.Certificate, issuer: Holder, begin: datetime.timedelta, end: datetime.timedelta) -> Any:
    """The certificate with another validity, counted from now."""
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    times = {"not_before": now + begin, "not_after": now + end}
    return remade(
        original,
        issuer.key,
        validity={part: asn1_x509.Time({"utc_time": when}) for part, when in times.items()},
    )


def public_key(key: Any) -> keys.PublicKeyInfo:
    """A key as a certificate holds it."""
    return keys.PublicKeyInfo.load(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def rsa_numbers(modulus: int, exponent: int = 65537) -> keys.PublicKeyInfo:
    """An RSA key of these numbers, whether anybody has the other half or not."""
    return keys.PublicKeyInfo.wrap(keys.RSAPublicKey({"modulus": modulus, "public_exponent": exponent}), "rsa")


def registration_authority(
    issuer: Holder, role: str = "RA", usages: tuple[str, ...] = ("digital_signature", "key_encipherment"), **times: Any
) -> Holder:
    """An RA of that CA, with a key of its own."""
    key = rsa_key(f"another {role}")
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.28")]), False),
    ]
    if usages:
        extensions.append((key_usage(*usages), True))
    return Holder(certificate(name(role), key.public_key(), issuer, extensions, **times), key)


def self_signed(subject: x509.Name, *, authority: bool) -> Holder:
    """Somebody of that name who vouches for himself."""
    key = rsa_key("impostor")
    constraints = x509.BasicConstraints(ca=authority, path_length=None)
    usages = ("digital_signature", "key_encipherment", *(("key_cert_sign",) if authority else ()))
    made = certificate(subject, key.public_key(), (subject, key), [(constraints, True), (key_usage(*usages), True)])
    return Holder(made, key)
