"""Puts a CertRep together."""

import os
from dataclasses import dataclass

from cryptography import x509

from . import names
from .behaviour import Behaviour, FailureContent
from .encoding import UTF8, octets, printable, tlv
from .envelope import seal
from .forgery import Draft, Forgery
from .hierarchy import Hierarchy
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


def _attributes(message: Message, verdict: Verdict, behaviour: Behaviour) -> list[bytes]:
    found = [
        attribute(names.MESSAGE_TYPE, printable(names.CERT_REP)),
        attribute(names.TRANSACTION_ID, printable(message.transaction_id)),
        attribute(names.SENDER_NONCE, octets(os.urandom(16))),
        attribute(names.RECIPIENT_NONCE, octets(message.nonce)),
        attribute(names.PKI_STATUS, printable(verdict.status)),
    ]
    if verdict.status == names.FAILURE:
        if verdict.fail_info is not None:
            found.append(attribute(names.FAIL_INFO, printable(verdict.fail_info)))
        if behaviour.failure_text is not None:
            text = behaviour.failure_text.encode("utf-8", "surrogateescape")
            found.append(attribute(names.FAIL_INFO_TEXT, tlv(UTF8, text)))
        if behaviour.failure_content is FailureContent.ONE_BYTE:
            found.append(attribute(names.NDES_RESULT, printable("-2147024809")))
    return found


def _content(draft: Draft, verdict: Verdict, behaviour: Behaviour) -> bytes | None:
    if verdict.certificate is None:
        return {
            FailureContent.ABSENT: None,
            FailureContent.ONE_BYTE: b"\0",
            FailureContent.EMPTY: b"",
            FailureContent.ENVELOPE: seal(
                degenerate([]), draft.recipient, behaviour.cipher, password=draft.message.password
            ),
        }[behaviour.failure_content]
    return seal(
        draft.payload,
        draft.recipient,
        behaviour.cipher,
        ber=behaviour.ber,
        constructed=behaviour.constructed,
        password=draft.message.password,
    )


def cert_rep(message: Message, verdict: Verdict, behaviour: Behaviour, hierarchy: Hierarchy, forgery: Forgery) -> bytes:
    """The whole answer to `message`, honest but for what is forged of it."""
    draft = Draft(message)
    if verdict.certificate:
        chain = [hierarchy.issuing.certificate] if behaviour.with_chain else []
        forgery.put(draft, "certificates", [*chain, verdict.certificate])
        forgery.put(draft, "payload", degenerate(draft.certificates, ber=behaviour.ber))
    forgery.put(draft, "content", _content(draft, verdict, behaviour))
    signer = Signer(
        hierarchy.signer.certificate,
        hierarchy.signer.key,
        behaviour.digest,
        behaviour.plain_signature_algorithm,
        _attributes(message, verdict, behaviour),
    )
    forgery.put(draft, "signers", [signer])
    lies = draft.signers != [signer]
    embedded = [one.certificate for one in draft.signers] if behaviour.embed_signer or lies else []
    forgery.put(draft, "embedded", embedded)
    content_type = forgery.content_type or names.DATA
    whole = sign(draft.content, draft.signers, draft.embedded, ber=behaviour.ber, content_type=content_type)
    forgery.put(draft, "whole", whole)
    return draft.whole
