"""The issuing CA at work: issues device certificates, revokes them, writes CRLs."""

import datetime
import threading
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from .hierarchy import Hierarchy, Holder, certificate, distribution_point, encipherment, key_usage
from .keys import PublicKey


@dataclass
class Validity:
    """How long an issued certificate lasts, around the moment of issue."""

    before: datetime.timedelta = datetime.timedelta(minutes=5)
    after: datetime.timedelta = datetime.timedelta(days=90)

    def bounds(self) -> tuple[datetime.datetime, datetime.datetime]:
        """notBefore and notAfter of a certificate that is issued now."""
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        return now - self.before, now + self.after


class Authority:
    """Issues from a hierarchy and remembers what it issued. Safe to use from several threads."""

    def __init__(self, hierarchy: Hierarchy, crl_folder: Path | None = None) -> None:
        self.hierarchy = hierarchy
        self.crl_folder = crl_folder
        self.issued: list[x509.Certificate] = []
        self._revoked: dict[int, datetime.datetime] = {}
        self._lock = threading.Lock()
        self._number = 0
        if crl_folder:
            self.write_crls()

    def issue(
        self,
        request: x509.CertificateSigningRequest,
        validity: Validity,
        *,
        issuer: Holder | None = None,
        bounds: tuple[datetime.datetime, datetime.datetime] | None = None,
        public_key: PublicKey | None = None,
        authority: bool = False,
        client: bool = True,
    ) -> x509.Certificate:
        """A certificate for the request; the other arguments make it wrong in one way each."""
        key = public_key or request.public_key()
        if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            raise ValueError("only RSA and EC keys are certified here")
        purpose = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=authority, path_length=None), True),
            (key_usage("digital_signature", *encipherment(key)), True),
            (x509.ExtendedKeyUsage([purpose]), False),
        ]
        if self.hierarchy.crl_url:
            extensions.append((distribution_point(f"{self.hierarchy.crl_url}/issuing.crl"), False))
        extensions += [
            (one.value, one.critical)
            for one in request.extensions
            if isinstance(one.value, x509.SubjectAlternativeName)
        ]
        not_before, not_after = bounds or validity.bounds()
        issued = certificate(
            request.subject,
            key,
            issuer or self.hierarchy.issuing,
            extensions,
            not_before=not_before,
            not_after=not_after,
        )
        with self._lock:
            self.issued.append(issued)
        return issued

    def has_issued(self, one: x509.Certificate) -> bool:
        """Whether this very certificate comes from here."""
        with self._lock:
            return one in self.issued

    def is_revoked(self, one: x509.Certificate) -> bool:
        """Whether it was revoked here."""
        with self._lock:
            return one.serial_number in self._revoked

    def revoke(self, serial: int) -> None:
        """Revokes one certificate and writes the CRLs anew."""
        with self._lock:
            self._revoked[serial] = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        if self.crl_folder:
            self.write_crls()

    def crl(self, holder: Holder, revoked: dict[int, datetime.datetime], age: datetime.timedelta) -> bytes:
        """A holder's CRL in DER, made `age` ago and good for a day from then."""
        made = datetime.datetime.now(datetime.UTC).replace(microsecond=0) - age
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(holder.certificate.subject)
            .last_update(made)
            .next_update(made + datetime.timedelta(days=1))
            .add_extension(x509.CRLNumber(self._number), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(holder.key.public_key()), critical=False)
        )
        for serial, when in revoked.items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(holder.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def write_crls(self, age: datetime.timedelta = datetime.timedelta(minutes=1)) -> None:
        """Writes issuing.crl and root.crl for a web server; `age` above a day makes them stale."""
        if self.crl_folder is None:
            raise ValueError("this authority has no folder for CRLs")
        with self._lock:
            self._number += 1
            revoked = dict(self._revoked)
        for file, holder, entries in (
            ("issuing.crl", self.hierarchy.issuing, revoked),
            ("root.crl", self.hierarchy.root, {}),
        ):
            fresh = self.crl_folder / f".{file}.new"
            fresh.write_bytes(self.crl(holder, entries, age))
            fresh.replace(self.crl_folder / file)
