"""TLS as any host, right or wrong."""

import datetime
import ipaddress
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from scepd import Hierarchy
from scepd.hierarchy import certificate, name
from scepd.keys import rsa_key


def server_files(
    hierarchy: Hierarchy,
    host: str,
    folder: Path,
    not_before: datetime.datetime | None = None,
    not_after: datetime.datetime | None = None,
) -> tuple[Path, Path]:
    """A certificate of that hierarchy for that host with its chain, and its key: two files in the folder."""
    key = rsa_key("tls")
    is_address = host[0].isdigit() or ":" in host
    shown = x509.IPAddress(ipaddress.ip_address(host)) if is_address else x509.DNSName(host)
    names = x509.SubjectAlternativeName([shown])
    own = certificate(
        name(host),
        key.public_key(),
        hierarchy.issuing,
        [(names, False)],
        not_before=not_before,
        not_after=not_after,
    )
    chain, secret = folder / "tls-chain.pem", folder / "tls-key.pem"
    chain.write_text(own.public_bytes(Encoding.PEM).decode() + hierarchy.issuing.pem)
    secret.touch(0o600)
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return chain, secret


def secured(
    hierarchy: Hierarchy,
    host: str,
    not_before: datetime.datetime | None = None,
    not_after: datetime.datetime | None = None,
) -> ssl.SSLContext:
    """TLS as that host, with a certificate of that hierarchy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="signet-tls-") as folder:
        chain, secret = server_files(hierarchy, host, Path(folder), not_before, not_after)
        context.load_cert_chain(chain, secret)
    return context
