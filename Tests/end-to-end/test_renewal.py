"""Renewal: ordered over the admin socket, or due by itself. Down the ladder: `Tests/negative`."""

import datetime

import pytest

from fixtures import MakeServer
from machine import Machine
from scepd import Behaviour, Challenges, SCEPServer, Trouble, names
from scepd.authority import Validity


def test_over_the_admin_socket(enrolled: Machine, server: SCEPServer) -> None:
    with enrolled.admin() as admin:
        replies = admin.renew()
    assert replies[-1]["generation"] == 2
    assert [one["step"] for one in replies[:-1] if one.get("step")]
    profile = enrolled.wait_enrolled(generation=2)
    first, second = server.journal.issued
    assert profile["identity"]["serial"].lstrip("0").lower() == f"{second.serial_number:x}"
    assert first.public_key() != second.public_key()
    request = server.journal.operations[-1]
    assert (request.message_type, request.challenge_present) == (names.RENEWAL_REQ, False)
    assert request.signer_is_self_signed is False


def test_a_timeout_never_leaves_a_rung(enrolled: Machine, server: SCEPServer) -> None:
    server.behaviour.troubles = [Trouble("refuse", message_type=names.RENEWAL_REQ, times=1)]
    with enrolled.admin() as admin, pytest.raises(Exception, match="server-unreachable"):
        admin.renew()
    assert {one.message_type for one in server.journal.operations[1:]} <= {names.RENEWAL_REQ, names.CERT_POLL}


def test_due_by_itself(machine: Machine, make_server: MakeServer) -> None:
    """A certificate of 100 seconds, of which 55 are over when it comes: its time is at 66 to 76, with nobody there."""
    short = Validity(before=datetime.timedelta(seconds=55), after=datetime.timedelta(seconds=45))
    server = make_server(Behaviour(validity=short))
    machine.profile(server)
    machine.start()
    profile = machine.wait_enrolled()
    assert profile["next"]["action"] == "renew"
    assert profile["next"]["at"] < profile["identity"]["not_after"]
    # Not dated back before the first: an older certificate would be refused.
    server.behaviour.validity = Validity(before=datetime.timedelta(seconds=5))
    machine.wait_enrolled(generation=2)
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.RENEWAL_REQ]


def test_an_enrollment_from_scratch_takes_the_challenge(machine: Machine, make_server: MakeServer) -> None:
    server = make_server(Behaviour(challenges=Challenges(static="open sesame")))
    machine.challenge("open sesame")
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    with machine.admin() as admin:
        assert admin.enroll()[-1]["generation"] == 2
    assert [one.signer_is_self_signed for one in server.journal.operations] == [True, True]
