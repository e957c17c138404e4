"""Challenges that a server makes for whoever may ask: NDES's page `mscep_admin`, by NTLM and Basic, and an endpoint."""

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agent import AgentError
from dispenser import LOGIN, Dispenser, pages
from fixtures import MakeServer
from machine import Machine
from realservers import Tinyproxy
from scepd import Behaviour, Challenges, Hierarchy, SCEPServer, Trouble, names

ROOT = "/etc/signet/anchors/root.pem"


@pytest.fixture
def server(make_server: MakeServer) -> SCEPServer:
    """A server that takes each challenge once, and none yet."""
    return make_server(Behaviour(challenges=Challenges(single_use=[])))


@contextlib.contextmanager
def dispensing(machine: Machine, server: SCEPServer, **more: Any) -> Iterator[Dispenser]:
    """A dispenser of challenges that the server takes. What it made is looked for on the machine at the end."""
    single_use = server.behaviour.challenges.single_use
    assert single_use is not None
    with Dispenser(server.hierarchy, single_use, **more) as dispenser:
        yield dispenser
        machine.challenges |= set(dispenser.made)


def ask(machine: Machine, server: SCEPServer, dispenser: Dispenser, kind: str, **more: Any) -> None:
    """Writes the credential and the profile that asks this dispenser."""
    secret = ":".join(LOGIN) if kind == "ndes" else dispenser.token
    machine.challenge(f"{secret}\n", "dispenser")
    machine.challenges.add(secret)
    source = {kind: getattr(dispenser, kind), "credential": "dispenser", **more}
    machine.profile(server, scep_challenge=source, scep_tls_ca=ROOT)


def told(machine: Machine) -> str:
    """What is told of a challenge that could not be had; nothing was asked for."""
    return str(machine.wait_problem("challenge-unavailable")["text"])


@pytest.mark.parametrize("schemes", [("NTLM", "Basic"), ("NTLM",), ("Basic",)], ids="+".join)
def test_of_ndes_by_the_strongest_that_it_offers(
    machine: Machine, server: SCEPServer, schemes: tuple[str, ...]
) -> None:
    with dispensing(machine, server, schemes=schemes) as dispenser:
        ask(machine, server, dispenser, "ndes")
        machine.start()
        assert machine.wait_enrolled()["problems"] == []
        tried = [one.scheme for one in dispenser.asked if one.scheme]
        assert tried == (["NTLM 1", "NTLM 3"] if "NTLM" in schemes else ["Basic"])
        assert len(dispenser.made) == 1
    (request,) = server.journal.operations
    assert request.challenge_right


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_of_ndes_in_any_language_and_encoding(
    machine: Machine, server: SCEPServer, encoding: str, language: str
) -> None:
    def page(challenge: str) -> str:
        return pages.password(challenge, language)

    with dispensing(machine, server, encoding=encoding, page=page) as dispenser:
        ask(machine, server, dispenser, "ndes")
        machine.start()
        machine.wait_enrolled()


@pytest.mark.parametrize("method", [None, "GET", "POST"])
@pytest.mark.parametrize("form", ["json", "text"])
def test_of_an_endpoint(machine: Machine, server: SCEPServer, form: str, method: str | None) -> None:
    with dispensing(machine, server) as dispenser:
        if form == "text":
            dispenser.answer = lambda challenge: (200, "text/plain", f"{challenge}\r\n".encode())
        ask(machine, server, dispenser, "url", **({"method": method} if method else {}))
        machine.start()
        assert machine.wait_enrolled()["problems"] == []
        (asked,) = dispenser.asked
        assert (asked.method, asked.path) == (method or "GET", "/challenge?fleet=a")


def test_it_goes_by_the_proxy_of_the_profile(machine: Machine, server: SCEPServer) -> None:
    with dispensing(machine, server) as dispenser, Tinyproxy() as proxy:
        ask(machine, server, dispenser, "ndes")
        challenge = {"ndes": dispenser.ndes, "credential": "dispenser"}
        machine.profile(server, scep_challenge=challenge, scep_tls_ca=ROOT, scep_proxy=proxy.url)
        machine.start()
        machine.wait_enrolled()
        authority = dispenser.ndes.split("/")[2]
        assert [one for one in proxy.requests if one.startswith("CONNECT")] == [f"CONNECT {authority}"]


# Late, and never twice.


def test_nobody_is_asked_before_the_ca_is_known(machine: Machine, server: SCEPServer) -> None:
    with dispensing(machine, server) as dispenser:
        ask(machine, server, dispenser, "ndes")
        challenge = {"ndes": dispenser.ndes, "credential": "dispenser"}
        wrong = ["sha256:" + "00" * 32]
        machine.profile(server, scep_challenge=challenge, scep_tls_ca=ROOT, scep_ca_fingerprint=wrong)
        machine.start()
        machine.wait_problem("wrong-ca")
        assert dispenser.asked == []


def fetched_until_renewed(machine: Machine, server: SCEPServer) -> int:
    """How many challenges an enrollment and a renewal after it have taken."""
    with dispensing(machine, server) as dispenser:
        ask(machine, server, dispenser, "url")
        machine.start()
        machine.wait_enrolled()
        with machine.admin() as admin:
            assert admin.renew()[-1]["generation"] == 2
        return len(dispenser.made)


def test_a_renewal_asks_for_none(machine: Machine, server: SCEPServer) -> None:
    assert fetched_until_renewed(machine, server) == 1


def test_none_is_fetched_only_to_encrypt_a_renewal_with(machine: Machine, make_server: MakeServer) -> None:
    """A CA without an RSA key opens what is under a challenge that it was shown: the renewal is an enrollment."""
    server = make_server(Behaviour(challenges=Challenges(single_use=[])), Hierarchy(elliptic=True))
    assert fetched_until_renewed(machine, server) == 2
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.PKCS_REQ]
    assert [one.under_password for one in server.journal.operations] == [True, True]
    assert [one.challenge_right for one in server.journal.operations] == [True, True]


def test_a_lost_reply_ends_with_another_challenge(machine: Machine, server: SCEPServer) -> None:
    """The server took the first, and knows no CertPoll: that one is gone, and needs no person to replace it."""
    server.behaviour.troubles = [Trouble("lost", message_type="19", times=1), Trouble("status", message_type="20")]
    with dispensing(machine, server) as dispenser:
        ask(machine, server, dispenser, "url")
        machine.start()
        machine.wait_for(lambda one: one.get("next", {}).get("action") == "poll")
        with machine.admin() as admin:
            # An order asks after the request at once, rather than in a minute.
            with pytest.raises(AgentError) as failed:
                admin.renew()
            assert failed.value.problem == "server-unreachable"
            machine.wait_for(lambda one: one.get("next", {}).get("action") == "enroll")
            assert len(dispenser.made) == 1
            assert admin.enroll()[-1]["generation"] == 1
        assert len(dispenser.made) == 2
    assert [one.message_type for one in server.journal.operations] == ["19", "20", "19"]
    assert [one.challenge_right for one in server.journal.operations if one.challenge_present] == [True, True]


# Servers that give none, or lie.


def test_a_login_that_is_not_known(machine: Machine, server: SCEPServer) -> None:
    with dispensing(machine, server) as dispenser:
        ask(machine, server, dispenser, "ndes")
        machine.challenge(f"{LOGIN[0]}:another", "dispenser")
        machine.start()
        assert "not-authorised (expected the credential 'dispenser' that it takes" in told(machine)
        assert dispenser.made == []


def test_a_token_that_is_not_known(machine: Machine, server: SCEPServer) -> None:
    with dispensing(machine, server) as dispenser:
        ask(machine, server, dispenser, "url")
        machine.challenge("another", "dispenser")
        machine.start()
        assert "not-authorised (expected the credential 'dispenser' that it takes" in told(machine)
        assert dispenser.made == []


@pytest.mark.parametrize("kind", ["ndes", "url"])
def test_without_its_credential_nobody_is_asked(machine: Machine, server: SCEPServer, kind: str) -> None:
    with dispensing(machine, server) as dispenser:
        ask(machine, server, dispenser, kind)
        (machine.root / "etc/signet/credentials/dispenser").unlink()
        machine.start()
        assert "nothing in the credential 'dispenser'" in told(machine)
        assert (dispenser.asked, server.journal.exchanges) == ([], [])


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (pages.CACHE_FULL, "cache-full"),
        (pages.NO_PERMISSION, "not-permitted"),
        (pages.SIGN_IN, "unexpected-answer"),
        (pages.password("A1B2C3D4E5F60718") + pages.password("0011223344556677"), "ambiguous"),
    ],
    ids=["cache full", "no permission", "sign in", "two"],
)
def test_pages_without_a_challenge(machine: Machine, server: SCEPServer, page: str, expected: str) -> None:
    with dispensing(machine, server, page=lambda challenge: page) as dispenser:
        ask(machine, server, dispenser, "ndes")
        machine.start()
        assert f"mscep_admin/': {expected} (" in told(machine)
        assert server.journal.operations == []


def document(body: object) -> Callable[[str], tuple[int, str, bytes]]:
    """An endpoint that answers with this JSON, whatever it was asked."""
    return lambda challenge: (200, "application/json", json.dumps(body).encode())


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda challenge: (200, "text/html", pages.SIGN_IN.encode()), "got 'text/html'"),
        (lambda challenge: (200, "application/json", pages.SIGN_IN.encode()), "got another"),
        (lambda challenge: (200, "", challenge.encode()), "got no media type"),
        (lambda challenge: (200, "text/plain", b""), "got 0 bytes"),
        (lambda challenge: (200, "text/plain", b"a\nb"), "got 3 bytes"),
        (lambda challenge: (200, "text/plain", b"x" * 256), "got 256 bytes"),
        (document({"challenge": ""}), "got 0 bytes"),
        (document({"challenge": None}), "got another"),
        (document({"Challenge": "x"}), "got another"),
        (document(["challenge"]), "got another"),
        (lambda challenge: (403, "text/plain", challenge.encode()), "not-permitted"),
        (lambda challenge: (429, "text/plain", challenge.encode()), "status (expected HTTP status 200"),
    ],
)
def test_answers_without_a_challenge(
    machine: Machine, server: SCEPServer, answer: Callable[[str], tuple[int, str, bytes]], expected: str
) -> None:
    with dispensing(machine, server, answer=answer) as dispenser:
        ask(machine, server, dispenser, "url")
        machine.start()
        text = told(machine)
        assert expected in text and "/challenge': " in text and "fleet" not in text
        assert server.journal.operations == []


@pytest.mark.parametrize("kind", ["ndes", "url"])
def test_a_redirect_is_not_followed_and_shown_no_secret(machine: Machine, server: SCEPServer, kind: str) -> None:
    with dispensing(machine, server) as other, dispensing(machine, server, location=other.url) as dispenser:
        ask(machine, server, dispenser, kind)
        machine.start()
        assert "no redirect, got 302" in told(machine)
        assert (other.asked, server.journal.operations) == ([], [])


@pytest.mark.parametrize("kind", ["ndes", "url"])
def test_an_answer_without_end_is_left(machine: Machine, server: SCEPServer, kind: str) -> None:
    with dispensing(machine, server, is_endless=True) as dispenser:
        ask(machine, server, dispenser, kind)
        machine.start()
        assert "too-large (expected at most 65536 bytes" in told(machine)
        assert server.journal.operations == []


@pytest.mark.parametrize("kind", ["ndes", "url"])
def test_a_server_of_another_pki_is_shown_no_secret(machine: Machine, server: SCEPServer, kind: str) -> None:
    with dispensing(machine, server) as dispenser:
        ask(machine, server, dispenser, kind)
        source = {kind: getattr(dispenser, kind), "credential": "dispenser"}
        machine.profile(server, scep_challenge=source)
        machine.start()
        assert "tls-refused" in told(machine)
        assert dispenser.asked == []
