"""Decides what each request comes to. Knows nothing of HTTP."""

import datetime
import threading
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from . import names
from .attacks import forgery
from .authority import Authority, Validity
from .behaviour import Attack, Behaviour
from .envelope import Refused, unseal
from .hierarchy import Hierarchy, Holder, RAKind
from .journal import Exchange
from .keys import PrivateKey, rsa_key
from .message import Message, judge_envelope, read
from .reply import Verdict, cert_rep
from .request import Request, judge_poll
from .signed import Signer, degenerate, sign

_YEAR = datetime.timedelta(days=365)


class HTTPError(Exception):
    """Answer with this HTTP status instead of a CertRep."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass
class _Transaction:
    request: Request
    validity: Validity
    issuer: Holder | None = None
    """The CA's successor, where the request was for that."""
    answers: int = 0
    verdict: Verdict | None = None


class Responder:
    """One SCEP service over one hierarchy."""

    def __init__(self, hierarchy: Hierarchy, behaviour: Behaviour, authority: Authority) -> None:
        self.hierarchy = hierarchy
        self.behaviour = behaviour
        self.authority = authority
        self.insider = hierarchy.device()
        self.foreign = Hierarchy(RAKind.NONE, label="foreign")
        self._transactions: dict[str, _Transaction] = {}
        self._nonces: set[bytes] = set()
        self._seen: set[str] = set()
        """Challenges that opened a request: messages about it come under the same."""
        self._lock = threading.Lock()

    def ca_certificates(self) -> tuple[str, bytes]:
        """GetCACert's media type and body (RFC 8894 §4.2)."""
        behaviour, hierarchy = self.behaviour, self.hierarchy
        if behaviour.attack is Attack.FOREIGN_CA:
            return "application/x-x509-ca-cert", self.foreign.issuing.der
        bundle = behaviour.bundle
        if behaviour.attack is Attack.INSIDER_AS_RA:
            bundle = ["insider", "issuing"]
        if bundle is None:
            if hierarchy.ra is RAKind.NONE:
                return "application/x-x509-ca-cert", hierarchy.issuing.der
            bundle = ["ra", "issuing"]
        holders = {
            "ra": hierarchy.registration_authorities(),
            "issuing": [hierarchy.issuing],
            "root": [hierarchy.root],
            "insider": [self.insider],
            "foreign": [self.foreign.issuing],
        }
        chosen = [holder.certificate for word in bundle for holder in holders[word]]
        return "application/x-x509-ca-ra-cert", degenerate(chosen, ber=behaviour.ber)

    def next_certificates(self) -> bytes:
        """GetNextCACert's body: the next CA's certificate, signed by the present one (RFC 8894 §4.7.1)."""
        present, successor = self.hierarchy.issuing, self.hierarchy.successor
        content = degenerate([successor.certificate] if successor else [])
        return sign(content, [Signer(present.certificate, present.key)], [present.certificate])

    def operate(self, data: bytes, exchange: Exchange) -> bytes:
        """PKIOperation: the CertRep. Fills in the exchange; raises `HTTPError`."""
        behaviour = self.behaviour
        try:
            message = read(data, legacy=behaviour.legacy_requests)
        except Refused as error:
            exchange.violations.append(str(error))
            raise HTTPError(400, str(error)) from error
        exchange.message_type, exchange.transaction_id = message.message_type, message.transaction_id
        exchange.signer_subject = message.signer.subject.rfc4514_string()
        exchange.signer_is_self_signed = message.signer_is_self_signed
        exchange.digest = message.digest
        with self._lock:
            try:
                verdict = self._judge(message, exchange)
            except Refused as error:
                message.violations.append(str(error))
                verdict = Verdict(names.FAILURE, names.BAD_MESSAGE_CHECK)
            finally:
                exchange.violations += message.violations
        exchange.answer, exchange.issued = str(verdict), verdict.certificate
        return cert_rep(message, verdict, behaviour, self.hierarchy, forgery(behaviour, self.hierarchy, self.insider))

    @property
    def _passwords(self) -> set[str]:
        """What a request may be sealed under."""
        challenges = self.behaviour.challenges
        return {one for one in (challenges.static, *(challenges.single_use or [])) if one} | self._seen

    def _judge(self, message: Message, exchange: Exchange) -> Verdict:
        if message.nonce in self._nonces:
            message.violations.append("a senderNonce was used before (§3.2.1.5)")
        self._nonces.add(message.nonce)
        # Whoever poses as another CA has not that CA's key.
        own = self.foreign.issuing if self.behaviour.attack is Attack.FOREIGN_CA else self.hierarchy.recipient
        successor = self.hierarchy.successor
        holders = [own, self.insider, *([successor] if successor and self.behaviour.issues_ahead else [])]
        keys: list[tuple[x509.Certificate, PrivateKey]] = [(one.certificate, one.key) for one in holders]
        opened = unseal(message.content, keys, self._passwords)
        exchange.under_password = opened.derivation is not None
        judge_envelope(message, opened, legacy=self.behaviour.legacy_requests)
        exchange.cipher = message.opened.cipher if message.opened else None
        if message.message_type == names.CERT_POLL:
            return self._poll(message)
        if message.message_type not in (names.PKCS_REQ, names.RENEWAL_REQ):
            message.violations.append(f"messageType {message.message_type} is none that a client sends here")
            return Verdict(names.FAILURE, names.BAD_REQUEST)
        request = Request(message)
        exchange.csr_subject = request.csr.subject.rfc4514_string()
        exchange.alternative_names = request.alternative_names
        exchange.key_bits = request.key.key_size
        exchange.challenge_present = request.challenge is not None
        if request.challenge is not None:
            self._seen.add(request.challenge)
        if not isinstance(message.signer_key, rsa.RSAPublicKey):
            message.password = request.challenge
        if message.transaction_id in self._transactions:
            message.violations.append("a new request under an old transactionID")
        refusal = self._admit(message, request, exchange)
        if refusal is not None:
            return refusal
        # The envelope says which CA is to issue (RFC 8894 §5.1).
        ahead = successor if successor and opened.holder == successor.certificate else None
        exchange.ahead = ahead is not None
        transaction = _Transaction(request, self.behaviour.validity, ahead)
        self._transactions[message.transaction_id] = transaction
        return self._answer(message, transaction)

    def _admit(self, message: Message, request: Request, exchange: Exchange) -> Verdict | None:
        """None lets the request in."""
        behaviour = self.behaviour
        renewal = not message.signer_is_self_signed
        if message.message_type == names.RENEWAL_REQ and not renewal:
            message.violations.append("RenewalReq signed by a self-signed certificate")
            return Verdict(names.FAILURE, names.BAD_REQUEST)
        needed = behaviour.challenges.required() and (not renewal or behaviour.challenges.on_renewal)
        if renewal:
            policy = behaviour.renewal if message.message_type == names.RENEWAL_REQ else behaviour.signed_request
            if policy == "bad-request":
                return Verdict(names.FAILURE, names.BAD_REQUEST)
            if policy != "accept":
                raise HTTPError(int(policy), "no renewals here")
            if not self.authority.has_issued(message.signer) or self.authority.is_revoked(message.signer):
                return Verdict(names.FAILURE, names.BAD_MESSAGE_CHECK)
        if needed:
            exchange.challenge_right = behaviour.challenges.accept(request.challenge)
            if not exchange.challenge_right:
                return Verdict(names.FAILURE, names.BAD_MESSAGE_CHECK)
        return None

    def _poll(self, message: Message) -> Verdict:
        transaction = self._transactions.get(message.transaction_id)
        if transaction is None:
            return Verdict(names.FAILURE, names.BAD_CERT_ID)
        if not isinstance(message.signer_key, rsa.RSAPublicKey):
            message.password = transaction.request.challenge
        issuer = transaction.issuer or self.hierarchy.issuing
        judge_poll(message, issuer.certificate.subject, transaction.request.csr.subject)
        return self._answer(message, transaction)

    def _answer(self, message: Message, transaction: _Transaction) -> Verdict:
        if transaction.verdict is None:
            transaction.answers += 1
            if transaction.answers <= self.behaviour.pending:
                return Verdict(names.PENDING)
            failure = self.behaviour.failure
            if failure is not None:
                transaction.verdict = Verdict(names.FAILURE, None if failure == "absent" else failure)
            else:
                transaction.verdict = Verdict(names.SUCCESS, certificate=self._issue(message, transaction))
        return transaction.verdict

    def _issue(self, message: Message, transaction: _Transaction) -> x509.Certificate:
        attack, csr, validity = self.behaviour.attack, transaction.request.csr, transaction.validity
        issuer = transaction.issuer
        if issuer:
            begin, end = issuer.certificate.not_valid_before_utc, issuer.certificate.not_valid_after_utc
            return self.authority.issue(csr, validity, issuer=issuer, bounds=(begin, min(end, begin + validity.after)))
        if attack is Attack.OLD_CERTIFICATE and not message.signer_is_self_signed:
            return message.signer
        if attack is Attack.FOREIGN_ISSUER:
            issuer = self.foreign.issuing
        if attack is Attack.EXPIRED_CERTIFICATE:
            validity = Validity(before=_YEAR, after=-datetime.timedelta(days=1))
        if attack is Attack.NOT_YET_VALID:
            validity = Validity(before=-datetime.timedelta(days=2), after=_YEAR)
        return self.authority.issue(
            csr,
            validity,
            issuer=issuer,
            public_key=rsa_key("stranger").public_key() if attack is Attack.OTHER_KEY else None,
            authority=attack is Attack.CA_CERTIFICATE,
            client=attack is not Attack.SERVER_CERTIFICATE,
        )
