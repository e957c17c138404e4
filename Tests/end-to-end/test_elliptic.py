"""EC keys: they sign, and nothing can be encrypted to them; an RSA key of the transaction's own opens the reply."""

import signal
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from fixtures import MakeServer
from machine import PATIENCE, Machine, problem_codes
from scepd import Behaviour, Challenges, Hierarchy, RAKind, SCEPServer, Trouble, names
from secrecy import files, key_forms, where

CHALLENGE = "open sesame"


@pytest.fixture
def server(make_server: MakeServer) -> SCEPServer:
    """A SCEP server that asks for a challenge, and not for one to renew."""
    return make_server(Behaviour(challenges=Challenges(static=CHALLENGE)))


def begin(machine: Machine, server: SCEPServer, **changes: Any) -> None:
    """Starts a machine with a profile for an EC key."""
    machine.challenge(CHALLENGE)
    machine.profile(server, **({"key_type": "ec"} | changes))
    machine.start()


def transport(machine: Machine) -> Path:
    """Where the key of the transaction lies."""
    return machine.root / "var/lib/signet/profiles/access/pending/transport.pem"


def places(machine: Machine, key: bytes) -> set[str]:
    """The files of the machine, and the logs of its programs, in which a private key stands in some form."""
    found = {path: file.read_bytes() for root in (machine.root, machine.state) for path, file in files(root)}
    return where(found, key_forms(key))


def published(machine: Machine) -> x509.Certificate:
    """The certificate that readers find; its key is beside it, of the same pair and sound, or this raises."""
    folder = machine.published()
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(folder / "combined.pem")
    certificate = x509.load_pem_x509_certificate((folder / "cert.pem").read_bytes())
    assert load_pem_private_key((folder / "key.pem").read_bytes(), None).public_key() == certificate.public_key()
    return certificate


@pytest.mark.parametrize(("curve", "bits"), [(None, 256), ("P-256", 256), ("P-384", 384)])
def test_an_identity_on_each_curve(machine: Machine, server: SCEPServer, curve: str | None, bits: int) -> None:
    begin(machine, server, key_curve=curve)
    profile = machine.wait_enrolled()
    assert profile["identity"]["key"] == f"ec-p{bits}"
    assert profile["problems"] == []
    (request,) = server.journal.operations
    assert (request.message_type, request.key_bits, request.signer_is_self_signed) == (names.PKCS_REQ, bits, True)
    assert (request.challenge_right, request.alternative_names) == (True, ["DNS:laptop-7.example.com"])

    certificate = published(machine)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.key_size == bits
    assert key == server.journal.issued[0].public_key()
    strength = next(one for one in profile["tag"]["checks"] if one["id"] == "alg.strength")
    assert strength["result"] == "warn"
    assert not transport(machine).exists()


@pytest.mark.parametrize("ra", [RAKind.ONE, RAKind.SEPARATE])
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_an_ec_ca_whose_ra_has_an_rsa_key(machine: Machine, make_server: MakeServer, ra: RAKind, kind: str) -> None:
    """As step-ca: what opens requests has an RSA key, everything else signs with EC keys."""
    behaviour = Behaviour(challenges=Challenges(static=CHALLENGE), with_chain=True)
    server = make_server(behaviour, Hierarchy(ra, elliptic=True))
    begin(machine, server, key_type=kind)
    profile = machine.wait_enrolled()
    assert profile["problems"] == []
    issuer = server.hierarchy.issuing.certificate
    published(machine).verify_directly_issued_by(issuer)
    assert isinstance(issuer.public_key(), ec.EllipticCurvePublicKey)
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    machine.wait_enrolled(generation=2)


def test_pending_over_a_restart(machine: Machine, make_server: MakeServer) -> None:
    """The key that opens the reply waits with the request, readable by the agent alone, and goes when it was used."""
    server = make_server(Behaviour(pending=1, challenges=Challenges(static=CHALLENGE)))
    begin(machine, server)
    machine.wait_for(lambda one: one["state"] == "pending")
    machine.stop()
    file = transport(machine)
    assert file.stat().st_mode & 0o777 == 0o600
    pem = file.read_bytes()
    key = load_pem_private_key(pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert places(machine, pem) == {"var/lib/signet/profiles/access/pending/transport.pem"}

    machine.start()
    machine.wait_for(lambda one: one["state"] == "pending")
    assert file.read_bytes() == pem
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    machine.wait_enrolled()
    machine.stop()
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.CERT_POLL]
    assert places(machine, pem) == set()
    assert published(machine).public_key() == server.journal.issued[0].public_key()


def test_killed_before_the_reply_came(machine: Machine, server: SCEPServer) -> None:
    """Issued, and the answer was lost: the next process asks, and opens what comes with the key that lies there."""
    server.behaviour.troubles = [Trouble("lost", message_type=names.PKCS_REQ, times=1)]
    begin(machine, server)
    machine.wait_for(lambda one: "server-unreachable" in problem_codes(one))
    pem = transport(machine).read_bytes()
    machine.running.signal(signal.SIGKILL)
    machine.running.wait_exit(PATIENCE, count=1)
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    machine.wait_enrolled()
    machine.stop()
    assert places(machine, pem) == set()
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.CERT_POLL]
    assert len({one.serial_number for one in server.journal.issued}) == 1
    published(machine)


def test_a_damaged_transport_key_is_noticed(machine: Machine, make_server: MakeServer) -> None:
    """No reply could be opened any more: the request is given up, and made anew with other keys."""
    server = make_server(Behaviour(pending=1, challenges=Challenges(static=CHALLENGE)))
    begin(machine, server)
    machine.wait_for(lambda one: one["state"] == "pending")
    machine.stop()
    transport(machine).write_bytes(b"damaged")
    server.behaviour.pending = 0
    machine.start()
    machine.wait_problem("key-lost")
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    machine.wait_enrolled()
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.PKCS_REQ]


def test_renewal(machine: Machine, server: SCEPServer) -> None:
    """The old certificate could sign, and not open the reply: the request is made as the first one was."""
    begin(machine, server)
    machine.wait_enrolled()
    first = published(machine)
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    machine.wait_enrolled(generation=2)
    renewed = published(machine)
    assert renewed.public_key() != first.public_key()
    assert renewed.public_key() == server.journal.issued[1].public_key()
    renewal = server.journal.operations[1]
    assert (renewal.message_type, renewal.signer_is_self_signed) == (names.PKCS_REQ, True)
    assert renewal.challenge_right is True


def test_from_rsa_to_ec_and_back(machine: Machine, server: SCEPServer) -> None:
    """What signs a renewal is the identity that is there, if replies can be encrypted to it."""
    begin(machine, server, key_type="rsa")
    machine.wait_enrolled()
    for generation, kind, messages in ((2, "ec", [names.RENEWAL_REQ]), (3, "rsa", [names.PKCS_REQ])):
        machine.profile(server, key_type=kind)
        before = len(server.journal.operations)
        with machine.admin() as admin:
            assert admin.renew()[-1]["generation"] == generation
        machine.wait_enrolled(generation=generation)
        assert isinstance(published(machine).public_key(), ec.EllipticCurvePublicKey) == (kind == "ec")
        assert [one.message_type for one in server.journal.operations[before:]] == messages
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 4
    assert server.journal.operations[-1].message_type == names.RENEWAL_REQ
