"""Messages under the challenge (RFC 8894 §3.1): where a key signs only, and nothing can be encrypted to it."""

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from fixtures import MakeServer
from machine import PATIENCE, Machine, problem_codes
from scepd import Behaviour, Challenges, Hierarchy, RAKind, SCEPServer, Trouble, names
from secrecy import files, forms, where

CHALLENGE = "a challenge that nobody guesses"
STANDARD = ["AES", "POSTPKIOperation", "SHA-256", "SCEPStandard", "Renewal"]


@pytest.fixture
def server(make_server: MakeServer) -> SCEPServer:
    """A CA with an EC key and without an RA: it opens what comes under the challenge."""
    return make_server(Behaviour(challenges=Challenges(static=CHALLENGE)), Hierarchy(elliptic=True))


def begin(machine: Machine, server: SCEPServer, challenge: str = CHALLENGE, **changes: Any) -> None:
    """Starts a machine with a profile for an EC key."""
    machine.challenge(challenge)
    machine.profile(server, **({"key_type": "ec"} | changes))
    machine.start()


def kept(machine: Machine) -> Path:
    """Where the challenge lies for the length of a transaction."""
    return machine.root / "var/lib/signet/profiles/access/pending/challenge"


def places(machine: Machine) -> set[str]:
    """The files and logs in which the challenge stands."""
    found = {path: file.read_bytes() for path, file in files(machine.root)}
    return where(found | {log.name: log.read_bytes() for log in machine.state.glob("*.log")}, forms(CHALLENGE.encode()))


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_with_a_ca_that_has_an_ec_key(machine: Machine, server: SCEPServer, kind: str) -> None:
    begin(machine, server, key_type=kind)
    profile = machine.wait_enrolled()
    assert profile["problems"] == []
    (request,) = server.journal.operations
    assert (request.under_password, request.challenge_right, request.signer_is_self_signed) == (True, True, True)
    certificate = x509.load_pem_x509_certificate((machine.published() / "cert.pem").read_bytes())
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey) == (kind == "ec")
    certificate.verify_directly_issued_by(server.hierarchy.issuing.certificate)
    machine.stop()
    assert places(machine) == {"etc/signet/credentials/scep-challenge"}


@pytest.mark.parametrize(("kind", "message"), [("ec", names.PKCS_REQ), ("rsa", names.RENEWAL_REQ)])
def test_renewal(machine: Machine, server: SCEPServer, kind: str, message: str) -> None:
    """An RSA identity signs its renewal and is answered; the challenge encrypts, and is not shown."""
    begin(machine, server, key_type=kind)
    machine.wait_enrolled()
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    machine.wait_enrolled(generation=2)
    renewal = server.journal.operations[-1]
    assert (renewal.message_type, renewal.under_password) == (message, True)
    assert renewal.challenge_present is (kind == "ec")


def test_the_answer_to_an_ec_key_alone(machine: Machine, make_server: MakeServer) -> None:
    """With transport = "password" the request's own key signs it, as RFC 8894 §2.3 has it; no other is made."""
    server = make_server(Behaviour(pending=1, challenges=Challenges(static=CHALLENGE)))
    begin(machine, server, key_transport="password")
    machine.wait_for(lambda one: one["state"] == "pending")
    assert not (kept(machine).parent / "transport.pem").exists()
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    machine.wait_enrolled()
    assert [one.under_password for one in server.journal.operations] == [False, False]
    assert server.journal.operations[0].challenge_right is True


def test_pending_over_a_restart(machine: Machine, make_server: MakeServer) -> None:
    """What its place holds by then may be another challenge: the one that was used is kept as long as it is needed."""
    behaviour = Behaviour(pending=1, challenges=Challenges(static=CHALLENGE))
    server = make_server(behaviour, Hierarchy(elliptic=True))
    begin(machine, server)
    machine.wait_for(lambda one: one["state"] == "pending")
    machine.stop()
    assert kept(machine).read_bytes() == CHALLENGE.encode()
    assert kept(machine).stat().st_mode & 0o777 == 0o600

    machine.challenge("another one that nobody guesses")
    machine.start()
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    machine.wait_enrolled()
    machine.stop()
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.CERT_POLL]
    assert all(one.under_password for one in server.journal.operations)
    assert places(machine) == set()


def test_a_lost_reply(machine: Machine, server: SCEPServer) -> None:
    server.behaviour.troubles = [Trouble("lost", message_type=names.PKCS_REQ, times=1)]
    begin(machine, server)
    server.journal.wait_for(lambda one: one.message_type == names.PKCS_REQ, PATIENCE)
    machine.wait_for(lambda one: "server-unreachable" in problem_codes(one))
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    machine.wait_enrolled()


@pytest.mark.parametrize(
    ("challenge", "capabilities", "missing"),
    [("fifteen letters", STANDARD, "a challenge of 16 characters"), (CHALLENGE, STANDARD[:3], "SCEPStandard")],
    ids=["a challenge that is guessed", "a server that does not say it can"],
)
def test_what_cannot_be_encrypted_is_not_sent(
    machine: Machine, make_server: MakeServer, challenge: str, capabilities: list[str], missing: str
) -> None:
    behaviour = Behaviour(capabilities=capabilities, challenges=Challenges(static=challenge))
    server = make_server(behaviour, Hierarchy(elliptic=True))
    begin(machine, server, challenge)
    problem = machine.wait_problem("unsupported-recipient-key")
    assert missing in problem["text"]
    assert "16 characters" in problem["remedy"]
    assert "RSA" in problem["remedy"]
    assert server.journal.operations == []
    assert machine.belongings() == {}


def test_a_weak_challenge_answers_no_ec_key(machine: Machine, make_server: MakeServer) -> None:
    """Nor where the request itself could be encrypted."""
    server = make_server(Behaviour(challenges=Challenges(static="fifteen letters")), Hierarchy(RAKind.ONE))
    begin(machine, server, "fifteen letters", key_transport="password")
    machine.wait_problem("unsupported-recipient-key")
    assert server.journal.operations == []
