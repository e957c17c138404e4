"""What is inside a client's envelope: a PKCS#10 request, or the names of a poll."""

from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from . import names
from .envelope import Refused
from .message import Message, verifies


class IssuerAndSubject(core.Sequence):  # type: ignore[misc]
    """RFC 8894 §3.3.3."""

    _fields = [("issuer", asn1_x509.Name), ("subject", asn1_x509.Name)]


class Request:
    """A certification request as the server understood it."""

    def __init__(self, message: Message) -> None:
        """Reads the opened content of `message` and adds what it breaks; raises `Refused`."""
        if message.opened is None:
            raise Refused("the envelope was not opened")
        try:
            self.csr = x509.load_der_x509_csr(message.opened.content)
        except ValueError as error:
            raise Refused(f"the envelope holds no PKCS#10 request: {error}") from error
        key = self.csr.public_key()
        digest = self.csr.signature_hash_algorithm
        own = verifies(key, self.csr.signature, self.csr.tbs_certrequest_bytes, digest)
        rules = [(own, "the PKCS#10 request's own signature does not verify")]
        if isinstance(key, rsa.RSAPublicKey):
            # Who knows SHA-1 alone can read nothing else.
            same_digest = (digest.name if digest else "") == message.digest
            rules.append((same_digest, "the PKCS#10 request is signed with another digest than the message"))
        if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            raise Refused("the request's key is neither RSA nor EC")
        self.key = key
        self.challenge = self._challenge(message.violations)
        if message.signer_is_self_signed:
            same_name = message.signer.subject.public_bytes() == self.csr.subject.public_bytes()
            rules.append((same_name, "the self-signed certificate's subject is not the request's (§2.3)"))
            # Nothing can be encrypted to an EC key: another one of the client's may open the reply.
            same_key = message.signer_key == key or isinstance(key, ec.EllipticCurvePublicKey)
            rules.append((same_key, "the self-signed certificate's key is not the request's (§2.3)"))
        else:
            rules.append((message.signer_key != key, "a renewal reuses the old key (§2.5)"))
        message.violations += [text for holds, text in rules if not holds]

    def _challenge(self, violations: list[str]) -> str | None:
        found = [one for one in self.csr.attributes if one.oid.dotted_string == names.CHALLENGE_PASSWORD]
        if len(found) > 1:
            violations.append("challengePassword twice")
        return found[0].value.decode("utf-8", "replace") if found else None

    @property
    def alternative_names(self) -> list[str]:
        """The subjectAltName entries that were asked for, `KIND:value`."""
        kinds: dict[type[x509.GeneralName], str] = {
            x509.DNSName: "DNS",
            x509.UniformResourceIdentifier: "URI",
            x509.RFC822Name: "email",
            x509.IPAddress: "IP",
        }
        try:
            wanted = self.csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return []
        return [f"{kinds.get(type(one), 'other')}:{one.value}" for one in wanted]


def judge_poll(message: Message, issuer: x509.Name, subject: x509.Name) -> None:
    """Adds what a CertPoll's content breaks."""
    content = message.opened.content if message.opened else b""
    try:
        asked = IssuerAndSubject.load(content, strict=True)
        same_issuer = asked["issuer"].dump() == issuer.public_bytes()
        same_subject = asked["subject"].dump() == subject.public_bytes()
    except (ValueError, TypeError) as error:
        message.violations.append(f"CertPoll holds no IssuerAndSubject: {error}")
        return
    if not same_issuer:
        message.violations.append("CertPoll's issuer is not the issuing CA's subject (§3.3.3)")
    if not same_subject:
        message.violations.append("CertPoll's subject is not the request's (§3.3.3)")
