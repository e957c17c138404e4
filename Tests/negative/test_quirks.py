"""What real servers do that no RFC asks for and that harms nobody: each is taken as it comes, and nothing is said.

The names are those of servers in which each was seen; none of them is asked who it is.
"""

import pytest
from asn1crypto import csr
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from certificates import registration_authority
from envelopes import NULL, RSA_OAEP, Envelope, algorithm, transport, wrap
from machine import Machine
from scepd import Draft, FailureContent, Forgery, Hierarchy, RAKind, SCEPServer, Trouble, names
from scepd.encoding import SEQUENCE, nest, octets
from scepd.lies import answers, attributes, computed, offers, others
from scepd.signed import sign
from victim import MakeVictim, Victim


@pytest.mark.parametrize(
    "path",
    [
        "/certsrv/mscep/mscep.dll",
        "/certsrv/mscep/mscep.dll/pkiclient.exe",
        "/scep/provisioner",
        "/scep/provisioner/pkiclient.exe",
        "/ejbca/publicweb/apply/scep/alias/pkiclient.exe",
        "/scep/alias/pkiclient.exe",
        "/cgi-bin/pkiclient.exe",
        "/scep?profile=machines&tenant=a%2Fb",
        "/",
    ],
)
def test_q01_q31_q40_q75_a_url_is_taken_to_the_letter(machine: Machine, server: SCEPServer, path: str) -> None:
    machine.profile(server, scep_url=f"http://127.0.0.1:{server.port}{path}")
    machine.start()
    machine.wait_enrolled()
    own, _, query = path.partition("?")
    for one in server.journal.exchanges:
        asked, _, parameters = one.target.partition("?")
        assert asked == own
        assert set(query.split("&") if query else []) < set(parameters.split("&"))
        assert f"operation={one.operation}" in parameters.split("&")


def test_q02_a_server_that_hangs_up_on_getcacaps(victim: Victim) -> None:
    """NDES before 2008 R2. The next question comes over a new connection."""
    victim.server.behaviour.troubles = [Trouble("refuse", "GetCACaps")]
    asked = len(victim.server.journal.exchanges)
    victim.accepts("hung up", None)
    caps, certificates, *_ = victim.server.journal.exchanges[asked:]
    assert (caps.operation, certificates.operation) == ("GetCACaps", "GetCACert")
    assert caps.connection != certificates.connection


@pytest.mark.parametrize("digest", [hashes.SHA1(), hashes.SHA256()], ids=["SHA-1", "SHA-256"])
@pytest.mark.parametrize("security", ["compatible", "rfc8894"])
def test_q04_q65_a_key_under_oaep(make_victim: MakeVictim, security: str, digest: hashes.HashAlgorithm) -> None:
    """NDES 2012 asked in AES, Dogtag where it is told to. The digest is of the padding, and signs nothing."""
    victim = make_victim(scep_security=security)
    how = padding.OAEP(padding.MGF1(digest), digest, None)
    named = algorithm(names.DIGESTS[digest.name], NULL)
    masked = algorithm("1.2.840.113549.1.1.8", named)
    parameters = [] if digest.name == "sha1" else [nest(0xA0, named), nest(0xA1, masked)]

    def content(draft: Draft) -> bytes:
        envelope = Envelope.of(draft)
        wrapped = wrap(draft, envelope.key, how)
        envelope.recipients = [transport(draft, wrapped, algorithm(RSA_OAEP, nest(SEQUENCE, *parameters)))]
        return envelope.der()

    victim.accepts("OAEP", Forgery(content=content))


def test_q04_a_post_that_is_answered_with_nothing(victim: Victim) -> None:
    """The same message by GET: more of it in N-84."""
    victim.server.behaviour.post = "empty"
    assert victim.accepts("nothing", None).method == "GET"


@pytest.mark.parametrize("order", ["as made", "turned round"])
def test_q07_a_signing_and_an_encrypting_ra_beside_older_ones(make_victim: MakeVictim, order: str) -> None:
    """The order of what NDES sends says nothing, and what it renewed stays for a while."""
    victim = make_victim(Hierarchy(RAKind.SEPARATE))
    hierarchy = victim.server.hierarchy
    old = [
        registration_authority(
            hierarchy.issuing,
            f"old {usage}",
            (usage,),
            not_before=hierarchy.issuing.certificate.not_valid_before_utc,
            not_after=hierarchy.issuing.certificate.not_valid_after_utc,
        ).certificate
        for usage in ("digital_signature", "key_encipherment")
    ]
    new = [
        registration_authority(hierarchy.issuing, f"new {usage}", (usage,))
        for usage in ("digital_signature", "key_encipherment")
    ]
    hierarchy.signer, hierarchy.recipient = new
    offered = [*old, *(one.certificate for one in new), hierarchy.issuing.certificate, hierarchy.root.certificate]
    victim.accepts(order, offers(offered if order == "as made" else offered[::-1]))


def test_q10_a_refusal_as_ndes_makes_it(victim: Victim) -> None:
    """One byte of content, no certificate, SHA-1, and a result code of its own."""
    behaviour = victim.server.behaviour
    behaviour.digest, behaviour.embed_signer = "sha1", False
    behaviour.failure, behaviour.failure_content = names.BAD_REQUEST, FailureContent.ONE_BYTE
    found = victim.refuses("refused", None, "challenge-refused")
    assert "NDES" in found["remedy"] and "badRequest" in found["text"]


@pytest.mark.parametrize(("given", "kind"), [(None, "printable_string"), ("utf8", "utf8_string")])
def test_q14_servers_that_know_one_string_type_of_a_challenge(
    make_victim: MakeVictim, given: str | None, kind: str
) -> None:
    victim = make_victim(scep_challenge_string=given)
    seen = []

    def look(draft: Draft) -> bytes | None:
        assert draft.message.opened
        request = csr.CertificationRequest.load(draft.message.opened.content)["certification_request_info"]
        kinds = {one["type"].native: one["values"][0] for one in request["attributes"]}
        seen.append(kinds["challenge_password"].name)
        return draft.content

    victim.accepts(kind, Forgery(content=look))
    assert seen == [kind]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_q11_an_error_page_in_place_of_a_reply(victim: Victim, status: int) -> None:
    page = answers("PKIOperation", b"<!DOCTYPE html><h1>404.15</h1>", "text/html", status)
    victim.refuses("a page", page, "server-unreachable" if status == 500 else "request-refused")
    victim.enrolls()


def test_q25_our_nonce_is_given_back_as_the_servers_own(victim: Victim) -> None:
    victim.accepts("the same", computed(names.SENDER_NONCE, lambda draft: octets(draft.message.nonce)))
    # RFC 8894 §3.3.2 asks a CertRep for none.
    victim.accepts("none", attributes(lambda _, found: others(found, names.SENDER_NONCE)))


def test_q26_a_server_that_knows_no_polls(victim: Victim) -> None:
    """micromdm and step-ca: once the reply was lost nobody can tell its fate, and it is asked for anew."""
    server, machine = victim.server, victim.machine
    server.behaviour.troubles = [Trouble("lost", times=1)]
    victim.refuses("lost", None, "server-unreachable")
    server.behaviour.troubles = [Trouble("status", message_type=names.CERT_POLL, status=500)]
    with machine.admin() as admin, pytest.raises(Exception, match="server-unreachable"):
        admin.renew()
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    kinds = [one.message_type for one in server.journal.operations]
    assert kinds == [names.PKCS_REQ, names.CERT_POLL, names.PKCS_REQ]
    assert len({one.transaction_id for one in server.journal.operations}) == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", ""], ids=["LF", "CRLF", "no end"])
def test_q29_capabilities_and_a_certificate_as_go_servers_give_them(victim: Victim, end: str) -> None:
    separator = end or "\n"
    capabilities = separator.join(["Renewal", "SHA-1", "SHA-256", "AES", "DES3", "SCEPStandard", "POSTPKIOperation"])
    assert victim.accepts("one", answers("GetCACaps", (capabilities + end).encode())).method == "POST"


def test_q42_q43_refusals_and_waits_as_ejbca_makes_them(victim: Victim) -> None:
    behaviour = victim.server.behaviour
    behaviour.embed_signer, behaviour.failure_content = False, FailureContent.EMPTY
    behaviour.failure = names.BAD_ALG
    assert "badAlg" in victim.refuses("refused", None, "request-refused")["text"]
    behaviour.failure, behaviour.pending = None, 1
    victim.waits("waits")
    with victim.machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1


@pytest.mark.parametrize("kind", [RAKind.NONE, RAKind.ONE])
def test_q44_q57_the_ca_and_the_chain_in_the_reply_or_not(make_victim: MakeVictim, kind: RAKind) -> None:
    victim = make_victim(Hierarchy(kind))
    hierarchy = victim.server.hierarchy
    issuing, root = hierarchy.issuing.certificate, hierarchy.root.certificate

    def inside(*more: x509.Certificate) -> Forgery:
        return Forgery(certificates=lambda draft: [*draft.certificates, *more])

    def outside(*more: x509.Certificate) -> Forgery:
        return Forgery(embedded=lambda draft: [*draft.embedded, *more])

    for form, where in {"envelope": inside, "message": outside}.items():
        for what, more in {"none": [], "the CA": [issuing], "the chain": [issuing, root]}.items():
            victim.accepts(f"{what} in the {form}", where(*more))


def test_q53_key_transport_without_parameters(victim: Victim) -> None:
    """OpenXPKI leaves out the NULL."""

    def content(draft: Draft) -> bytes:
        envelope = Envelope.of(draft)
        bare = algorithm(names.RSA_ENCRYPTION)
        envelope.recipients = [transport(draft, wrap(draft, envelope.key), bare)]
        return envelope.der()

    victim.accepts("no NULL", Forgery(content=content))


def test_q56_approval_by_a_person(victim: Victim) -> None:
    """OpenXPKI's workflows: PENDING is no exception, and a poll has the request's id."""
    victim.server.behaviour.pending = 2
    victim.waits("approval")
    with victim.machine.admin() as admin:
        assert admin.renew()[-1].get("generation") is None
        assert admin.renew()[-1]["generation"] == 1
    assert len({one.transaction_id for one in victim.server.journal.operations}) == 1


def test_q64_a_refusal_in_an_empty_envelope(victim: Victim) -> None:
    """Dogtag's."""
    behaviour = victim.server.behaviour
    behaviour.failure, behaviour.failure_content = names.BAD_ALG, FailureContent.ENVELOPE
    victim.refuses("refused", None, "request-refused")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
def test_q74_errors_without_a_body(victim: Victim, status: int) -> None:
    """XiPKI's, of which one asks to wait."""
    retry_after = "120" if status == 503 else None
    victim.server.behaviour.troubles = [Trouble("status", status=status, retry_after=retry_after, text="")]
    problem = {500: "server-unreachable", 503: "server-overloaded"}.get(status, "request-refused")
    victim.refuses("an error", None, problem, asked=None)
    victim.server.behaviour.troubles = []
    victim.enrolls()


def test_q83_certificates_beside_content_of_no_bytes(victim: Victim) -> None:
    """mod_scep's."""
    issuing = victim.server.hierarchy.issuing.certificate
    victim.accepts("GetCACert", offers(sign(b"", [], [issuing])))
    victim.accepts("the reply", Forgery(payload=lambda draft: sign(b"", [], draft.certificates)))
