"""Puts a CertRep together, honest or with the one lie that an attack asks for."""

import os
from dataclasses import dataclass

from cryptography import x509

from . import names
from .behaviour import Attack, Behaviour, FailureContent
from .encoding import OCTETS, UTF8, octets, printable, tlv
from .envelope import seal
from .forgery import Draft, Forgery
from .hierarchy import Hierarchy, Holder, certificate, name
from .keys import rsa_key
from .message import Message
from .signed import Signer, attribute, degenerate, sign


@dataclass
class Verdict:
    """What a request comes to."""

    status: str
    fail_info: str | None = None
    certificate: x509.Certificate | None = None

    def __str__(self) -> str:
        if self.status == names.SUCCESS:
            return "issued"
        return "pending" if self.status == names.PENDING else f"failure {self.fail_info}"


def stranger() -> Holder:
    """Somebody whom no CA here ever certified."""
    key, subject = rsa_key("stranger"), name("a stranger")
    return Holder(certificate(subject, key.public_key(), (subject, key), []), key)


def _attributes(message: Message, verdict: Verdict, behaviour: Behaviour) -> list[bytes]:
    attack = behaviour.attack
    nonce, transaction, kind = message.nonce, message.transaction_id, names.CERT_REP
    if attack is Attack.WRONG_NONCE:
        nonce = os.urandom(16)
    if attack is Attack.WRONG_TRANSACTION:
        transaction += "0"
    if attack is Attack.WRONG_MESSAGE_TYPE:
        kind = names.PKCS_REQ
    found = [
        attribute(names.MESSAGE_TYPE, printable(kind)),
        attribute(names.TRANSACTION_ID, printable(transaction)),
        attribute(names.SENDER_NONCE, octets(os.urandom(16))),
    ]
    if attack is not Attack.NO_NONCE:
        found.append(attribute(names.RECIPIENT_NONCE, octets(nonce)))
    if attack is not Attack.NO_STATUS:
        found.append(attribute(names.PKI_STATUS, printable(verdict.status)))
    if attack is Attack.DUPLICATE_ATTRIBUTE:
        found.append(attribute(names.PKI_STATUS, printable(names.FAILURE)))
    if verdict.status == names.FAILURE:
        if verdict.fail_info is not None:
            found.append(attribute(names.FAIL_INFO, printable(verdict.fail_info)))
        if behaviour.failure_text is not None:
            text = behaviour.failure_text.encode("utf-8", "surrogateescape")
            found.append(attribute(names.FAIL_INFO_TEXT, tlv(UTF8, text)))
        if behaviour.failure_content is FailureContent.ONE_BYTE:
            found.append(attribute(names.NDES_RESULT, printable("-2147024809")))
    return found


def _certificates(issued: x509.Certificate, behaviour: Behaviour, hierarchy: Hierarchy) -> list[x509.Certificate]:
    if behaviour.attack is Attack.NO_CERTIFICATE:
        return [hierarchy.issuing.certificate]
    return [hierarchy.issuing.certificate, issued] if behaviour.with_chain else [issued]


def _content(draft: Draft, verdict: Verdict, behaviour: Behaviour) -> bytes | None:
    recipient = draft.recipient
    if verdict.certificate is None:
        return {
            FailureContent.ABSENT: None,
            FailureContent.ONE_BYTE: b"\0",
            FailureContent.EMPTY: b"",
            FailureContent.ENVELOPE: seal(degenerate([]), recipient, behaviour.cipher),
        }[behaviour.failure_content]
    if behaviour.attack is Attack.PLAIN_CONTENT:
        return draft.payload
    if behaviour.attack is Attack.OTHER_RECIPIENT:
        recipient = stranger().certificate
    return seal(draft.payload, recipient, behaviour.cipher, ber=behaviour.ber, constructed=behaviour.constructed)


def cert_rep(message: Message, verdict: Verdict, behaviour: Behaviour, hierarchy: Hierarchy, insider: Holder) -> bytes:
    """The whole answer to `message`."""
    attack, forgery, draft = behaviour.attack, behaviour.forgery or Forgery(), Draft(message)
    if verdict.certificate:
        forgery.put(draft, "certificates", _certificates(verdict.certificate, behaviour, hierarchy))
        forgery.put(draft, "payload", degenerate(draft.certificates, ber=behaviour.ber))
    forgery.put(draft, "content", _content(draft, verdict, behaviour))
    holder = hierarchy.signer
    if attack in (Attack.INSIDER_SIGNS, Attack.INSIDER_AS_RA):
        holder = insider
    elif attack is Attack.FOREIGN_SIGNER:
        holder = stranger()
    signer = Signer(
        holder.certificate,
        holder.key,
        "md5" if attack is Attack.MD5 else behaviour.digest,
        behaviour.plain_signature_algorithm,
        _attributes(message, verdict, behaviour),
    )
    if attack is Attack.UNSIGNED_ATTRIBUTES:
        signer.unsigned, signer.attributes = signer.attributes, []
    signer.broken = attack is Attack.BROKEN_SIGNATURE
    signer.with_attributes = attack is not Attack.NO_ATTRIBUTES
    signers = [signer]
    if attack is Attack.TWO_SIGNERS:
        signers.append(Signer(insider.certificate, insider.key, behaviour.digest, attributes=signer.attributes))
    forgery.put(draft, "signers", signers)
    lies = holder is not hierarchy.signer or attack is Attack.TWO_SIGNERS
    embedded = [one.certificate for one in draft.signers] if behaviour.embed_signer or lies else []
    forgery.put(draft, "embedded", embedded)
    content_type = forgery.content_type or names.DATA
    whole = sign(draft.content, draft.signers, draft.embedded, ber=behaviour.ber, content_type=content_type)
    forgery.put(draft, "whole", whole + tlv(OCTETS, b"more") if attack is Attack.TRAILING_BYTES else whole)
    return draft.whole
