"""GetCACert, which only the pinned fingerprint vouches for: whom the challenge is encrypted to, and whom it is not."""

import datetime
from collections.abc import Sequence

import pytest
from asn1crypto import keys
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certificates import DAY, public_key, registration_authority, remade, rsa_numbers, self_signed, valid
from envelopes import algorithm
from machine import Machine
from scepd import Behaviour, Forgery, Hierarchy, RAKind, SCEPServer
from scepd.attacks import stranger
from scepd.encoding import SEQUENCE, integer, nest, tlv
from scepd.hierarchy import Holder, certificate, name
from scepd.keys import rsa_key
from scepd.lies import answers, bag, der, offers, signed_by
from scepd.signed import Signer, degenerate, sign
from victim import UNTRUSTED, MakeVictim, Victim

WRONG_CA, NO_RA, NO_SCEP = "wrong-ca", "ra-not-authorised", "not-a-scep-server"
NO_RECIPIENT = "unsupported-recipient-key"


def test_n10_a_ca_that_is_not_the_pinned_one(victim: Victim) -> None:
    issuing, stranger = victim.server.hierarchy.issuing.certificate, Hierarchy(label="another").issuing
    namesake = self_signed(issuing.subject, authority=True)
    # The right names and the right serial number, over another key.
    twin = remade(issuing, stranger.key, subject_public_key_info=public_key(stranger.key.public_key()))
    for what, forgery in {
        "another CA": offers(der(stranger.certificate)),
        "another CA in a bundle": offers([stranger.certificate]),
        "one of the same name": offers(der(namesake.certificate)),
        "one of the same name and number": offers(der(twin)),
        "the root above it alone": offers(der(victim.server.hierarchy.root.certificate)),
    }.items():
        found = victim.refuses(what, forgery, WRONG_CA, "ca-not-pinned", asked=False)
        assert "sha256:" in found["text"], what
    victim.enrolls()


def test_n11_an_ra_of_another_ca_that_comes_along(victim: Victim) -> None:
    another, own = Hierarchy(RAKind.ONE, label="another"), victim.server.hierarchy.issuing.certificate
    for what, offered in {
        "with its CA": [another.signer.certificate, own, another.issuing.certificate],
        "its CA first": [another.issuing.certificate, another.signer.certificate, own],
        "without its CA": [another.signer.certificate, own],
    }.items():
        victim.refuses(what, offers(offered), NO_RA, "ra-not-issued-by-ca", asked=False)
    victim.enrolls()


def test_n12_an_insider_in_the_place_of_the_ra(victim: Victim) -> None:
    """Its certificate is of the pinned CA, and all that an enrolled device lacks is somebody who says it is the RA."""
    hierarchy, insider = victim.server.hierarchy, victim.server.responder.insider
    for what, offered in {
        "first": [insider.certificate, hierarchy.issuing.certificate],
        "last": [hierarchy.issuing.certificate, insider.certificate],
        "with the root": [insider.certificate, hierarchy.issuing.certificate, hierarchy.root.certificate],
    }.items():
        found = victim.refuses(what, offers(offered), NO_RA, "ra-not-authorised", asked=False)
        assert insider.fingerprint in found["text"], what
    # Nor does it sign for the CA where it is not offered.
    victim.refuses("signing", signed_by(insider), UNTRUSTED, "untrusted-signer")
    victim.enrolls()


def test_n12_an_insider_beside_the_ra(make_victim: MakeVictim) -> None:
    victim = make_victim(Hierarchy(RAKind.ONE))
    hierarchy, insider = victim.server.hierarchy, victim.server.responder.insider
    offered = [insider.certificate, hierarchy.signer.certificate, hierarchy.issuing.certificate]
    signs = Forgery(answers=offers(offered).answers, signers=signed_by(insider).signers)
    victim.refuses("signing", signs, UNTRUSTED, "untrusted-signer")
    victim.accepts("passed over", offers(offered))


def test_n13_an_ra_out_of_its_time_or_for_another_use(make_victim: MakeVictim) -> None:
    victim = make_victim(Hierarchy(RAKind.ONE))
    issuing = victim.server.hierarchy.issuing
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    ended = registration_authority(issuing, not_before=now - 3 * DAY, not_after=now - DAY)
    early = registration_authority(issuing, not_before=now + DAY, not_after=now + 3 * DAY)
    for what, one in {"ended": ended, "not begun": early}.items():
        forgery = offers([one.certificate, issuing.certificate])
        victim.refuses(what, forgery, UNTRUSTED, "authority-expired", asked=False)
    both = [registration_authority(issuing, role, ("crl_sign",)) for role in ("one", "other")]
    offered = [*(one.certificate for one in both), issuing.certificate]
    victim.refuses("neither for it", offers(offered), NO_RECIPIENT, "unsupported-recipient-key", asked=False)
    # With one there is nothing to choose from (RFC 8894 §3.5.2).
    only = registration_authority(issuing, "only", ("crl_sign",))
    victim.server.hierarchy.signer = victim.server.hierarchy.recipient = only
    victim.accepts("the only one", None)


def test_n14_an_ra_that_signs_itself_in_the_cas_name(victim: Victim) -> None:
    issuing = victim.server.hierarchy.issuing
    impostor = self_signed(issuing.certificate.subject, authority=False)
    forgery = offers([impostor.certificate, issuing.certificate])
    victim.refuses("no CA", forgery, NO_RA, "ra-not-issued-by-ca", asked=False)
    # One that says it is a CA is passed over: the challenge goes to the pinned one, and its word is not taken.
    impostor = self_signed(issuing.certificate.subject, authority=True)
    offered = offers([impostor.certificate, issuing.certificate])
    signs = Forgery(answers=offered.answers, signers=signed_by(impostor).signers)
    victim.refuses("signing", signs, UNTRUSTED, "untrusted-signer")
    victim.accepts("passed over", offered)


def test_n15_an_issuing_ca_that_has_ended_below_a_pinned_root(make_victim: MakeVictim) -> None:
    hierarchy = Hierarchy()
    ended = valid(hierarchy.issuing.certificate, hierarchy.root, -3 * DAY, -DAY)
    hierarchy.issuing = hierarchy.signer = hierarchy.recipient = Holder(ended, hierarchy.issuing.key)
    victim = make_victim(hierarchy, scep_ca_fingerprint=[hierarchy.root.fingerprint])
    offered = offers([ended, hierarchy.root.certificate])
    victim.refuses("ended", offered, UNTRUSTED, "authority-expired", asked=False)
    victim.refuses("without its root", offers([ended]), UNTRUSTED, "authority-expired", asked=False)


def test_n16_media_types_decide_nothing(victim: Victim) -> None:
    issuing = victim.server.hierarchy.issuing.certificate
    for media_type in (
        "application/x-x509-ca-cert",
        "application/x-x509-ca-ra-cert",
        "application/x-x509-ca-cert; charset=utf-8",
        "Application/X-X509-CA-RA-Cert ;charset=UTF-8",
        "application/x-x509-ra-ca-certs",
        "application/octet-stream",
        "text/html",
        None,
    ):
        # Every type is wrong for one of the two.
        body = der(issuing) if media_type and "ra-" in media_type.lower() else [issuing]
        victim.accepts(f"as {media_type}", offers(body, media_type))
    victim.accepts("one certificate as no type", offers(der(issuing), None))


def test_n17_what_is_no_list_of_certificates(victim: Victim) -> None:
    hierarchy = victim.server.hierarchy
    own, root = hierarchy.issuing.certificate, hierarchy.root.certificate
    attribute_certificate = tlv(0xA2, der(own)[4:])
    for what, body, fault in (
        ("none", bag(), "certificate-count"),
        ("no bytes", b"", "empty"),
        ("a thousand", bag(*[der(own)] * 1000), "certificate-count"),
        ("an attribute certificate", bag(der(own), attribute_certificate), "certificate-kind"),
        ("bytes behind one", der(own) + b"\0", "malformed"),
        ("bytes behind a bundle", bag(der(own)) + b"\0", "malformed"),
        ("half of one", der(own)[:400], "malformed"),
        ("half of a bundle", bag(der(own), der(root))[:400], "malformed"),
        ("PEM", hierarchy.issuing.pem.encode(), "pem"),
        ("a page", b"<html>no</html>", "html"),
    ):
        victim.refuses(what, offers(body), NO_SCEP, "not-scep", fault, asked=False)
    victim.accepts("each twice", offers([own, own, root, root]))


def test_n18_a_ca_whose_key_cannot_be_encrypted_to(make_victim: MakeVictim) -> None:
    """Nor an elliptic one, for a server that does not say it is up to RFC 8894."""
    hierarchy = Hierarchy()
    own, root = hierarchy.issuing.certificate, hierarchy.root
    modulus = rsa_key("numbers").public_key().public_numbers().n
    dsa = algorithm("1.2.840.10040.4.1", nest(SEQUENCE, *map(integer, (modulus, 65537, 3))))
    weak = {
        "RSA of 512 bits": rsa_numbers(modulus >> 1536 | 1),
        "RSA of 1024 bits": rsa_numbers(modulus >> 1024 | 1),
        "RSA of 2047 bits": rsa_numbers(modulus >> 1 | 1),
        "RSA with exponent 1": rsa_numbers(modulus, 1),
        "RSA with an even exponent": rsa_numbers(modulus, 65536),
        "P-256": public_key(ec.generate_private_key(ec.SECP256R1()).public_key()),
        "P-384": public_key(ec.generate_private_key(ec.SECP384R1()).public_key()),
        "DSA": keys.PublicKeyInfo.load(nest(SEQUENCE, dsa, tlv(3, b"\0" + integer(modulus)))),
    }
    made = {what: remade(own, root.key, subject_public_key_info=key) for what, key in weak.items()}
    pins = [Holder(one, root.key).fingerprint for one in (own, *made.values())]
    plain = Behaviour(capabilities=["AES", "POSTPKIOperation", "Renewal", "SHA-256"])
    victim = make_victim(hierarchy, plain, scep_ca_fingerprint=pins)
    for what, one in made.items():
        victim.refuses(what, offers(der(one)), NO_RECIPIENT, "unsupported-recipient-key", asked=False)
    victim.enrolls()


def test_n19_fingerprints_that_pin_nothing(machine: Machine, server: SCEPServer) -> None:
    """Said before anything is sent, with the file and what would be right."""
    right = server.fingerprint
    wrong = {
        "sha1": "sha1:" + "a1" * 20,
        "sha1-alone": "a1" * 20,
        "md5": "E79F8AD3 73F7D8E0 11223344 55667788",
        "short": right[:-2],
        "long": right + "00",
        "odd": right[:-1],
        "words": "sha256:pki.example.com",
        "nothing": "",
    }
    for word, text in wrong.items():
        machine.profile(server, word, scep_ca_fingerprint=[text], subject_name=f"CN={word}")
    machine.profile(server, "beside", scep_ca_fingerprint=[right, wrong["md5"]])
    machine.start()
    with machine.control() as control:
        problems = control.status()["problems"]
    assert {one["code"] for one in problems} == {"profile-invalid"}
    for word in (*wrong, "beside"):
        (own,) = (one for one in problems if f"/{word}.toml" in one["text"])
        assert "SHA-256" in own["text"], own
    assert server.journal.exchanges == []
    assert machine.belongings() == {}


TOLD = "next-ca-not-pinned"


@pytest.fixture
def ending(make_victim: MakeVictim) -> Victim:
    """The victim of a CA in the last tenth of its life, which names its successor."""
    hierarchy = Hierarchy()
    old = valid(hierarchy.issuing.certificate, hierarchy.root, -900 * DAY, 100 * DAY)
    hierarchy.issuing = hierarchy.signer = hierarchy.recipient = Holder(old, hierarchy.issuing.key)
    hierarchy.successor = next_ca(hierarchy)
    victim = make_victim(hierarchy)
    victim.server.behaviour.capabilities.append("GetNextCACert")
    return victim


def next_ca(hierarchy: Hierarchy, begin: datetime.timedelta = -DAY, end: datetime.timedelta = 900 * DAY) -> Holder:
    """A CA that the same root certified, as another one than the present."""
    key = rsa_key("next")
    original, now = hierarchy.issuing.certificate, datetime.datetime.now(datetime.UTC)
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (original.extensions.get_extension_for_class(x509.KeyUsage).value, True),
    ]
    times = {"not_before": now + begin, "not_after": now + end}
    return Holder(certificate(name("next issuing CA"), key.public_key(), hierarchy.root, extensions, **times), key)


def announces(content: bytes, *signers: Holder, embedded: Sequence[Holder] = ()) -> Forgery:
    """GetNextCACert is answered with that content, signed by these."""
    told = [Signer(one.certificate, one.key) for one in signers]
    return answers("GetNextCACert", sign(content, told, [one.certificate for one in (*signers, *embedded)]))


def follows_nobody(victim: Victim, what: str, forgery: Forgery) -> None:
    """An announcement that is not believed: nothing is said of it, and nothing fails for it."""
    victim.accepts(what, forgery)
    assert victim.server.journal.exchanges[-2].operation == "GetNextCACert", what


def test_n20_a_next_ca_that_nobody_signed(ending: Victim) -> None:
    successor = ending.server.hierarchy.successor
    assert successor
    bare = degenerate([successor.certificate])
    follows_nobody(ending, "a bundle", answers("GetNextCACert", bare))
    follows_nobody(ending, "a certificate", answers("GetNextCACert", successor.der))
    follows_nobody(ending, "signed by none", announces(bare))
    ending.accepts("the truth", None, TOLD)


def test_n21_a_next_ca_that_somebody_else_signed(ending: Victim) -> None:
    """An RA does not speak for its CA's future."""
    hierarchy, successor = ending.server.hierarchy, ending.server.hierarchy.successor
    assert successor
    bare = degenerate([successor.certificate])
    for what, one in {
        "an insider": ending.server.responder.insider,
        "an RA": registration_authority(hierarchy.issuing),
        "the next CA": successor,
        "the root": hierarchy.root,
        "a stranger": stranger(),
    }.items():
        follows_nobody(ending, what, announces(bare, one))
    follows_nobody(ending, "two", announces(bare, hierarchy.issuing, successor))
    ending.accepts("the truth", None, TOLD)


def test_n22_a_certificate_beside_what_was_signed(ending: Victim) -> None:
    hierarchy, successor = ending.server.hierarchy, ending.server.hierarchy.successor
    assert successor
    other = Hierarchy(label="another")
    strangers = [other.root, other.issuing]
    beside = announces(degenerate([successor.certificate]), hierarchy.issuing, embedded=strangers)
    ending.accepts("beside the next", beside, TOLD)
    (told,) = ending.status()["problems"]
    assert successor.fingerprint in told["text"]
    for one in strangers:
        assert one.fingerprint not in told["text"]
    for place in (ending.machine.anchors(), ending.machine.belongings()):
        assert all(one.pem.encode() not in content for one in strangers for content in place.values())


def test_n22_a_certificate_where_nothing_was_signed(ending: Victim) -> None:
    follows_nobody(ending, "alone", announces(b"", ending.server.hierarchy.issuing, embedded=[stranger()]))


def test_n23_a_next_ca_that_cannot_be_one(ending: Victim) -> None:
    hierarchy = ending.server.hierarchy
    issuing, device = hierarchy.issuing, ending.server.responder.insider
    for what, one in {
        "no CA": device,
        "the present one": issuing,
        "an ended one": next_ca(hierarchy, -3 * DAY, -DAY),
    }.items():
        follows_nobody(ending, what, announces(degenerate([one.certificate]), issuing))
    # One that has yet to begin is told of, and until then it is nobody's authority.
    early = next_ca(hierarchy, DAY)
    told = announces(degenerate([early.certificate]), issuing)
    ending.accepts("a coming one", told, TOLD)
    ending.refuses("signed by a coming one", signed_by(early), UNTRUSTED, "untrusted-signer")


def test_n23_a_next_ca_that_root_names_is_followed_once_it_issues(make_victim: MakeVictim) -> None:
    """Both are pinned for a while: whichever issues is taken, and one that has yet to begin is passed over."""
    hierarchy = Hierarchy()
    coming, present = next_ca(hierarchy, DAY), next_ca(hierarchy)
    pins = [one.fingerprint for one in (hierarchy.issuing, coming, present)]
    victim = make_victim(hierarchy, scep_ca_fingerprint=pins)
    first = hierarchy.issuing
    victim.accepts("a coming one beside", offers([coming.certificate, first.certificate]))
    hierarchy.issuing = hierarchy.signer = hierarchy.recipient = present
    victim.accepts("the next one", offers([present.certificate, first.certificate]), "ra-changed")


@pytest.mark.parametrize("is_legitimate", [True, False], ids=["a new RA", "an insider"])
def test_n24_q08_the_ra_is_another_one_when_the_reply_comes(make_victim: MakeVictim, is_legitimate: bool) -> None:
    """Its certificates are asked for once more, and have to pass as the first did before anything is sent to it."""
    victim = make_victim(Hierarchy(RAKind.ONE))
    server, hierarchy = victim.server, victim.server.hierarchy
    first = hierarchy.signer
    successor = registration_authority(hierarchy.issuing) if is_legitimate else server.responder.insider
    victim.refuses("another signs", signed_by(successor), UNTRUSTED, "untrusted-signer")
    hierarchy.signer = hierarchy.recipient = successor
    asked, operations = len(server.journal.exchanges), len(server.journal.operations)
    if is_legitimate:
        with victim.machine.admin() as admin:
            assert admin.renew()[-1]["generation"] == 1
        profile = victim.machine.wait_enrolled()
        assert {one["code"] for one in profile["problems"]} == {"ra-changed"}
        # What is issued by now was asked after, not asked for again.
        assert [one.challenge_present for one in server.journal.operations[operations:]] == [None]
    else:
        victim.refuses("an insider", None, NO_RA, "ra-not-authorised", asked=False)
        hierarchy.signer = hierarchy.recipient = first
    new = [one.operation for one in server.journal.exchanges[asked:] if one.operation != "PKIOperation"]
    assert new == ["GetCACaps", "GetCACert"]
    if not is_legitimate:
        victim.enrolls()
