"""From the power button to a valid device tag, with nobody there."""

import pytest

import configuration
from conftest import CHALLENGE, MakeServer
from device import Device
from realservers import ScepServer
from realservers.process import free_port
from scepd import Behaviour, Challenges, Hierarchy, SCEPServer


def test_enrollment_at_boot(container: Device, server: SCEPServer) -> None:
    configuration.challenge(container, CHALLENGE)
    configuration.profile(container, server)
    container.boot()
    profile = container.wait_enrolled()
    (issued,) = server.journal.issued
    assert profile["identity"]["serial"].lstrip("0").lower() == f"{issued.serial_number:x}"
    assert profile["problems"] == []
    (request,) = server.journal.operations
    assert (request.challenge_right, request.alternative_names) == (True, ["DNS:laptop-7.example.com"])
    assert container.show("signetd.service", "User", "Type") == ["signet", "notify"]
    owner = container.run("stat", "--format=%U:%G %a", "/etc/ssl/signet/access/current/key.pem").stdout
    assert owner.strip() == "root:signet-clients 640"
    container.wait_idle()
    assert container.state() == "running", container.run("systemctl", "--failed").stdout
    assert container.tag("bob") == "valid-client-certificate"


def test_enrollment_at_boot_with_debians_scepserver(container: Device) -> None:
    with ScepServer(CHALLENGE) as server:
        configuration.challenge(container, CHALLENGE)
        configuration.scepserver_profile(container, server)
        container.boot()
        profile = container.wait_enrolled()
        assert [one["code"] for one in profile["problems"]] == ["weak-server"]
        container.signetctl("renew", "access", "--wait")
        container.wait_enrolled(generation=2)


def test_a_reboot_changes_nothing_and_asks_nothing_of_the_server(enrolled: Device, server: SCEPServer) -> None:
    before, asked = enrolled.belongings(), server.journal.exchanges
    enrolled.reboot()
    profile = enrolled.wait_enrolled()
    enrolled.wait_idle()
    assert profile["identity"]["generation"] == 1
    assert enrolled.belongings() == before
    assert server.journal.exchanges == asked
    assert enrolled.state() == "running"


def test_the_server_is_down_at_boot_and_comes_back(container: Device, make_server: MakeServer) -> None:
    """The agent waits for it by itself: its first waits are of one and two minutes, spread by a fifth."""
    port, hierarchy = free_port(), Hierarchy()
    behaviour = Behaviour(challenges=Challenges(static=CHALLENGE))
    configuration.challenge(container, CHALLENGE)
    with SCEPServer(hierarchy, behaviour, port=port) as away:
        configuration.profile(container, away)
    container.boot()
    profile = container.wait_profile(lambda one: one["problems"])
    assert [one["code"] for one in profile["problems"]] == ["server-unreachable"]
    assert away.journal.exchanges == []
    # A server that is away holds up no boot.
    assert container.state() == "running"
    server = make_server(behaviour, hierarchy, port=port)
    profile = container.wait_enrolled(timeout=90)
    assert profile["problems"] == []
    assert len(server.journal.issued) == 1


@pytest.mark.parametrize("first", ["challenge", "profile"])
def test_a_profile_dropped_in_later_is_noticed_at_once(container: Device, server: SCEPServer, first: str) -> None:
    """Whichever of the two comes first, and with nobody who starts anything."""
    container.boot()
    container.wait_idle()
    if first == "challenge":
        configuration.challenge(container, CHALLENGE)
        container.wait_idle()
        configuration.profile(container, server)
    else:
        configuration.profile(container, server)
        container.wait_profile(
            lambda one: [problem["code"] for problem in one["problems"]] == ["challenge-unavailable"]
        )
        configuration.challenge(container, CHALLENGE)
    container.wait_enrolled()
    container.wait_idle()
    assert len(server.journal.issued) == 1
