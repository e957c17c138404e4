"""Forgeries by what is wrong with them: of a CertRep's outer message, and of any answer."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from . import names
from .encoding import SEQUENCE, SET, integer, nest, oid, tlv
from .forgery import Answer, Draft, Forgery
from .hierarchy import Holder
from .signed import Signer, attribute

Change = Callable[[Draft, list[bytes]], list[bytes]]


def attributes(change: Change) -> Forgery:
    """SCEP's signed attributes are what the change makes of them."""
    return Forgery(signers=lambda draft: [with_attributes(draft, change)])


def with_attributes(draft: Draft, change: Change) -> Signer:
    """The right signer, over other attributes."""
    return dataclasses.replace(draft.signer, attributes=change(draft, draft.signer.attributes))


def others(found: list[bytes], *kinds: str) -> list[bytes]:
    """The attributes but those of these types."""
    return [one for one in found if not any(oid(kind) in one[:24] for kind in kinds)]


def without(*kinds: str) -> Forgery:
    """No attribute of these types."""
    return attributes(lambda _, found: others(found, *kinds))


def valued(kind: str, *values: bytes) -> Forgery:
    """One attribute of that type, with these values."""
    return attributes(lambda _, found: [*others(found, kind), attribute(kind, *values)])


def computed(kind: str, value: Callable[[Draft], bytes]) -> Forgery:
    """One attribute of that type, with a value that depends on the request."""
    return attributes(lambda draft, found: [*others(found, kind), attribute(kind, value(draft))])


def added(kind: str, value: bytes) -> Forgery:
    """One attribute more, of a type that is there."""
    return attributes(lambda _, found: [*found, attribute(kind, value)])


def signed_by(*holders: Holder) -> Forgery:
    """The right attributes, signed by these and nobody else, their certificates embedded."""
    return Forgery(signers=lambda draft: [signer(draft, holder) for holder in holders])


def signer(draft: Draft, holder: Holder) -> Signer:
    """Somebody as the signer of what the right one would sign."""
    return dataclasses.replace(draft.signer, certificate=holder.certificate, key=holder.key)


def signer_with(**parts: Any) -> Forgery:
    """The right signer, of whose ways some are other."""
    return Forgery(signers=lambda draft: [dataclasses.replace(draft.signer, **parts)])


def unsigned(draft: Draft) -> list[Signer]:
    """The right signer, whose attributes of SCEP's are not under the signature."""
    return [dataclasses.replace(draft.signer, attributes=[], unsigned=draft.signer.attributes)]


def flipped(part: Callable[[Draft], bytes], at: int = -1) -> Forgery:
    """One bit of a part of the message is another by the time it arrives."""

    def flip(draft: Draft) -> bytes:
        old = part(draft)
        new = bytearray(old)
        new[at] ^= 1
        assert draft.whole.count(old) == 1
        return draft.whole.replace(old, bytes(new))

    return Forgery(whole=flip)


def answers(
    operation: str, body: bytes | None = None, media_type: str | None = "same", status: int | None = None
) -> Forgery:
    """What an operation is answered with; what is not given stays as it is."""

    def change(honest: Answer) -> Answer:
        return Answer(
            status or honest.status,
            honest.media_type if media_type == "same" else media_type,
            honest.body if body is None else body,
        )

    return Forgery(answers={operation: change})


def offers(body: bytes | Sequence[x509.Certificate], media_type: str | None = "same") -> Forgery:
    """GetCACert is answered with these bytes, or these certificates."""
    return answers("GetCACert", body if isinstance(body, bytes) else bag(*map(der, body)), media_type)


def bag(*certificates: bytes) -> bytes:
    """A degenerate SignedData with what is given where certificates belong."""
    content = nest(SEQUENCE, oid(names.DATA))
    body = nest(SEQUENCE, integer(1), tlv(SET, b""), content, tlv(0xA0, b"".join(certificates)), tlv(SET, b""))
    return nest(SEQUENCE, oid(names.SIGNED_DATA), nest(0xA0, body))


def der(certificate: x509.Certificate) -> bytes:
    """A certificate's DER."""
    return certificate.public_bytes(Encoding.DER)
