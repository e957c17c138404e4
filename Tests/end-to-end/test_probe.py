"""`signetctl probe`: the first thing that an admin runs, before there is a profile."""

import json
from typing import Any

import pytest

from agent import AgentError
from fixtures import MakeServer
from machine import Machine
from realservers import ScepServer
from scepd import Attack, Behaviour, Challenges, Hierarchy, RAKind, SCEPServer, Trouble

CHALLENGE = "open sesame"


def probe(machine: Machine, url: str, status: int = 0) -> dict[str, Any]:
    """What it found, and that its exit status is this."""
    done = machine.ctl("probe", url, "--json")
    assert done.returncode == status, done.stderr
    return dict(json.loads(done.stdout))


def codes(found: dict[str, Any]) -> set[str]:
    """The findings' codes; each says what to do."""
    assert all(one["text"] and one["remedy"] for one in found["findings"])
    return {one["code"] for one in found["findings"]}


@pytest.mark.parametrize("kind", [RAKind.NONE, RAKind.ONE, RAKind.SEPARATE])
def test_the_profile_that_it_prints_is_pasted_and_enrolls(
    machine: Machine, make_server: MakeServer, kind: RAKind
) -> None:
    server = make_server(Behaviour(challenges=Challenges(static=CHALLENGE)), Hierarchy(kind))
    machine.challenge(CHALLENGE)
    machine.start()
    shown = machine.ctl("probe", server.url)
    assert shown.returncode == 0, shown.stderr
    assert server.fingerprint in shown.stdout
    assert server.journal.operations[-1].challenge_present is None
    assert server.authority.issued == []
    _, _, profile = shown.stdout.partition("# /etc/signet/profiles.d/NAME.toml\n")
    machine.write("etc/signet/profiles.d/access.toml", profile)
    with machine.admin() as admin:
        assert admin.enroll()[-1]["generation"] == 1


def test_a_server_that_does_everything_right(machine: Machine, server: SCEPServer) -> None:
    machine.start()
    found = probe(machine, server.url)
    assert codes(found) == {"plain-http"}
    assert found["capabilities"] == ["aes", "postpkioperation", "renewal", "scepstandard", "sha-256"]
    assert [one["sha256"] for one in found["certificates"] if one["takes_requests"]] == [
        server.fingerprint.removeprefix("sha256:")
    ]
    assert [one.operation for one in server.journal.exchanges] == ["GetCACaps", "GetCACert", "PKIOperation"]


QUIRKS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("no capabilities", {"capabilities": []}, {"no-capabilities"}),
    ("GET only", {"capabilities": ["AES", "SHA-256", "Renewal"]}, {"no-post"}),
    ("POST in the list alone", {"post": "405"}, {"post-refused"}),
    ("an empty answer to POST", {"post": "empty"}, {"post-refused"}),
    ("old algorithms", {"capabilities": ["DES3", "POSTPKIOperation"]}, {"old-algorithms", "no-renewal"}),
    ("SHA-1", {"digest": "sha1"}, {"weak-reply"}),
    ("no CertPoll", {"troubles": [Trouble("status", status=500)]}, {"no-cert-poll"}),
    ("a filter in front", {"troubles": [Trouble("status", status=403)]}, {"message-refused"}),
    ("a page", {"troubles": [Trouble("html")]}, {"message-refused"}),
    ("a connection that closes", {"troubles": [Trouble("refuse")]}, {"message-refused"}),
    ("a reply cut short", {"troubles": [Trouble("truncate")]}, {"reply-refused"}),
]


@pytest.mark.parametrize(("behaviour", "expected"), [one[1:] for one in QUIRKS], ids=[one[0] for one in QUIRKS])
def test_quirks(machine: Machine, make_server: MakeServer, behaviour: dict[str, Any], expected: set[str]) -> None:
    machine.start()
    is_usable = expected.isdisjoint({"message-refused", "reply-refused"})
    found = probe(machine, make_server(Behaviour(**behaviour)).url, status=0 if is_usable else 1)
    assert codes(found) == expected | {"plain-http"}


def test_debians_scepserver(machine: Machine) -> None:
    machine.start()
    with ScepServer(CHALLENGE) as server:
        found = probe(machine, server.url)
        assert server.fingerprint in found["profile"]
    assert "no-cert-poll" in codes(found)


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Trouble("html", operation="GetCACert"), "not-a-scep-server"),
        (Trouble("status", operation="GetCACert", status=404), "not-a-scep-server"),
        (Trouble("refuse", operation="GetCACert"), "server-unreachable"),
    ],
    ids=["a page", "an error", "no answer"],
)
def test_what_is_no_server(machine: Machine, make_server: MakeServer, trouble: Trouble, code: str) -> None:
    server = make_server(Behaviour(troubles=[trouble]))
    machine.start()
    done = machine.ctl("probe", server.url)
    assert done.returncode == 1
    assert f"[{code}]" in done.stderr
    assert "hint:" in done.stderr


@pytest.mark.parametrize("url", ["ftp://pki.example.com", "pki.example.com/scep"])
def test_a_url_that_is_none(machine: Machine, url: str) -> None:
    done = machine.ctl("probe", url)
    assert done.returncode == 2
    assert "http:// or https:// first" in done.stderr


def test_an_ra_that_is_neither_authorised_nor_usable(machine: Machine, make_server: MakeServer) -> None:
    """What is worse is not hidden behind what could be helped."""
    server = make_server(Behaviour(attack=Attack.INSIDER_AS_RA), Hierarchy(RAKind.ONE))
    machine.start()
    assert "ra-not-authorised" in codes(probe(machine, server.url))


def test_not_for_everybody(machine: Machine, server: SCEPServer) -> None:
    """Whoever may have it call a server of their choice uses this machine's place in the network."""
    machine.start()
    with machine.control() as client, pytest.raises(AgentError) as refused:
        client.probe(server.url)
    assert refused.value.name == "org.varlink.service.PermissionDenied"
    assert server.journal.exchanges == []
