"""What a management endpoint gets from a real machine: everything, in order, once."""

import secrets
from collections.abc import Iterator

import pytest

import configuration
from conftest import CHALLENGE
from device import Device
from receiver import Receiver
from scepd import SCEPServer


@pytest.fixture
def receiver(server: SCEPServer) -> Iterator[Receiver]:
    """An endpoint that demands the device's certificate; nothing that it was sent may break the schemas."""
    with Receiver(server.hierarchy) as made:
        yield made
    assert made.violations == []


def numbers(receiver: Receiver) -> list[int]:
    """The sequence of what was accepted."""
    return [int(str(one.event.get_extension("sequence"))) for one in receiver.accepted if one.event]


def test_a_receiver_that_was_down_gets_everything_in_order_and_once(
    container: Device, server: SCEPServer, receiver: Receiver
) -> None:
    receiver.stop()
    configuration.challenge(container, CHALLENGE)
    configuration.settings(container, receiver)
    configuration.profile(container, server)
    container.boot()
    container.wait_enrolled()
    container.signetctl("renew", "access", "--wait")
    container.wait_enrolled(generation=2)
    # Nothing is lost by a crash or a reboot, and nothing that was not accepted counts as told.
    container.run("systemctl", "start", "signetd.service")
    container.run("systemctl", "kill", "--signal=KILL", "signetd.service")
    container.shut_down()
    assert list((container.root / "var/lib/signet/outbox").glob("*.json"))
    assert receiver.deliveries == []
    receiver.start()
    container.boot()
    # With nobody there: the next try after a failure comes within minutes, as that failure said, boot or not.
    receiver.wait_for(lambda: receiver.news.count("identity.issued access") == 2, 200)
    container.signetctl("report")
    container.wait_idle()
    assert numbers(receiver) == list(range(1, len(numbers(receiver)) + 1))
    assert receiver.news[-1] in ("tag.changed access", "identity.issued access", "problem.cleared")
    assert {one.client for one in receiver.accepted} == {"laptop-7"}
    generations = [one.data["generation"] for one in receiver.accepted if one.kind == "identity.issued"]
    assert generations == [1, 2]
    tags = [one.data["value"] for one in receiver.accepted if one.kind == "tag.changed"]
    assert tags[-1] == "valid-client-certificate"
    assert list((container.root / "var/lib/signet/outbox").glob("*.json")) == []


def test_a_token_from_the_credentials_is_shown(container: Device, server: SCEPServer, receiver: Receiver) -> None:
    receiver.token = secrets.token_urlsafe(24)
    configuration.challenge(container, CHALLENGE)
    configuration.challenge(container, receiver.token, "fleet-token")
    configuration.settings(container, receiver, token={"credential": "fleet-token"})
    configuration.profile(container, server)
    container.boot()
    receiver.wait_for(lambda: "identity.issued access" in receiver.news)
    container.wait_enrolled()
    container.wait_idle()
    assert receiver.deliveries == receiver.accepted
