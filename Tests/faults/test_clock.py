"""Clocks that are wrong, under the real programs: faketime tells them another time than the PKI's.

Nobody but the clock is blamed, no challenge is sent meanwhile, nothing is given up, and once it is right all is well.
"""

import datetime
from collections.abc import Iterator

import pytest

from agent import AgentError
from clock import EPOCH, clock
from interference import Interference, secured
from machine import Machine, Status, problem_codes
from scepd import Behaviour, Challenges, SCEPServer, names
from scepd.authority import Validity

AHEAD = "+200d"
"""Beyond the certificate's end."""
FAR_AHEAD = "+400d"
"""Beyond the CA's."""


def judged(machine: Machine, value: str) -> Status:
    """The profile's status once its tag has that value and the clock is blamed."""
    return machine.wait_for(lambda one: one["tag"]["value"] == value and "clock-wrong" in problem_codes(one))


@pytest.fixture(params=["static", "single-use"])
def strict(request: pytest.FixtureRequest, machine: Machine) -> Iterator[SCEPServer]:
    """A server that asks for a challenge, and a machine that has it and was not booted yet.

    That a message is signed at another time is no violation here.
    """
    single_use = request.param == "single-use"
    challenges = Challenges(single_use=["open sesame"]) if single_use else Challenges(static="open sesame")
    machine.challenge("open sesame")
    with SCEPServer(behaviour=Behaviour(challenges=challenges)) as server:
        machine.profile(server, scep_challenge={"credential": "scep-challenge", "single-use": single_use})
        yield server
    assert [one for one in server.journal.violations if not one.startswith("signingTime")] == []


def enroll_once(machine: Machine, server: SCEPServer) -> None:
    """With the right time the machine gets its first certificate, for the only challenge that it ever sent."""
    machine.start()
    assert machine.wait_enrolled()["problems"] == []
    assert [one.challenge_right for one in server.journal.operations if one.challenge_present] == [True]
    assert len(server.authority.issued) == 1


@pytest.mark.parametrize("says", [EPOCH, AHEAD, FAR_AHEAD], ids=["1970", "200 days ahead", "400 days ahead"])
def test_a_wrong_clock_at_boot_sends_no_challenge_and_blames_nobody_else(
    machine: Machine, strict: SCEPServer, says: str
) -> None:
    with clock(machine, says):
        profile = machine.wait_for(lambda one: "clock-wrong" in problem_codes(one) and "next" in one)
        assert problem_codes(profile) == {"clock-wrong"}
        assert "timedatectl" in profile["problems"][0]["remedy"]
        assert strict.journal.operations == []
        # GetCACaps and GetCACert, and no more of them until it is time.
        assert len(strict.journal.exchanges) == 2
    enroll_once(machine, strict)


def test_1970_at_boot_is_no_fault_of_a_servers_tls(machine: Machine, server: SCEPServer) -> None:
    context = secured(server.hierarchy, "127.0.0.1")
    with Interference(("127.0.0.1", server.port), context) as between:
        machine.profile(server, scep_url=between.route().url, scep_tls_ca="/etc/signet/anchors/root.pem")
        with clock(machine, EPOCH):
            profile = machine.wait_for(lambda one: bool(problem_codes(one)) and "next" in one)
            assert problem_codes(profile) == {"clock-wrong"}
        assert server.journal.exchanges == []
        machine.start()
        assert machine.wait_enrolled()["problems"] == []


def test_1970_at_boot_and_400_days_ahead_cost_no_identity(machine: Machine, strict: SCEPServer) -> None:
    enroll_once(machine, strict)
    machine.stop()
    held = machine.belongings()
    asked = len(strict.journal.exchanges)
    with clock(machine, EPOCH):
        profile = judged(machine, "not-yet-valid")
        assert problem_codes(profile) == {"clock-wrong"}
        assert profile["identity"]["generation"] == 1
    assert len(strict.journal.exchanges) == asked
    for says in (AHEAD, FAR_AHEAD):
        asked = len(strict.journal.exchanges)
        with clock(machine, says):
            # A single-use challenge that is used up could not be sent, so that nobody is asked for the time.
            profile = machine.wait_for(lambda one: one["tag"]["value"] == "expired" and len(one["problems"]) == 2)
            assert problem_codes(profile) in ({"clock-wrong", "expired"}, {"challenge-spent", "expired"})
        assert len(strict.journal.exchanges) <= asked + 2
        assert len(strict.journal.operations) == 1
    machine.start()
    profile = machine.wait_enrolled()
    assert profile["problems"] == []
    assert profile["next"]["action"] == "renew"
    assert machine.belongings() == held
    assert len(strict.journal.operations) == 1


def test_a_certificate_that_is_not_valid_yet_is_asked_for_again_once_it_is(
    machine: Machine, strict: SCEPServer
) -> None:
    """Two hours behind: too little to keep the challenge back, and what the PKI issues has yet to begin."""
    strict.behaviour.validity = Validity(before=datetime.timedelta(seconds=1))
    with clock(machine, "-2h"):
        profile = machine.wait_for(lambda one: "clock-wrong" in problem_codes(one) and "next" in one)
        assert problem_codes(profile) == {"clock-wrong"}
        assert profile.get("identity") is None
    enroll_once(machine, strict)


@pytest.mark.parametrize("strict", ["static"], indirect=True)
def test_off_over_the_renewal_and_off_over_the_end(machine: Machine, strict: SCEPServer) -> None:
    """It is the PKI's clock that is behind here: a renewal needs no challenge, and is not kept back."""
    enroll_once(machine, strict)
    machine.stop()
    with clock(machine, "+70d"):
        machine.wait_enrolled(generation=2)
    operations = strict.journal.operations
    assert [one.message_type for one in operations] == [names.PKCS_REQ, names.RENEWAL_REQ]
    with clock(machine, AHEAD):
        machine.wait_for(lambda one: "clock-wrong" in problem_codes(one))
        assert len(strict.journal.operations) == 2
        # Who orders an enrollment answers for the clock, too. What is issued has ended by this one.
        with machine.admin() as admin, pytest.raises(AgentError) as failed:
            admin.enroll()
        assert failed.value.problem == "clock-wrong"
    assert strict.journal.operations[2].challenge_present is True
    machine.start()
    machine.wait_enrolled(generation=3)
