"""nginx as a gateway that lets in only those who show the device's certificate, and who asks it."""

import ssl
import tempfile
import urllib.request
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from realservers import Nginx
from scepd import Hierarchy
from scepd.hierarchy import certificate, name
from scepd.keys import rsa_key


def gateway(hierarchy: Hierarchy, folder: Path) -> Nginx:
    """Not started yet. It was given the PKI's root, as a real one would be, and shows a certificate of that PKI."""
    key = rsa_key("gateway")
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    own = certificate(name("gateway"), key.public_key(), hierarchy.issuing, [(names, False)])
    (folder / "gateway.pem").write_text(own.public_bytes(Encoding.PEM).decode() + hierarchy.issuing.pem)
    secret = folder / "gateway.key"
    secret.touch(0o600)
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "clients.pem").write_text(hierarchy.root.pem)
    return Nginx(folder, gateway=(folder / "gateway.pem", secret, folder / "clients.pem"))


def ask(server: Nginx, hierarchy: Hierarchy, published: Path) -> str:
    """What the gateway says to whoever shows combined.pem; raises `ssl.SSLError` or `HTTPError` when refused."""
    context = ssl.create_default_context(cadata=hierarchy.root.pem)
    # Read once: a pair in one file is always one.
    with tempfile.NamedTemporaryFile(prefix="signet-") as copy:
        copy.write((published / "combined.pem").read_bytes())
        copy.flush()
        context.load_cert_chain(copy.name)
    url = server.url.replace("127.0.0.1", "localhost")
    with urllib.request.urlopen(url, timeout=10, context=context) as answer:
        return str(answer.read().decode())
