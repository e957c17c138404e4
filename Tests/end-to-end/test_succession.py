"""A CA ends, and its successor takes over: had ahead of its day, used when that has come (RFC 8894 §4.7, §5.1).

faketime moves the machine's clock, and the server's answers tell the same; its certificates are those of today.
"""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from cryptography import x509

from clock import clock
from machine import Machine, Status, problem_codes
from scepd import Behaviour, Hierarchy, SCEPServer, names
from scepd.authority import Validity
from scepd.hierarchy import Holder, certificate, key_usage, name
from scepd.keys import rsa_key

_DAY = datetime.timedelta(days=1)
_LIFE = 10 * _DAY
"""Of the present CA, from now on; what it issues is cut to that."""
_OVERLAP = 12 * datetime.timedelta(hours=1)
"""For so long both CAs are valid."""
RENEWAL, TAKEOVER, LATER = 8 * _DAY, 10 * _DAY - datetime.timedelta(hours=1), 12 * _DAY
"""From now on: a renewal is due; the successor has begun, and the present CA not ended; it has."""


@dataclass
class Succession:
    """A machine that is enrolled with a CA near its end, and has both pinned."""

    machine: Machine
    server: SCEPServer
    successor: Holder

    @contextmanager
    def at(self, moment: datetime.timedelta) -> Iterator[None]:
        """Runs the machine from one boot to the next, so long from now."""
        self.server.behaviour.clock = moment
        with clock(self.machine, f"+{moment.total_seconds():.0f}"):
            yield

    def due(self, *, ahead: bool = True) -> Status:
        """The machine at its renewal: the profile's status once that is over."""
        with self.at(RENEWAL):
            if ahead:
                return self.machine.wait_for(lambda one: "next_identity" in one)
            return self.machine.wait_enrolled(generation=2)

    @property
    def published(self) -> x509.Certificate:
        """What programs on the machine find."""
        return x509.load_pem_x509_certificate((self.machine.published() / "cert.pem").read_bytes())


def _authority(subject: str, key: str, root: Holder, begin: datetime.timedelta, end: datetime.timedelta) -> Holder:
    now, own = datetime.datetime.now(datetime.UTC), rsa_key(key)
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (key_usage("digital_signature", "key_encipherment", "key_cert_sign", "crl_sign"), True),
    ]
    times = {"not_before": now + begin, "not_after": now + end}
    return Holder(certificate(name(subject), own.public_key(), root, extensions, **times), own)


@pytest.fixture
def succession(machine: Machine) -> Iterator[Succession]:
    """Enrolled for as long as the present CA lives; the next one begins half a day before that ends.

    That a message is signed at another time is no violation here.
    """
    hierarchy = Hierarchy()
    present = _authority("present CA", "pki-issuing", hierarchy.root, -90 * _DAY, _LIFE)
    hierarchy.issuing = hierarchy.signer = hierarchy.recipient = present
    hierarchy.successor = _authority("next CA", "next", hierarchy.root, _LIFE - _OVERLAP, 900 * _DAY)
    with SCEPServer(hierarchy, Behaviour(validity=Validity(after=_LIFE))) as server:
        server.behaviour.capabilities.append("GetNextCACert")
        pins = [present.fingerprint, hierarchy.successor.fingerprint]
        machine.profile(server, scep_ca_fingerprint=pins)
        machine.start()
        machine.wait_enrolled()
        machine.stop()
        yield Succession(machine, server, hierarchy.successor)
    assert [one for one in server.journal.violations if not one.startswith("signingTime")] == []


def test_the_next_cas_certificate_is_had_before_its_day_and_used_when_that_comes(succession: Succession) -> None:
    machine, server = succession.machine, succession.server
    profile = succession.due()
    request = server.journal.operations[-1]
    assert (request.ahead, request.message_type, request.challenge_present) == (True, names.RENEWAL_REQ, False)
    assert profile["identity"]["generation"] == profile["published"] == 1
    assert profile["next_identity"]["generation"] == 2
    assert "next CA" in profile["next_identity"]["issuer"]
    begin = succession.successor.certificate.not_valid_before_utc
    assert profile["next"] == {"action": "publish", "at": begin.strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert problem_codes(profile) == set()
    asked = len(server.journal.exchanges)
    with succession.at(RENEWAL):
        # Another process finds it where it lies, and asks nobody.
        assert machine.wait_for(lambda one: "next_identity" in one)["identity"]["generation"] == 1
        assert "after it" in machine.ctl("status").stdout
        metrics = (machine.root / "run/signet/public/metrics.prom").read_text()
        assert 'signet_next_certificate_not_after_timestamp_seconds{profile="access"}' in metrics
    assert succession.published == server.journal.issued[0]
    with succession.at(TAKEOVER):
        profile = machine.wait_enrolled(generation=2)
        assert "next_identity" not in profile
        assert profile["tag"]["value"] == "valid-client-certificate"
        assert problem_codes(profile) == set()
    assert succession.published == server.journal.issued[1]
    assert succession.published.issuer == succession.successor.certificate.subject
    assert len(server.journal.exchanges) == asked
    # Nobody but root adds an anchor.
    assert succession.successor.pem.encode() not in machine.anchors().values()


def test_a_machine_that_was_off_on_the_day_takes_over_later(succession: Succession) -> None:
    succession.due()
    with succession.at(LATER):
        profile = succession.machine.wait_enrolled(generation=2)
    assert problem_codes(profile) == set()
    assert len(succession.server.journal.issued) == 2


def test_a_clock_that_is_ahead_for_a_while_takes_nothing_from_programs(succession: Succession) -> None:
    """It brings the takeover too soon; with the right one programs find the identity that is valid."""
    machine = succession.machine
    succession.due()
    with clock(machine, "+15d"):
        machine.wait_for(lambda one: one.get("published") == 2)
    with succession.at(RENEWAL):
        profile = machine.wait_enrolled()
        assert profile["next_identity"]["generation"] == 2
        assert problem_codes(profile) == set()
    assert succession.published == succession.server.journal.issued[0]
    with succession.at(TAKEOVER):
        machine.wait_enrolled(generation=2)
    assert len(succession.server.journal.issued) == 2


def test_a_profile_that_changes_while_one_waits_has_one_had_anew(succession: Succession) -> None:
    machine, server = succession.machine, succession.server
    succession.due()
    pins = [server.fingerprint, succession.successor.fingerprint]
    machine.profile(server, scep_ca_fingerprint=pins, renewal_at=0.67)
    with succession.at(RENEWAL):
        profile = machine.wait_for(lambda one: one.get("next_identity", {}).get("generation") == 3)
    # What the changed profile did not ask for still lies there, and no process takes it for anything.
    for _ in range(2):
        with succession.at(RENEWAL):
            profile = machine.wait_for(lambda one: one["tag"]["value"] == "valid-client-certificate")
        assert (profile["identity"]["generation"], profile["next_identity"]["generation"]) == (1, 3)
    with succession.at(TAKEOVER):
        machine.wait_enrolled(generation=3)
    assert len(server.journal.issued) == 3


def test_a_clock_that_is_not_the_servers_asks_no_successor(succession: Succession) -> None:
    machine, server = succession.machine, succession.server
    server.behaviour.validity = Validity(before=datetime.timedelta(), after=_LIFE + datetime.timedelta(hours=1))
    with clock(machine, "+8d"):
        machine.wait_enrolled(generation=2)
    assert [one.ahead for one in server.journal.operations] == [False, False]


def test_who_orders_a_renewal_gets_one_to_use_now(succession: Succession) -> None:
    machine, server = succession.machine, succession.server
    succession.due()
    # A CA dates nothing back before what it issued.
    server.behaviour.validity = Validity(before=datetime.timedelta(), after=_LIFE)
    with succession.at(RENEWAL):
        with machine.admin() as admin:
            assert admin.renew()[-1]["generation"] == 3
        profile = machine.wait_enrolled(generation=3)
        assert "next_identity" not in profile
    assert [one.ahead for one in server.journal.operations] == [False, True, False]


def test_one_that_waits_for_approval_is_asked_for_by_the_next_process(succession: Succession) -> None:
    machine, server = succession.machine, succession.server
    server.behaviour.pending = 1
    with succession.at(RENEWAL):
        machine.wait_for(lambda one: one["state"] == "pending")
    with succession.at(RENEWAL + datetime.timedelta(hours=1)):
        profile = machine.wait_for(lambda one: "next_identity" in one)
    assert profile["published"] == 1
    assert [one.message_type for one in server.journal.operations[1:]] == [names.RENEWAL_REQ, names.CERT_POLL]


def test_a_server_that_announces_it_and_lets_it_issue_nothing_is_asked_as_ever(succession: Succession) -> None:
    server = succession.server
    server.behaviour.issues_ahead = False
    server.behaviour.validity = Validity(before=datetime.timedelta(), after=_LIFE + datetime.timedelta(hours=1))
    profile = succession.due(ahead=False)
    assert problem_codes(profile) == set()
    assert "next_identity" not in profile
    rungs = [(one.answer, one.message_type) for one in server.journal.operations[1:]]
    assert rungs == [("200 failure 1", names.RENEWAL_REQ), ("200 issued", names.RENEWAL_REQ)]
    # It cannot open the first.
    server.journal.operations[1].violations.clear()


@pytest.mark.parametrize("before_saving", [False, True], ids=["found", "gone"])
def test_what_waits_lies_on_the_disk(succession: Succession, before_saving: bool) -> None:
    """The state says what waits, and the disk has it: without its folder it is had once more."""
    machine = succession.machine
    succession.due()
    waiting = machine.root / "var/lib/signet/profiles/access/generations/0002"
    if before_saving:
        for one in waiting.iterdir():
            one.unlink()
        waiting.rmdir()
    with succession.at(RENEWAL):
        profile = machine.wait_for(lambda one: "next_identity" in one)
    assert profile["next_identity"]["generation"] == 2
    assert len(succession.server.journal.issued) == (3 if before_saving else 2)
