"""GetCACert, which only the pinned fingerprint vouches for: whom the challenge is encrypted to, and whom it is not."""

import datetime

import pytest
from asn1crypto import keys
from cryptography.hazmat.primitives.asymmetric import ec

from certificates import DAY, public_key, registration_authority, remade, rsa_numbers, self_signed, valid
from envelopes import algorithm
from machine import Machine
from scepd import Forgery, Hierarchy, RAKind, SCEPServer
from scepd.encoding import SEQUENCE, integer, nest, tlv
from scepd.hierarchy import Holder
from scepd.lies import bag, der, offers, signed_by
from victim import UNTRUSTED, MakeVictim, Victim

WRONG_CA, NO_RA, NO_SCEP = "wrong-ca", "ra-not-authorised", "not-a-scep-server"


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
    victim.refuses("neither for it", offers(offered), UNTRUSTED, "unsupported-recipient-key", asked=False)
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
        victim.accepts(f"one certificate as {media_type}", offers(der(issuing), media_type))
        victim.accepts(f"a bundle as {media_type}", offers([issuing], media_type))


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
    """With no challenge that is long enough for more, an elliptic key is none."""
    hierarchy = Hierarchy()
    own, root = hierarchy.issuing.certificate, hierarchy.root
    numbers = root.key.public_key().public_numbers()
    dsa = algorithm("1.2.840.10040.4.1", nest(SEQUENCE, *map(integer, (numbers.n, 65537, 3))))
    weak = {
        "RSA of 512 bits": rsa_numbers(numbers.n >> 1536 | 1),
        "RSA of 1024 bits": rsa_numbers(numbers.n >> 1024 | 1),
        "RSA of 2047 bits": rsa_numbers(numbers.n >> 1 | 1),
        "RSA with exponent 1": rsa_numbers(numbers.n, 1),
        "RSA with an even exponent": rsa_numbers(numbers.n, 65536),
        "P-256": public_key(ec.generate_private_key(ec.SECP256R1()).public_key()),
        "P-384": public_key(ec.generate_private_key(ec.SECP384R1()).public_key()),
        "DSA": keys.PublicKeyInfo.load(nest(SEQUENCE, dsa, tlv(3, b"\0" + integer(numbers.n)))),
    }
    made = {what: remade(own, root.key, subject_public_key_info=key) for what, key in weak.items()}
    pins = [Holder(one, root.key).fingerprint for one in (own, *made.values())]
    victim = make_victim(hierarchy, scep_ca_fingerprint=pins)
    for what, one in made.items():
        victim.refuses(what, offers(der(one)), UNTRUSTED, "unsupported-recipient-key", asked=False)
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
    for name, text in wrong.items():
        machine.profile(server, name, scep_ca_fingerprint=[text], subject_name=f"CN={name}")
    machine.profile(server, "beside", scep_ca_fingerprint=[right, wrong["md5"]])
    machine.start()
    with machine.control() as control:
        problems = control.status()["problems"]
    assert {one["code"] for one in problems} == {"profile-invalid"}
    for name in (*wrong, "beside"):
        (own,) = (one for one in problems if f"/{name}.toml" in one["text"])
        assert "SHA-256" in own["text"], own
    assert server.journal.exchanges == []
    assert machine.belongings() == {}


@pytest.mark.parametrize("is_legitimate", [True, False], ids=["a new RA", "an insider"])
def test_n24_the_ra_is_another_one_when_the_reply_comes(make_victim: MakeVictim, is_legitimate: bool) -> None:
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
