"""What every client is handed ready."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.name import _ASN1Type


def private_key() -> rsa.RSAPrivateKey:
    """A fresh key."""
    return rsa.generate_private_key(65537, 2048)


def private_pem(key: rsa.RSAPrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    """PEM in clear: `PKCS8`, or `TraditionalOpenSSL` for clients that read nothing else."""
    return key.private_bytes(Encoding.PEM, form, NoEncryption())


def transaction_certificate(key: rsa.RSAPrivateKey, serial_number: str) -> bytes:
    """What the agent makes together with a key: the certificate that its first request is signed by."""
    parts = [(x509.NameOID.ORGANIZATION_NAME, "Example"), (x509.NameOID.COMMON_NAME, serial_number)]
    # As the agent writes names: PrintableString where the characters allow it.
    name = x509.Name([x509.NameAttribute(kind, text, _ASN1Type.PrintableString) for kind, text in parts])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
    return made.sign(key, SHA256()).public_bytes(Encoding.DER)
