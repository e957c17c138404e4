"""The outer layer of a CertRep: who signed it, over what, and whether it answers this very request.

Whatever a check refuses costs one try: the challenge was sent once, and nothing of the reply is acted on.
"""

import hashlib
import os
import time
from collections.abc import Callable
from functools import partial

import pytest

from certificates import DAY, public_key, registration_authority, remade, valid
from machine import Status, moment, problem_codes
from scepd import Draft, FailureContent, Forgery, Hierarchy, RAKind, Trouble, names
from scepd.attacks import stranger
from scepd.encoding import UTF8, octets, oid, printable, tlv
from scepd.hierarchy import Holder
from scepd.keys import rsa_key
from scepd.lies import (
    added,
    answers,
    attributes,
    computed,
    flipped,
    others,
    signed_by,
    unsigned,
    valued,
    with_attributes,
    without,
)
from scepd.signed import Signer, attribute, sign
from victim import UNTRUSTED, MakeVictim, Victim

IA5 = 0x16
TST_INFO = "1.2.840.113549.1.9.16.1.4"
MALFORMED = "malformed-reply"
WEAK = "weak-server"


def test_n30_a_bit_that_was_turned_on_its_way(victim: Victim) -> None:
    for what, forgery in {
        "signature": Forgery(whole=lambda draft: draft.whole[:-1] + bytes([draft.whole[-1] ^ 1])),
        "a signed attribute": flipped(lambda draft: octets(draft.message.nonce)),
        "the digest": flipped(lambda draft: oid(names.MESSAGE_DIGEST) + b"\x31\x22\x04\x20" + digest(draft)),
        "the content": flipped(lambda draft: draft.content or b""),
    }.items():
        victim.refuses(what, forgery, UNTRUSTED, "untrusted-signer")
    victim.enrolls()


def digest(draft: Draft) -> bytes:
    """SHA-256 of the content."""
    return hashlib.sha256(draft.content or b"").digest()


def test_n31_another_device_of_the_same_ca_signs(victim: Victim) -> None:
    insider = victim.server.responder.insider
    alone = Forgery(signers=signed_by(insider).signers, embedded=lambda _: [])
    with_the_ca = [insider.certificate, victim.server.hierarchy.issuing.certificate]
    beside = Forgery(signers=signed_by(insider).signers, embedded=lambda _: with_the_ca)
    for what, forgery in {"embedded": signed_by(insider), "not embedded": alone, "with the CA": beside}.items():
        victim.refuses(what, forgery, UNTRUSTED, "untrusted-signer")
    victim.refuses("a stranger", signed_by(stranger()), UNTRUSTED, "untrusted-signer")
    # Somebody vouches for himself with the very certificate that asked.
    own = Forgery(embedded=lambda draft: [draft.recipient])
    victim.refuses("our own", merged(signed_by(stranger()), own), UNTRUSTED, "untrusted-signer")
    victim.enrolls()


def merged(one: Forgery, other: Forgery) -> Forgery:
    """Both."""
    return Forgery(signers=one.signers, embedded=other.embedded)


def test_n32_a_certificate_that_borrows_the_signers_issuer_and_number(make_victim: MakeVictim) -> None:
    victim = make_victim(Hierarchy(RAKind.ONE))
    thief = rsa_key("thief")
    right = victim.server.hierarchy.signer.certificate
    twin = Holder(remade(right, thief, subject_public_key_info=public_key(thief.public_key())), thief)
    assert (twin.certificate.issuer, twin.certificate.serial_number) == (right.issuer, right.serial_number)
    both = Forgery(signers=signed_by(twin).signers, embedded=lambda _: [twin.certificate, right])
    for what, forgery in {"alone": signed_by(twin), "in front of the right one": both}.items():
        victim.refuses(what, forgery, UNTRUSTED, "untrusted-signer")
    victim.enrolls()


@pytest.mark.parametrize("kind", list(RAKind))
def test_n33_no_certificate_is_embedded(make_victim: MakeVictim, kind: RAKind) -> None:
    """EJBCA and NDES send none: the authority is known from GetCACert."""
    victim = make_victim(Hierarchy(kind))
    none = Forgery(embedded=lambda _: [])
    victim.accepts("none", none)
    victim.refuses("wrong key", merged(signed_by(stranger()), none), UNTRUSTED, "untrusted-signer")
    # The right name over another key's signature.
    right = victim.server.hierarchy.signer
    impostor = Holder(right.certificate, rsa_key("thief"))
    victim.refuses("right name, wrong key", merged(signed_by(impostor), none), UNTRUSTED, "untrusted-signer")
    victim.enrolls()


def test_n34_nobody_signed(victim: Victim) -> None:
    certificates = Forgery(signers=lambda _: [], embedded=lambda draft: draft.certificates)
    for what, forgery in {"at all": Forgery(signers=lambda _: []), "with the certificate": certificates}.items():
        victim.refuses(what, forgery, UNTRUSTED, MALFORMED, "signer-count")
    victim.enrolls()


def test_n35_two_signed(victim: Victim) -> None:
    insider = victim.server.responder.insider

    def evil(draft: Draft) -> Signer:
        other = with_attributes(draft, lambda _, found: [*others(found, names.PKI_STATUS), failure])
        return Signer(insider.certificate, insider.key, attributes=other.attributes)

    failure = attribute(names.PKI_STATUS, printable(names.FAILURE))
    for what, forgery in {
        "an insider last": Forgery(signers=lambda draft: [draft.signer, evil(draft)]),
        "an insider first": Forgery(signers=lambda draft: [evil(draft), draft.signer]),
        "the right one twice": Forgery(signers=lambda draft: [draft.signer, draft.signer]),
    }.items():
        victim.refuses(what, forgery, UNTRUSTED, MALFORMED, "signer-count")
    victim.enrolls()


def test_n36_the_signature_is_over_the_content_alone(victim: Victim) -> None:
    def plain(draft: Draft) -> list[Signer]:
        holder = victim.server.hierarchy.signer
        return [Signer(holder.certificate, holder.key, with_attributes=False)]

    victim.refuses("no attributes", Forgery(signers=plain), UNTRUSTED, MALFORMED, "missing-attribute")
    victim.enrolls()


@pytest.mark.parametrize("security", ["compatible", "rfc8894"])
def test_n37_weak_digests(make_victim: MakeVictim, security: str) -> None:
    victim = make_victim(scep_security=security)
    behaviour = victim.server.behaviour
    for plain in (True, False):
        behaviour.digest, behaviour.plain_signature_algorithm = "md5", plain
        victim.refuses("MD5", None, UNTRUSTED, MALFORMED, "digest-refused")
        behaviour.digest = "sha1"
        if security == "compatible":
            victim.accepts("SHA-1", None, WEAK)
        else:
            found = victim.refuses("SHA-1", None, UNTRUSTED, "weak-algorithm")
            assert "rfc8894" in found["text"]
    behaviour.digest = "sha256"
    behaviour.plain_signature_algorithm = True
    victim.enrolls()


def test_n38_message_type(victim: Victim) -> None:
    def refuses(what: str, forgery: Forgery, *faults: str) -> None:
        victim.refuses(what, forgery, UNTRUSTED, *faults)

    refuses("absent", without(names.MESSAGE_TYPE), "wrong-message-type")
    for value in ("19", "17", "20", "", " 3", "3 ", "03", "33"):
        refuses(repr(value), valued(names.MESSAGE_TYPE, printable(value)), "wrong-message-type")
    three = printable("3")
    for what, values in {
        "UTF8String": [tlv(UTF8, b"3")],
        "OCTET STRING": [octets(b"3")],
        "INTEGER": [b"\x02\x01\x03"],
        "no value": [],
        "two values": [three, printable("19")],
        "the same value twice": [three, three],
    }.items():
        refuses(what, valued(names.MESSAGE_TYPE, *values), MALFORMED, "attribute-value")
    refuses("two attributes", added(names.MESSAGE_TYPE, printable("19")), MALFORMED, "repeated-attribute")
    refuses("the same attribute twice", added(names.MESSAGE_TYPE, three), MALFORMED, "repeated-attribute")
    victim.enrolls()


def test_n39_neither_message_type_nor_status(victim: Victim) -> None:
    victim.refuses("neither", without(names.MESSAGE_TYPE, names.PKI_STATUS), UNTRUSTED, "wrong-message-type")
    victim.refuses("no attribute of SCEP's", attributes(lambda *_: []), UNTRUSTED, "wrong-message-type")
    victim.enrolls()


def test_n40_another_transaction(victim: Victim) -> None:
    def claims(text: Callable[[str], str]) -> Forgery:
        return computed(names.TRANSACTION_ID, lambda draft: printable(text(draft.message.transaction_id)))

    for what, text in {
        "another": lambda own: os.urandom(16).hex().upper(),
        "the begin of ours": lambda own: own[:-1],
        "the first character of ours": lambda own: own[0],
        "empty": lambda own: "",
        "ours and one more": lambda own: own + "x",
        "ours and a space": lambda own: own + " ",
        "in lower case": lambda own: own.lower(),
    }.items():
        victim.refuses(what, claims(text), UNTRUSTED, "transaction-mismatch")
    victim.refuses("absent", without(names.TRANSACTION_ID), UNTRUSTED, "transaction-mismatch")
    ia5 = computed(names.TRANSACTION_ID, lambda draft: tlv(IA5, draft.message.transaction_id.encode()))
    victim.refuses("IA5String", ia5, UNTRUSTED, MALFORMED, "attribute-value")
    victim.enrolls()


def test_n41_another_nonce(victim: Victim) -> None:
    def claims(value: Callable[[bytes], bytes]) -> Forgery:
        return computed(names.RECIPIENT_NONCE, lambda draft: octets(value(draft.message.nonce)))

    for what, value in {
        "another": lambda own: os.urandom(16),
        "half of ours": lambda own: own[:8],
        "ours and one byte": lambda own: own + b"\0",
        "empty": lambda own: b"",
        "one bit off": lambda own: bytes([own[0] ^ 1]) + own[1:],
    }.items():
        victim.refuses(what, claims(value), UNTRUSTED, "nonce-mismatch")
    victim.refuses("absent", without(names.RECIPIENT_NONCE), UNTRUSTED, "nonce-mismatch")
    sender = attributes(
        lambda draft, found: [
            *others(found, names.SENDER_NONCE, names.RECIPIENT_NONCE),
            attribute(names.SENDER_NONCE, octets(draft.message.nonce)),
        ]
    )
    victim.refuses("in the other attribute", sender, UNTRUSTED, "nonce-mismatch")
    text = computed(names.RECIPIENT_NONCE, lambda draft: printable(draft.message.nonce.hex()))
    victim.refuses("text", text, UNTRUSTED, MALFORMED, "attribute-value")
    victim.enrolls()


def test_n42_a_reply_of_an_earlier_try_is_played_again(victim: Victim) -> None:
    """The same transaction, signed by the right CA, with a certificate for the right key: only the nonce is old."""
    recorded: list[bytes] = []

    def replay(draft: Draft) -> bytes:
        recorded.append(draft.whole)
        return recorded[0]

    server = victim.server
    server.behaviour.troubles = [Trouble("lost", times=1)]
    victim.refuses("lost", Forgery(whole=replay), "server-unreachable")
    server.behaviour.forgery = Forgery(whole=replay)
    with pytest.raises(Exception, match="nonce-mismatch"), victim.machine.admin() as admin:
        admin.renew()
    assert len(recorded) == 2
    assert len({one.transaction_id for one in server.journal.operations}) == 1
    assert victim.belongings() == {}
    # It is asked after once more, as a poll that brought nothing is no verdict.
    server.behaviour.forgery = None
    with victim.machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1


def test_n43_attributes_that_nobody_signed(victim: Victim) -> None:
    victim.refuses("all of them", Forgery(signers=unsigned), UNTRUSTED, "wrong-message-type")

    def status(draft: Draft) -> list[Signer]:
        one = with_attributes(draft, lambda _, found: others(found, names.PKI_STATUS))
        one.unsigned = [attribute(names.PKI_STATUS, printable(names.SUCCESS))]
        return [one]

    victim.refuses("the status", Forgery(signers=status), UNTRUSTED, "bad-status")
    victim.enrolls()


def test_n44_a_status_that_there_is_not(victim: Victim) -> None:
    victim.refuses("absent", without(names.PKI_STATUS), UNTRUSTED, "bad-status")
    for value in ("1", "4", "00", "", "-1", "0 ", "SUCCESS"):
        victim.refuses(repr(value), valued(names.PKI_STATUS, printable(value)), UNTRUSTED, "bad-status")
    for what, values in {"an INTEGER": [b"\x02\x01\x00"], "two": [printable("0"), printable("2")]}.items():
        victim.refuses(what, valued(names.PKI_STATUS, *values), UNTRUSTED, MALFORMED, "attribute-value")
    two = added(names.PKI_STATUS, printable(names.FAILURE))
    victim.refuses("two attributes", two, UNTRUSTED, MALFORMED, "repeated-attribute")
    victim.enrolls()


def failed(victim: Victim, what: str, problem: str = "request-refused") -> Status:
    """An authentic FAILURE: it ends the transaction, and nobody is asked again before a day has passed."""
    asked = len(victim.server.journal.exchanges)
    found = victim.refuses(what, victim.server.behaviour.forgery, problem)
    profile = victim.status()
    assert profile["state"] == "failed", what
    assert profile.get("transaction") is None, what
    assert moment(profile["next"]["at"]) > time.time() + 80_000, what
    assert [one.operation for one in victim.server.journal.exchanges[asked:]] == [
        "GetCACaps",
        "GetCACert",
        "PKIOperation",
    ]
    return found


def test_n45_a_failure_of_no_known_kind(victim: Victim) -> None:
    for info in ("absent", "9", "12", "5", "-1", "x", ""):
        victim.server.behaviour.failure = info
        told = "no failInfo" if info == "absent" else f"failInfo '{info}'"
        assert told in failed(victim, info)["text"]
    victim.server.behaviour.failure = None
    victim.enrolls()


def test_n46_content_that_a_verdict_does_not_have(victim: Victim) -> None:
    """A whole certificate for the right key lies in it, and nobody looks."""

    def instead(status: str, *more: bytes) -> Forgery:
        found = attribute(names.PKI_STATUS, printable(status))
        return attributes(lambda _, own: [*others(own, names.PKI_STATUS), found, *more])

    bad_algorithm = attribute(names.FAIL_INFO, printable(names.BAD_ALG))
    victim.refuses("FAILURE", instead(names.FAILURE, bad_algorithm), "request-refused")
    assert victim.status()["state"] == "failed"
    victim.waits("PENDING", instead(names.PENDING))
    # It is pending in all earnest: what is asked after it is a poll.
    with victim.machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    assert victim.server.journal.operations[-1].message_type == names.CERT_POLL


def test_n47_refusals_and_waits_in_every_servers_form(victim: Victim) -> None:
    behaviour = victim.server.behaviour
    texts = set()
    for content in FailureContent:
        behaviour.failure_content = content
        behaviour.failure, behaviour.failure_text = names.BAD_ALG, "no such algorithm here"
        texts.add(failed(victim, content)["text"])
        # Without a certificate, too.
        behaviour.embed_signer = False
        texts.add(failed(victim, content)["text"])
        behaviour.failure, behaviour.pending = None, 1
        victim.waits(content)
        behaviour.embed_signer, behaviour.pending = True, 0
    assert len(texts) == 1
    behaviour.failure_text = None
    victim.enrolls()


def test_n48_words_that_would_flood_or_steer(victim: Victim) -> None:
    behaviour = victim.server.behaviour
    behaviour.failure = names.BAD_ALG
    for what, text in {
        "a megabyte": "long " * 180_000,
        "a terminal's orders": "no\x1b[2J\x1b]0;all is well\x07\x9b31m",
        "another line": "no\nsignet: all is well\r\nsignet: really\u2028\u2029\x85",
        "no UTF-8": b"no \xff\xfe\xc3(".decode("utf-8", "surrogateescape"),
        "the wrong way round": "no \u202egnorts si \u2066 \ufeff",
        "nothing": "",
        "NUL": "no\0yes",
    }.items():
        behaviour.failure_text = text
        found = failed(victim, what)
        assert len(found["text"]) < 500, what
        listed = victim.machine.ctl("status").stdout
        log = "".join(line for line in victim.machine.logs().splitlines(keepends=True) if "badAlg" in line)
        assert log, what
        for shown in (found["text"], listed.replace("\n", ""), log.replace("\n", "")):
            assert shown.isprintable(), (what, shown)
        assert not [line for line in victim.machine.logs().splitlines() if line.startswith("signet: all")], what
    behaviour.failure = behaviour.failure_text = None
    victim.enrolls()


def test_n49_a_refusal_that_nobody_signed(victim: Victim) -> None:
    """It is no verdict: the request may well have been granted, and is asked after."""

    def status(value: str) -> Forgery:
        changed = valued(names.PKI_STATUS, printable(value)).signers
        return Forgery(signers=changed, whole=signed_by_nobody)

    def signed_by_nobody(draft: Draft) -> bytes:
        return sign(draft.content, [], draft.embedded)

    for what, forgery, problem, fault in (
        ("a digit", answers("PKIOperation", b"2", "text/plain"), "not-a-scep-server", "not-scep"),
        ("words", answers("PKIOperation", b"badRequest"), "not-a-scep-server", "not-scep"),
        ("no signer", status(names.FAILURE), UNTRUSTED, MALFORMED),
        ("a stranger", signed_by(stranger()), UNTRUSTED, "untrusted-signer"),
    ):
        victim.server.behaviour.failure = names.BAD_REQUEST if what == "a stranger" else None
        victim.refuses(what, forgery, problem, fault)
        profile = victim.status()
        assert profile["next"]["action"] == "poll", what
        assert moment(profile["next"]["at"]) < time.time() + 5000, what
    victim.server.behaviour.failure = None
    victim.enrolls()


def test_n50_content_of_another_type(victim: Victim) -> None:
    for kind in (TST_INFO, names.SIGNED_DATA, names.ENVELOPED_DATA):

        def told(draft: Draft, kind: str = kind) -> list[Signer]:
            draft.signer.content_type = oid(kind)
            return [draft.signer]

        both = Forgery(content_type=kind, signers=told)
        victim.refuses(f"{kind} in both places", both, UNTRUSTED, MALFORMED, "unexpected-content-type")
        outside = Forgery(content_type=kind)
        victim.refuses(f"{kind} outside", outside, UNTRUSTED, MALFORMED, "unexpected-content-type")
        inside = Forgery(signers=told)
        victim.refuses(f"{kind} in the attribute", inside, UNTRUSTED, MALFORMED, "attribute-value")
    victim.enrolls()


def test_n51_encodings_that_are_no_der(victim: Victim) -> None:
    def unsorted(draft: Draft) -> list[Signer]:
        draft.signer.in_order = False
        return [draft.signer]

    behaviour = victim.server.behaviour
    victim.accepts("attributes in another order", Forgery(signers=unsorted))
    behaviour.constructed = True
    victim.accepts("content in one piece within another", None)
    behaviour.ber, behaviour.constructed = True, False
    victim.accepts("indefinite lengths all through", None)
    victim.accepts("and attributes in another order", Forgery(signers=unsorted))


def test_n52_too_much_and_too_little(victim: Victim) -> None:
    """Every single byte at which it can be cut: `ReplyVerificationTests`."""

    def sends(whole: Callable[[bytes], bytes]) -> Forgery:
        return Forgery(whole=lambda draft: whole(draft.whole))

    lies: dict[str, Callable[[bytes], bytes]] = {
        "a byte behind": lambda whole: whole + b"\0",
        "an element behind": lambda whole: whole + octets(b"more"),
        "spaces behind": lambda whole: whole + b" \r\n",
        "twice": lambda whole: whole * 2,
        "all but the last byte": lambda whole: whole[:-1],
    }
    for part in range(1, 8):
        lies[f"{part} eighths"] = partial(_part, part)
    for size in (b"\x84\x80\0\0\0", b"\x84\xff\xff\xff\xff", b"\x88" + b"\xff" * 8, b"\x80"):
        lies[f"length {size.hex()}"] = partial(_sized, size)
    for what, lie in lies.items():
        victim.refuses(what, sends(lie), UNTRUSTED, MALFORMED, "malformed")
    huge = sends(lambda whole: whole + bytes(1 << 20))
    victim.refuses("over a megabyte", huge, "server-unreachable", "too-large")
    victim.server.behaviour.troubles = [Trouble("empty")]
    victim.refuses("nothing", None, "not-a-scep-server", "not-scep", asked=None)
    victim.server.behaviour.troubles = []
    assert victim.machine.memory() < 64 * 1024
    victim.enrolls()


def _part(part: int, whole: bytes) -> bytes:
    return whole[: len(whole) * part // 8]


def _sized(size: bytes, whole: bytes) -> bytes:
    return b"\x30" + size + whole[4:]


def test_n53_the_signer_ends_while_the_request_is_pending(make_victim: MakeVictim) -> None:
    """Nobody is asked for a revocation of it: an RA that the PKI withdrew is one that GetCACert does not name any more.

    Between request and reply: `ReplyVerificationTests`.
    """
    victim = make_victim(Hierarchy(RAKind.ONE))
    server, hierarchy = victim.server, victim.server.hierarchy
    server.behaviour.pending = 1
    victim.waits("approval")
    issuing, old = hierarchy.issuing, hierarchy.signer
    ended = Holder(valid(old.certificate, issuing, -3 * DAY, -DAY), old.key)
    hierarchy.signer = hierarchy.recipient = ended
    asked = len(server.journal.operations)
    with pytest.raises(Exception, match="authority-expired"), victim.machine.admin() as admin:
        admin.renew()
    assert victim.status()["state"] == "pending"
    assert len(server.journal.operations) == asked
    hierarchy.signer = hierarchy.recipient = registration_authority(issuing)
    with victim.machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    assert problem_codes(victim.machine.wait_enrolled()) == {"ra-changed"}


def test_n54_what_http_says_of_a_reply(victim: Victim) -> None:
    page = answers("PKIOperation", b"<!DOCTYPE html><title>Sign in</title>", "text/html; charset=utf-8")
    victim.refuses("a page", page, "not-a-scep-server", "not-scep")
    page = answers("PKIOperation", b"<html>", "application/x-pki-message")
    victim.refuses("a page that says it is none", page, "not-a-scep-server", "not-scep")
    for media_type in ("text/html", "application/octet-stream", "Application/X-PKI-Message; charset=x", None):
        victim.accepts(f"a reply as {media_type}", answers("PKIOperation", media_type=media_type))
    for status, problem in ((500, "server-unreachable"), (403, "request-refused"), (302, "not-a-scep-server")):
        victim.refuses(f"a reply with {status}", answers("PKIOperation", status=status), problem)
    victim.enrolls()
