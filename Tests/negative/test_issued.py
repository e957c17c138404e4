"""What an authentic, opened reply issues: the certificate for our key, fit for us, and nothing that comes along."""

import datetime
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509

from agent import AgentError
from certificates import DAY, remade, rsa_numbers, self_signed, valid
from scepd import Draft, Forgery, Hierarchy, names
from scepd.authority import Validity
from scepd.hierarchy import Holder, name
from scepd.keys import rsa_key
from scepd.lies import der
from victim import UNFIT, UNTRUSTED, Victim

MINUTE = datetime.timedelta(minutes=1)


def brings(*certificates: x509.Certificate) -> Forgery:
    """These certificates in place of the issued one."""
    return Forgery(certificates=lambda _: list(certificates))


def beside(*certificates: x509.Certificate) -> Forgery:
    """These in front of the issued one."""
    return Forgery(certificates=lambda draft: [*certificates, *draft.certificates])


def again(draft: Draft, victim: Victim, validity: Validity, issuer: Holder | None = None) -> x509.Certificate:
    """Another certificate for the same request."""
    return victim.server.authority.issue(draft.request, validity, issuer=issuer)


def test_n69_the_certificate_is_the_one_for_our_key(victim: Victim) -> None:
    hierarchy, server = victim.server.hierarchy, victim.server
    thief = rsa_key("thief").public_key()

    def namesake(draft: Draft) -> list[x509.Certificate]:
        return [server.authority.issue(draft.request, Validity(), public_key=thief)]

    none = Forgery(certificates=lambda _: [])
    victim.refuses("none", none, UNTRUSTED, "undecipherable", "certificate-count")
    victim.refuses("the CA's", brings(hierarchy.issuing.certificate), UNFIT, "key-mismatch")
    victim.refuses("the CA's and the root's", brings(hierarchy.issuing.certificate, hierarchy.root.certificate), UNFIT)
    victim.refuses("of our name", Forgery(certificates=namesake), UNFIT, "key-mismatch")
    insider = server.responder.insider.certificate
    victim.refuses("another device's", brings(insider), UNFIT, "key-mismatch")
    # Of two for our key the newer one is taken, wherever it stands.
    for newer_first in (True, False):

        def two(draft: Draft) -> list[x509.Certificate]:
            made = [again(draft, victim, Validity(before=age * MINUTE)) for age in (4, 60)]
            return made if newer_first else made[::-1]  # noqa: B023

        victim.accepts("two", Forgery(certificates=two))
        published = victim.machine.published() / "cert.pem"
        taken = x509.load_pem_x509_certificate(published.read_bytes())
        age = datetime.datetime.now(datetime.UTC) - taken.not_valid_before_utc
        assert age < 30 * MINUTE
        assert taken in server.authority.issued


def test_n70_the_certificate_need_not_come_first(victim: Victim) -> None:
    hierarchy, insider = victim.server.hierarchy, victim.server.responder.insider
    for what, forgery in {
        "behind the CA": beside(hierarchy.issuing.certificate),
        "behind the chain, root first": beside(hierarchy.root.certificate, hierarchy.issuing.certificate),
        "behind another device's": beside(insider.certificate),
        "in front of the chain": Forgery(certificates=lambda draft: [*draft.certificates, hierarchy.root.certificate]),
    }.items():
        victim.accepts(what, forgery)
        served = (victim.machine.published() / "fullchain.pem").read_bytes()
        chain = x509.load_pem_x509_certificates(served)
        assert chain[1:2] == [hierarchy.issuing.certificate], what
        assert insider.certificate not in chain, what


def test_n71_somebody_else_certified_our_key(victim: Victim) -> None:
    another, insider = Hierarchy(label="another"), victim.server.responder.insider
    own = victim.server.hierarchy.issuing
    namesake = self_signed(own.certificate.subject, authority=True)
    for what, issuer in {
        "another CA": another.issuing,
        "another device": insider,
        "a CA of the same name": namesake,
        "the root itself": victim.server.hierarchy.root,
    }.items():

        def issued(draft: Draft) -> list[x509.Certificate]:
            made = again(draft, victim, Validity(), issuer)  # noqa: B023
            return [made, issuer.certificate, own.certificate]  # noqa: B023

        victim.refuses(what, Forgery(certificates=issued), UNFIT, "unfit-certificate")
    # The certificate that signed the request is one for our key.
    ourselves = Forgery(certificates=lambda draft: [draft.recipient])
    victim.refuses("ourselves", ourselves, UNFIT, "unfit-certificate")
    victim.enrolls()


def test_n72_a_certificate_out_of_its_time(victim: Victim) -> None:
    for what, validity in {
        "ended": Validity(before=3 * DAY, after=-DAY),
        "ended just now": Validity(before=DAY, after=datetime.timedelta(seconds=-1)),
        "not begun": Validity(before=-2 * DAY),
        "no time at all": Validity(before=datetime.timedelta(), after=datetime.timedelta()),
    }.items():
        victim.server.behaviour.validity = validity
        victim.refuses(what, None, UNTRUSTED, "certificate-not-current")
    victim.server.behaviour.validity = Validity()
    victim.enrolls()
    # Five minutes are a clock that runs ahead.
    victim.server.behaviour.validity = Validity(before=-5 * MINUTE)
    with victim.machine.admin() as admin:
        assert admin.enroll()[-1]["generation"] == 2


def test_n73_a_certificate_for_more_or_for_somebody_else(victim: Victim) -> None:
    """What stands in subjectAltName is the PKI's to say: the device tag judges what it gave."""
    server = victim.server
    key = server.hierarchy.issuing.key

    def changed(**parts: Any) -> Forgery:
        return Forgery(certificates=lambda draft: [remade(draft.certificates[0], key, **parts)])

    def subject(*attributes: x509.NameAttribute[str]) -> Forgery:
        named = x509.Name(attributes).public_bytes()
        return changed(subject=asn1_x509.Name.load(named))

    def issued(**how: bool) -> Forgery:
        def certificates(draft: Draft) -> list[x509.Certificate]:
            return [server.authority.issue(draft.request, Validity(), **how)]  # type: ignore[arg-type]

        return Forgery(certificates=certificates)

    victim.refuses("a CA's", issued(authority=True), UNFIT, "unfit-certificate")
    victim.refuses("a server's", issued(client=False), UNFIT, "unfit-certificate")
    other = x509.NameAttribute(x509.NameOID.COMMON_NAME, "laptop-8")
    organization = x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Signet Tests")
    for what, forgery in {
        "another name": subject(other, organization),
        "a part of the name": subject(organization),
        "no name": subject(),
        "the CA's name": changed(subject=asn1_x509.Name.load(name("pki issuing CA").public_bytes())),
    }.items():
        victim.refuses(what, forgery, UNFIT, "subject-mismatch")

    def unnamed(draft: Draft) -> list[x509.Certificate]:
        (one,) = draft.certificates
        san = x509.SubjectAlternativeName.oid.dotted_string
        body = asn1_x509.Certificate.load(der(one))["tbs_certificate"]
        kept = [extension for extension in body["extensions"] if extension["extn_id"].dotted != san]
        assert len(kept) == len(body["extensions"]) - 1
        return [remade(one, key, extensions=kept)]

    victim.accepts("without the name that was asked for", Forgery(certificates=unnamed))


def test_n74_a_certificate_that_can_be_forged(victim: Victim) -> None:
    key = victim.server.hierarchy.issuing.key

    def resigned(digest: str) -> Forgery:
        return Forgery(certificates=lambda draft: [remade(draft.certificates[0], key, digest)])

    for digest in ("md5", "sha1"):
        victim.refuses(digest, resigned(digest), UNFIT, "unfit-certificate")
    # Whoever signs with exponent 1 signs for everybody; it is not the key that was asked for.
    modulus = rsa_key("stranger").public_key().public_numbers().n

    def exponent_one(draft: Draft) -> list[x509.Certificate]:
        return [remade(draft.certificates[0], key, subject_public_key_info=rsa_numbers(modulus, 1))]

    victim.refuses("exponent 1", Forgery(certificates=exponent_one), UNFIT, "key-mismatch")
    victim.enrolls()


def test_n75_a_root_that_comes_along(victim: Victim) -> None:
    """The machine trusts what root's files name, whatever a reply carries."""
    another, own = Hierarchy(label="another"), victim.server.hierarchy
    victim.accepts("another PKI's", beside(another.root.certificate, another.issuing.certificate))
    trusted = victim.machine.anchors().values()
    assert [x509.load_pem_x509_certificate(one) for one in trusted] == [own.root.certificate]
    folder = victim.machine.root / "etc/ssl/signet/access"
    published = [file.read_bytes() for file in folder.rglob("*.pem") if file.is_file()]
    assert len(published) >= 5
    strangers = {another.root.certificate, another.issuing.certificate}
    for content in published:
        if b"BEGIN CERTIFICATE" in content:
            assert strangers.isdisjoint(x509.load_pem_x509_certificates(content))


def test_n76_a_renewal_that_renews_nothing(victim: Victim) -> None:
    """NDES gives what it gave before. What ends sooner than the old one is taken and shown: a policy may change."""
    victim.enrolls()
    held = victim.belongings()
    current = victim.server.journal.issued[-1]
    issuing = victim.server.hierarchy.issuing
    before = valid(current, issuing, -30 * DAY, 60 * DAY)
    numbered = remade(before, issuing.key, serial_number=current.serial_number + 1)

    def older(draft: Draft) -> list[x509.Certificate]:
        return [again(draft, victim, Validity(before=DAY))]

    def same_number(draft: Draft) -> list[x509.Certificate]:
        return [remade(draft.certificates[0], issuing.key, serial_number=current.serial_number)]

    for what, forgery in {
        "the same": brings(current),
        "the same, made anew": brings(before),
        "an older one of its key": brings(numbered),
        "an older one": Forgery(certificates=older),
        "one of the same number": Forgery(certificates=same_number),
    }.items():
        asked = len(victim.server.journal.operations)
        victim.server.behaviour.forgery = forgery
        try:
            with victim.machine.admin() as admin:
                raise AssertionError(f"{what}: was taken: {admin.renew()[-1]}")
        except AgentError as error:
            assert error.problem == UNFIT, what
            fault = "not-renewed" if "of its key" not in what and "anew" not in what else "key-mismatch"
            assert f": {fault} " in error.parameters["problem"]["text"], (what, error)
        assert [one.message_type for one in victim.server.journal.operations[asked:]] == [names.RENEWAL_REQ], what
        assert victim.belongings() == held, what
        profile = victim.status()
        assert profile["tag"]["value"] == "valid-client-certificate", what
        assert profile["next"]["action"] == "renew", what
        assert profile["next"]["at"] < profile["identity"]["not_after"], what
    victim.server.behaviour.forgery = None
    victim.server.behaviour.validity = Validity(after=DAY)
    with victim.machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    profile = victim.machine.wait_enrolled(generation=2)
    assert [one["code"] for one in profile["problems"]] == ["expires-sooner"]
