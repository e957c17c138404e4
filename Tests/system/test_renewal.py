"""A renewal that falls due with nobody there, and the identity that it replaces."""

import datetime
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509

import configuration
from conftest import CHALLENGE, MakeServer
from container import PATIENCE
from device import Device
from gateway import ask, gateway
from scepd import Behaviour, Challenges, Hierarchy, SCEPServer, Trouble, names
from scepd.authority import Validity


def test_when_due_with_the_old_identity_usable_until_the_switch(
    container: Device, make_server: MakeServer, tmp_path: Path
) -> None:
    """A certificate of 100 seconds, of which 55 are over when it comes: its time is at 66 to 76.

    A gateway is asked with what is published all the while, and the server waits with the renewal for its answer.
    """
    short = Validity(before=datetime.timedelta(seconds=55), after=datetime.timedelta(seconds=45))
    server = make_server(Behaviour(validity=short, challenges=Challenges(static=CHALLENGE)), Hierarchy())
    configuration.challenge(container, CHALLENGE)
    configuration.profile(container, server)
    with gateway(server.hierarchy, tmp_path) as asked:
        container.boot()
        assert container.wait_enrolled()["next"]["action"] == "renew"
        # Not dated back before the first: an older certificate would be refused.
        server.behaviour.validity = Validity(before=datetime.timedelta(seconds=5))
        answered = threading.Event()
        server.behaviour.troubles = [
            Trouble("delay", message_type=names.RENEWAL_REQ, times=1, seconds=PATIENCE, until=answered)
        ]
        # With no challenge there is no enrollment that could be taken for a renewal.
        (container.root / "etc/signet/credentials/scep-challenge").unlink()
        seen: list[tuple[int, bool]] = []
        deadline = time.monotonic() + PATIENCE
        while len({serial for serial, _ in seen}) < 2:
            assert time.monotonic() < deadline, f"no renewal: {seen[-1:]}\n{container.log()}"
            file = container.published() / "cert.pem"
            serial = x509.load_pem_x509_certificate(file.read_bytes()).serial_number
            under_way = len(server.journal.operations) > 1 and len(server.journal.issued) == 1
            assert "laptop-7" in ask(asked, server.hierarchy, container.published())
            seen.append((serial, under_way))
            if under_way:
                answered.set()
        container.wait_enrolled(generation=2)
    first, second = server.journal.issued
    order = [first.serial_number, second.serial_number]
    assert [order.index(serial) for serial, _ in seen] == sorted(order.index(serial) for serial, _ in seen)
    assert (first.serial_number, True) in seen, "the gateway was not asked while the renewal was under way"
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.RENEWAL_REQ]
    container.wait_idle()


@pytest.fixture
def server_of_today() -> Iterator[SCEPServer]:
    """One for an agent with another clock: that a message is signed at another time is no violation here."""
    with SCEPServer(Hierarchy(), Behaviour(challenges=Challenges(static=CHALLENGE))) as server:
        yield server
    assert [one for one in server.journal.violations if not one.startswith("signingTime")] == []


def test_a_tick_renews_what_fell_due_while_no_process_was_there(container: Device, server_of_today: SCEPServer) -> None:
    """Enrolled today for 90 days; then the machine's clock is 70 days on."""
    server = server_of_today
    configuration.challenge(container, CHALLENGE)
    configuration.profile(container, server)
    container.boot()
    container.wait_enrolled()
    container.wait_idle()
    # It judges by the clock, too: the next one is to have the other clock.
    container.run("systemctl", "stop", "signet-installd.service")
    assert len(server.journal.operations) == 1
    later = datetime.timedelta(days=70)
    server.behaviour.validity = Validity(before=-later, after=later + datetime.timedelta(days=90))
    configuration.clock(container, "+70d")
    container.drop_in("signetd.timer", "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/5\nRandomizedDelaySec=0\n")
    container.run("systemctl", "daemon-reload")
    container.run("systemctl", "restart", "signetd.timer")
    profile = container.wait_enrolled(generation=2)
    assert profile["problems"] == []
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.RENEWAL_REQ]
