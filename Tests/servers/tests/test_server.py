"""The server does what it is told, as OpenSSL's commands and Debian's scepclient see it."""

import shutil
import subprocess
import threading
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from client import Client
from scepd import Attack, Behaviour, Challenges, Cipher, FailureContent, Hierarchy, RAKind, SCEPServer, Trouble, names


@pytest.mark.parametrize("ra", RAKind)
@pytest.mark.parametrize("ber", [False, True], ids=["der", "ber"])
@pytest.mark.parametrize("cipher", Cipher)
def test_openssl_opens_the_reply(ra: RAKind, ber: bool, cipher: Cipher) -> None:
    behaviour = Behaviour(cipher=cipher, ber=ber, with_chain=True, embed_signer=not ber)
    with SCEPServer(Hierarchy(ra), behaviour) as server:
        client = Client(server)
        opened = client.open(client.enroll())
        assert server.journal.violations == []
        issuing, issued = opened
        assert issuing == server.hierarchy.issuing.certificate
        assert issued == server.journal.issued[0]
        assert issued.subject == client.subject
        issued.verify_directly_issued_by(issuing)
        names_in_it = issued.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names_in_it.get_values_for_type(x509.DNSName) == ["device-1.example"]


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
@pytest.mark.parametrize("plain", [True, False])
def test_digests_and_signature_algorithms(digest: str, plain: bool) -> None:
    with SCEPServer(behaviour=Behaviour(digest=digest, plain_signature_algorithm=plain)) as server:
        client = Client(server)
        assert len(client.open(client.enroll())) == 1


def test_constructed_encrypted_content() -> None:
    with SCEPServer(behaviour=Behaviour(constructed=True)) as server:
        client = Client(server)
        assert len(client.open(client.enroll())) == 1


def test_pending_then_issue() -> None:
    with SCEPServer(behaviour=Behaviour(pending=2)) as server:
        client = Client(server)
        client.enroll()
        client.poll()
        assert [one.answer for one in server.journal.operations] == ["200 pending", "200 pending"]
        assert len(client.open(client.poll())) == 1
        assert server.journal.violations == []


def test_pending_then_refusal() -> None:
    with SCEPServer(behaviour=Behaviour(pending=1, failure=names.BAD_REQUEST)) as server:
        client = Client(server)
        client.enroll()
        client.poll()
        assert [one.answer for one in server.journal.operations] == ["200 pending", "200 failure 2"]


@pytest.mark.parametrize("content", FailureContent)
def test_failure_in_every_form_parses(content: FailureContent, tmp_path: Path) -> None:
    with SCEPServer(behaviour=Behaviour(failure="2", failure_text="no", failure_content=content)) as server:
        reply = tmp_path / "reply"
        reply.write_bytes(Client(server).enroll())
        shown = subprocess.run(
            ["openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", reply],
            check=True,
            capture_output=True,
            timeout=20,
        ).stdout.decode()
        assert names.FAIL_INFO in shown
        assert ("eContent: <ABSENT>" in shown) == (content is FailureContent.ABSENT)


def test_single_use_challenges() -> None:
    challenges = Challenges(single_use=["once"])
    with SCEPServer(behaviour=Behaviour(challenges=challenges)) as server:
        Client(server).enroll("once")
        Client(server).enroll("once")
        Client(server).enroll()
        answers = [(one.answer, one.challenge_present, one.challenge_right) for one in server.journal.operations]
        assert answers == [
            ("200 issued", True, True),
            ("200 failure 1", True, False),
            ("200 failure 1", False, False),
        ]


def test_renewal_is_signed_by_an_issued_certificate() -> None:
    with SCEPServer(behaviour=Behaviour(challenges=Challenges(static="secret"))) as server:
        first = Client(server)
        first.enroll("secret")
        (held,) = server.journal.issued
        old = type(first.signer)(held, first.key)
        second = Client(server, "second", signer=old)
        assert len(second.open(second.enroll(kind=names.RENEWAL_REQ))) == 1
        server.behaviour.renewal = "bad-request"
        Client(server, "third", signer=old).enroll(kind=names.RENEWAL_REQ)
        server.behaviour.signed_request = "500"
        with pytest.raises(urllib.error.HTTPError):
            Client(server, "third", signer=old).enroll()
        server.authority.revoke(held.serial_number)
        server.behaviour.renewal = "accept"
        Client(server, "third", signer=old).enroll(kind=names.RENEWAL_REQ)
        assert [one.answer for one in server.journal.operations] == [
            "200 issued",
            "200 issued",
            "200 failure 2",
            "500",
            "200 failure 1",
        ]
        assert server.journal.violations == []


def test_strictness_notices_what_a_client_does_wrong() -> None:
    with SCEPServer() as server:
        client = Client(server)
        client.send(names.PKCS_REQ, client.csr(None), Cipher.TRIPLE_DES)
        client.send(names.PKCS_REQ, client.csr(None))
        stranger = Client(server, "client", signer=Client(server, "somebody else").signer)
        stranger.enroll()
        text = "\n".join(server.journal.violations)
        assert "cipher 3des-cbc" in text
        assert "old transactionID" in text
        assert "key is not the request's" in text


@pytest.mark.parametrize("attack", Attack)
def test_every_attack_differs_from_an_honest_answer(attack: Attack) -> None:
    """That each lie is really told: OpenSSL or a look at the certificate sees the difference, or GetCACert does."""
    with SCEPServer(behaviour=Behaviour(attack=attack)) as server:
        client = Client(server)
        media_type, ca = server.responder.ca_certificates()
        if attack is Attack.FOREIGN_CA:
            assert ca != server.hierarchy.issuing.der
        elif attack is Attack.INSIDER_AS_RA:
            assert media_type == "application/x-x509-ca-ra-cert"
        elif attack is Attack.OLD_CERTIFICATE:
            client.enroll()
            (held,) = server.journal.issued
            second = Client(server, "second", signer=type(client.signer)(held, client.key))
            assert second.open(second.enroll(kind=names.RENEWAL_REQ)) == [held]
        else:
            reply = client.enroll()
            assert reply
            try:
                opened = client.open(reply)
            except subprocess.CalledProcessError:
                return
            honest = server.authority.issued[-1] == opened[0]
            ours = opened[0].public_key() == client.key.public_key()
            now_valid = opened[0].not_valid_before_utc < opened[0].not_valid_after_utc
            assert not (honest and ours and now_valid) or attack in _OUTER_LIES


_OUTER_LIES = {
    Attack.WRONG_TRANSACTION,
    Attack.WRONG_NONCE,
    Attack.NO_NONCE,
    Attack.WRONG_MESSAGE_TYPE,
    Attack.NO_STATUS,
    Attack.DUPLICATE_ATTRIBUTE,
    Attack.NO_ATTRIBUTES,
    Attack.UNSIGNED_ATTRIBUTES,
    Attack.TRAILING_BYTES,
    Attack.MD5,
    Attack.FOREIGN_ISSUER,
    Attack.CA_CERTIFICATE,
    Attack.SERVER_CERTIFICATE,
    Attack.EXPIRED_CERTIFICATE,
    Attack.NOT_YET_VALID,
}


def test_lost_and_cut_answers() -> None:
    troubles = [Trouble("lost", times=1), Trouble("cut", times=1, cut_at=100), Trouble("truncate", times=1, cut_at=50)]
    with SCEPServer(behaviour=Behaviour(troubles=troubles)) as server:
        client = Client(server)
        with pytest.raises(OSError):
            client.enroll()
        with pytest.raises(Exception, match="IncompleteRead"):
            client.poll()
        assert len(client.poll()) == 50
        assert len(client.open(client.poll())) == 1
        assert len(server.authority.issued) == 1


def test_an_answer_is_delayed_until_the_test_says_so() -> None:
    answered = threading.Event()
    trouble = Trouble("delay", seconds=60, until=answered)
    with SCEPServer(behaviour=Behaviour(troubles=[trouble])) as server, ThreadPoolExecutor(1) as other:
        client = Client(server)
        reply = other.submit(client.enroll)
        server.journal.wait_for(lambda one: one.message_type == names.PKCS_REQ, 20)
        assert server.authority.issued == []
        answered.set()
        assert len(client.open(reply.result(20))) == 1


def test_revocation_reaches_the_crl(tmp_path: Path) -> None:
    hierarchy = Hierarchy(crl_url="http://127.0.0.1:1/")
    with SCEPServer(hierarchy, crl_folder=tmp_path) as server:
        Client(server).enroll()
        (held,) = server.journal.issued
        (tmp_path / "leaf.pem").write_bytes(held.public_bytes(Encoding.PEM))
        (tmp_path / "ca.pem").write_text(hierarchy.issuing.pem + hierarchy.root.pem)

        def verify() -> str:
            for which in ("issuing", "root"):
                convert = ["openssl", "crl", "-inform", "DER", "-in", f"{which}.crl", "-out", f"{which}.pem"]
                subprocess.run(convert, cwd=tmp_path, check=True, timeout=20)
            command = "openssl verify -CAfile ca.pem -CRLfile issuing.pem -CRLfile root.pem -crl_check_all leaf.pem"
            done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, timeout=20)
            return done.stdout + done.stderr

        assert "leaf.pem: OK" in verify()
        server.authority.revoke(held.serial_number)
        assert "certificate revoked" in verify()


@pytest.mark.skipif(shutil.which("scepclient") is None, reason="Debian's package scep is not installed")
@pytest.mark.parametrize("ra", [RAKind.NONE, RAKind.ONE])
def test_debians_scepclient_enrolls(ra: RAKind, tmp_path: Path) -> None:
    """An independent client gets its certificate. It breaks rules of the RFC, so violations are not looked at."""
    with SCEPServer(Hierarchy(ra), Behaviour(challenges=Challenges(static="secret"))) as server:
        recipient = server.hierarchy.recipient.fingerprint.removeprefix("sha256:")
        command = f"scepclient -server-url {server.url} -challenge secret -private-key k.pem -certificate c.pem"
        done = subprocess.run(
            [*command.split(), "-ca-fingerprint", recipient], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr + repr(server.journal.exchanges)
        issued = x509.load_pem_x509_certificate((tmp_path / "c.pem").read_bytes())
        assert issued == server.journal.issued[0]
