"""What servers differ in: options, presets, and what is remembered of capabilities."""

from typing import Any

import pytest

from fixtures import MakeServer
from machine import Machine, problem_codes
from scepd import Behaviour, Challenges, SCEPServer, names
from scepd.envelope import Cipher

CHALLENGE = "open sesame"
OLD = ["DES3", "SHA-1", "Renewal"]


def enroll(machine: Machine, server: SCEPServer, options: dict[str, Any]) -> None:
    """The machine holds its first identity from the server, with these options in `[scep]`."""
    if server.behaviour.challenges.required():
        machine.challenge(CHALLENGE)
    machine.profile(server, **{f"scep_{key}": value for key, value in options.items()})
    machine.start()
    machine.wait_enrolled()


def renewed(machine: Machine, server: SCEPServer) -> list[tuple[str | None, bool | None]]:
    """Renews; type and challenge of each message of it."""
    before = len(server.journal.operations)
    with machine.admin() as admin:
        assert "generation" in admin.renew()[-1]
    return [(one.message_type, one.challenge_present) for one in server.journal.operations[before:]]


@pytest.mark.parametrize(
    ("options", "capabilities", "expected"),
    [
        ({}, ["AES", "SHA-256", "POSTPKIOperation"], [(names.PKCS_REQ, False)]),
        ({"server": "ndes"}, None, [(names.PKCS_REQ, False)]),
        ({"renewal_request": "challenge"}, None, [(names.PKCS_REQ, True)]),
        ({"server": "step-ca"}, None, [(names.RENEWAL_REQ, True)]),
        ({"server": "step-ca", "challenge_on_renewal": False}, None, [(names.RENEWAL_REQ, False)]),
    ],
    ids=["no RenewalReq in the list", "NDES", "an enrollment from scratch", "step-ca", "step-ca without the challenge"],
)
def test_what_a_renewal_begins_with(
    machine: Machine,
    make_server: MakeServer,
    options: dict[str, Any],
    capabilities: list[str] | None,
    expected: list[tuple[str, bool]],
) -> None:
    behaviour = Behaviour(challenges=Challenges(static=CHALLENGE))
    if capabilities:
        behaviour.capabilities = capabilities
    server = make_server(behaviour)
    enroll(machine, server, options)
    assert renewed(machine, server) == expected


def test_a_transactions_id_that_root_chose(machine: Machine, server: SCEPServer) -> None:
    enroll(machine, server, {"transaction_id": "device 7"})
    assert [one.transaction_id for one in server.journal.operations] == ["device 7"]


def test_a_server_of_the_last_century(machine: Machine, make_server: MakeServer) -> None:
    """GET, Triple DES and SHA-1, and only where root says so."""
    server = make_server(Behaviour(capabilities=OLD, legacy_requests=True, post="405"))
    enroll(machine, server, {"legacy_request": True})
    request = server.journal.operations[-1]
    assert (request.method, request.cipher, request.digest) == ("GET", Cipher.TRIPLE_DES, "sha1")


def test_a_list_that_became_shorter_lowers_nothing(machine: Machine, make_server: MakeServer) -> None:
    server = make_server(Behaviour(legacy_requests=True))
    enroll(machine, server, {"legacy_request": True})
    server.behaviour.capabilities = [*OLD, "POSTPKIOperation"]
    renewed(machine, server)
    profile = machine.wait_enrolled(generation=2)
    assert problem_codes(profile) == {"capabilities-lost"}
    assert "aes, scepstandard, sha-256" in profile["problems"][0]["text"]
    renewed(machine, server)
    assert {(one.cipher, one.digest) for one in server.journal.operations} == {(Cipher.AES_128, "sha256")}
    assert problem_codes(machine.wait_enrolled(generation=3)) == {"capabilities-lost"}
