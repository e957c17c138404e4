"""The lies that have a name of their own, as far as a CertRep tells them; the others are about what is issued."""

import os

from . import lies, names
from .behaviour import Attack, Behaviour
from .encoding import octets, printable
from .envelope import seal
from .forgery import Forgery
from .hierarchy import Hierarchy, Holder, certificate, name
from .keys import rsa_key


def stranger() -> Holder:
    """Somebody whom no CA here ever certified."""
    key, subject = rsa_key("stranger"), name("a stranger")
    return Holder(certificate(subject, key.public_key(), (subject, key), []), key)


def forgery(behaviour: Behaviour, hierarchy: Hierarchy, insider: Holder) -> Forgery:
    """What is done to the next CertRep."""
    if behaviour.forgery or not behaviour.attack:
        return behaviour.forgery or Forgery()
    named = {
        Attack.INSIDER_AS_RA: lies.signed_by(insider),
        Attack.INSIDER_SIGNS: lies.signed_by(insider),
        Attack.FOREIGN_SIGNER: lies.signed_by(stranger()),
        Attack.WRONG_TRANSACTION: lies.computed(
            names.TRANSACTION_ID, lambda draft: printable(draft.message.transaction_id + "0")
        ),
        Attack.WRONG_NONCE: lies.valued(names.RECIPIENT_NONCE, octets(os.urandom(16))),
        Attack.NO_NONCE: lies.without(names.RECIPIENT_NONCE),
        Attack.WRONG_MESSAGE_TYPE: lies.valued(names.MESSAGE_TYPE, printable(names.PKCS_REQ)),
        Attack.NO_STATUS: lies.without(names.PKI_STATUS),
        Attack.DUPLICATE_ATTRIBUTE: lies.added(names.PKI_STATUS, printable(names.FAILURE)),
        Attack.TWO_SIGNERS: Forgery(signers=lambda draft: [draft.signer, lies.signer(draft, insider)]),
        Attack.NO_ATTRIBUTES: lies.signer_with(with_attributes=False),
        Attack.UNSIGNED_ATTRIBUTES: Forgery(signers=lies.unsigned),
        Attack.BROKEN_SIGNATURE: lies.signer_with(broken=True),
        Attack.TRAILING_BYTES: Forgery(whole=lambda draft: draft.whole + octets(b"more")),
        Attack.MD5: lies.signer_with(digest="md5"),
        Attack.OTHER_RECIPIENT: Forgery(
            content=lambda draft: seal(draft.payload, stranger().certificate, behaviour.cipher)
        ),
        Attack.PLAIN_CONTENT: Forgery(content=lambda draft: draft.payload),
        Attack.NO_CERTIFICATE: Forgery(certificates=lambda _: [hierarchy.issuing.certificate]),
    }
    return named.get(behaviour.attack, Forgery())
