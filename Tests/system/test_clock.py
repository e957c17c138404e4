"""Clocks that are wrong at boot, under the units as they ship."""

import pytest

import configuration
from conftest import CHALLENGE, MakeServer
from device import Device
from scepd import Behaviour, Challenges


@pytest.mark.parametrize("says", ["@1970-01-02 00:00:00", "+200d"], ids=["1970", "200 days ahead"])
def test_a_wrong_clock_sends_no_challenge_and_once_it_is_right_the_machine_enrolls(
    container: Device, make_server: MakeServer, says: str
) -> None:
    server = make_server(Behaviour(challenges=Challenges(single_use=[CHALLENGE])))
    configuration.challenge(container, CHALLENGE)
    configuration.profile(container, server, scep_challenge={"credential": "scep-challenge", "single-use": True})
    configuration.clock(container, says)
    container.boot()
    profile = container.wait_profile(lambda one: bool(one["problems"]))
    assert [one["code"] for one in profile["problems"]] == ["clock-wrong"]
    assert server.journal.operations == []
    for unit in ("signetd.service", "signet-installd.service"):
        container.drop_in(unit, "")
    container.reboot()
    assert container.wait_enrolled()["problems"] == []
    assert [one.challenge_right for one in server.journal.operations] == [True]
