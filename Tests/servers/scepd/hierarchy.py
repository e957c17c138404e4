"""The certificates behind a server: a root, an issuing CA below it, RA certificates, and the attackers' own."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from . import names
from .keys import PrivateKey, PublicKey, ec_key, rsa_key

_DAY = datetime.timedelta(days=1)


class RAKind(StrEnum):
    """Who opens requests and signs replies."""

    NONE = "none"
    """The issuing CA itself."""
    ONE = "one"
    """One RA certificate for both."""
    SEPARATE = "separate"
    """One RA certificate signs, another one decrypts."""


@dataclass(frozen=True)
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def der(self) -> bytes:
        """The certificate's DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> str:
        """The certificate's PEM."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def fingerprint(self) -> str:
        """`sha256:HEX`, as profiles write it."""
        return "sha256:" + self.certificate.fingerprint(hashes.SHA256()).hex()


def name(common_name: str) -> x509.Name:
    """A subject under the tests' organization."""
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Signet Tests")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def key_usage(*usages: str) -> x509.KeyUsage:
    """A KeyUsage extension with the named bits."""
    bits = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign"
        " crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**{bit: bit in usages for bit in bits.split()})


def encipherment(key: PrivateKey | PublicKey) -> list[str]:
    """The key usage that an RSA key has beside signing."""
    return ["key_encipherment"] if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey) else []


def certificate(
    subject: x509.Name,
    public_key: PublicKey,
    issuer: Holder | tuple[x509.Name, PrivateKey],
    extensions: list[tuple[x509.ExtensionType, bool]],
    *,
    not_before: datetime.datetime | None = None,
    not_after: datetime.datetime | None = None,
) -> x509.Certificate:
    """Issues one certificate; the issuer is a holder, or a name and key for one that signs itself."""
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    issuer_name, issuer_key = (issuer.certificate.subject, issuer.key) if isinstance(issuer, Holder) else issuer
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before or now - _DAY)
        .not_valid_after(not_after or now + 365 * _DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def distribution_point(url: str) -> x509.CRLDistributionPoints:
    """Where the CRL lies."""
    return x509.CRLDistributionPoints([x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)])


class Hierarchy:
    """Fresh certificates on the process's cached keys.

    `crl_url` is the folder's URL: leaves name `issuing.crl` in it, the issuing CA `root.crl`. `elliptic` gives EC keys
    to the CAs and to an RA that only signs, as step-ca has it; an RA that opens requests has an RSA key always.
    """

    def __init__(
        self, ra: RAKind = RAKind.NONE, crl_url: str | None = None, label: str = "pki", *, elliptic: bool = False
    ) -> None:
        self.ra = RAKind(ra)
        self.crl_url = crl_url.rstrip("/") if crl_url else None
        self._key: Callable[[str], PrivateKey] = ec_key if elliptic else rsa_key
        root_key, issuing_key = self._key(f"{label}-root"), self._key(f"{label}-issuing")
        authority = [
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (key_usage("digital_signature", "key_cert_sign", "crl_sign"), True),
        ]
        root_name = name(f"{label} root {x509.random_serial_number() % 1_000_000}")
        self.root = Holder(certificate(root_name, root_key.public_key(), (root_name, root_key), authority), root_key)
        issuing: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (key_usage("digital_signature", *encipherment(issuing_key), "key_cert_sign", "crl_sign"), True),
        ]
        if self.crl_url:
            issuing.append((distribution_point(f"{self.crl_url}/root.crl"), False))
        self.issuing = Holder(
            certificate(name(f"{label} issuing CA"), issuing_key.public_key(), self.root, issuing),
            issuing_key,
        )
        self.successor: Holder | None = None
        """The issuing CA that takes over, once it is announced."""
        both = ("digital_signature", "key_encipherment")
        usages = {
            RAKind.NONE: (both, both),
            RAKind.ONE: (both, both),
            RAKind.SEPARATE: (("digital_signature",), ("key_encipherment",)),
        }[self.ra]
        self.signer = self.recipient = self.issuing
        if self.ra is RAKind.ONE:
            self.signer = self.recipient = self._registration_authority(label, "RA", usages[0])
        elif self.ra is RAKind.SEPARATE:
            self.signer = self._registration_authority(label, "RA signing", usages[0])
            self.recipient = self._registration_authority(label, "RA encryption", usages[1])

    def _registration_authority(self, label: str, role: str, usages: tuple[str, ...]) -> Holder:
        key = rsa_key(f"{label}-{role}") if "key_encipherment" in usages else self._key(f"{label}-{role}")
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (key_usage(*usages), True),
            (x509.ExtendedKeyUsage([x509.ObjectIdentifier(names.RA_EKU)]), False),
        ]
        return Holder(certificate(name(f"{label} {role}"), key.public_key(), self.issuing, extensions), key)

    def device(self, common_name: str = "another device") -> Holder:
        """An honestly enrolled device of the same CA: what an insider holds."""
        key = rsa_key("insider")
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (key_usage("digital_signature", "key_encipherment"), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        ]
        return Holder(certificate(name(common_name), key.public_key(), self.issuing, extensions), key)

    def registration_authorities(self) -> list[Holder]:
        """The RA certificates, signing one first; none where the CA does it itself."""
        return {
            RAKind.NONE: [],
            RAKind.ONE: [self.signer],
            RAKind.SEPARATE: [self.signer, self.recipient],
        }[self.ra]

    def write(self, folder: Path) -> None:
        """Writes root.pem, issuing.pem, chain.pem (issuing, then root) and each RA's certificate; no key."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "root.pem").write_text(self.root.pem)
        (folder / "issuing.pem").write_text(self.issuing.pem)
        (folder / "chain.pem").write_text(self.issuing.pem + self.root.pem)
        for number, holder in enumerate(self.registration_authorities(), start=1):
            (folder / f"ra-{number}.pem").write_text(holder.pem)
