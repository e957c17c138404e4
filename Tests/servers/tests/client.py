"""A plain SCEP client to try the server with. It borrows the server's encoder; OpenSSL's commands judge the answers."""

import os
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AttributeOID

from scepd import Cipher, names
from scepd.encoding import SEQUENCE, nest, octets, printable
from scepd.envelope import seal
from scepd.hierarchy import Holder, certificate, key_usage, name
from scepd.keys import rsa_key
from scepd.server import SCEPServer
from scepd.signed import Signer, attribute, sign


class Client:
    """One device: a key, its self-signed certificate, a transaction."""

    def __init__(self, server: SCEPServer, label: str = "client", signer: Holder | None = None) -> None:
        self.server = server
        self.key: rsa.RSAPrivateKey = rsa_key(label)
        self.subject = name("device-1")
        self.transaction = os.urandom(16).hex().upper()
        usage = key_usage("digital_signature", "key_encipherment")
        own = certificate(self.subject, self.key.public_key(), (self.subject, self.key), [(usage, True)])
        self.signer = signer or Holder(own, self.key)

    def csr(self, challenge: str | None) -> bytes:
        """The PKCS#10 request."""
        builder = x509.CertificateSigningRequestBuilder().subject_name(self.subject)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("device-1.example")]), critical=False)
        if challenge is not None:
            builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, challenge.encode())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def send(self, kind: str, content: bytes, cipher: Cipher = Cipher.AES_128) -> tuple[int, bytes, bytes]:
        """Posts one message; status, body and the nonce that was sent."""
        nonce = os.urandom(16)
        attributes = [
            attribute(names.MESSAGE_TYPE, printable(kind)),
            attribute(names.TRANSACTION_ID, printable(self.transaction)),
            attribute(names.SENDER_NONCE, octets(nonce)),
        ]
        signer = Signer(self.signer.certificate, self.signer.key, attributes=attributes)
        sealed = seal(content, self.server.hierarchy.recipient.certificate, cipher)
        message = sign(sealed, [signer], [self.signer.certificate])
        request = urllib.request.Request(
            f"{self.server.url}?operation=PKIOperation",
            message,
            {"Content-Type": "application/x-pki-message"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read(), nonce

    def enroll(self, challenge: str | None = None, kind: str = names.PKCS_REQ) -> bytes:
        """Sends the request; the CertRep."""
        return self.send(kind, self.csr(challenge))[1]

    def poll(self) -> bytes:
        """Sends a CertPoll; the CertRep."""
        issuer = self.server.hierarchy.issuing.certificate.subject.public_bytes()
        return self.send(names.CERT_POLL, nest(SEQUENCE, issuer, self.subject.public_bytes()))[1]

    def open(self, reply: bytes) -> list[x509.Certificate]:
        """Verifies and decrypts a CertRep with the `openssl` command; its certificates."""
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder)
            (here / "reply").write_bytes(reply)
            (here / "signer.pem").write_text(self.server.hierarchy.signer.pem)
            (here / "us.pem").write_text(self.signer.pem)
            pem = self.signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            (here / "key.pem").write_bytes(pem)
            openssl = ["openssl", "cms", "-inform", "DER", "-provider", "legacy", "-provider", "default"]
            steps = (
                "-verify -in reply -out envelope -certfile signer.pem -nointern -noverify -binary",
                "-decrypt -in envelope -out bag -recip us.pem -inkey key.pem -binary",
            )
            for step in steps:
                subprocess.run([*openssl, *step.split()], cwd=here, check=True, capture_output=True, timeout=20)
            listing = ["openssl", "pkcs7", "-inform", "DER", "-in", "bag", "-print_certs"]
            printed = subprocess.run(listing, cwd=here, check=True, capture_output=True, timeout=20).stdout
            return x509.load_pem_x509_certificates(printed)
