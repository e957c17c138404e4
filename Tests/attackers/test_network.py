"""A hostile network, which owns the names of the SCEP server, of the place for revocation lists and of the endpoint for
reports: what it can at most cause, over http."""

import datetime
import secrets
import urllib.parse
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from asn1crypto import cms

from counts import count
from fixtures import MakeServer
from interference import Interference, Misdeed, Route, Wire, message_of, misdeeds, secured
from machine import PATIENCE, Machine, Status, problem_codes
from scepd import Attack, Behaviour, Challenges, Hierarchy, RAKind, SCEPServer, Trouble
from secrecy import forms

MEMORY = 64 * 1024
"""kB that signetd may have had resident at any time, with a dozen profiles under attack at once."""
REQUESTS = 8
"""HTTP requests that one try comes to, at most: discovery, a request, and what recovers a lost answer."""

HALF = len(Attack) // 2
TROUBLES = [
    Trouble("html"),
    Trouble("html", "GetCACert"),
    Trouble("status", status=500),
    Trouble("status", status=403),
    Trouble("status", status=404, retry_after="1000000000"),
    Trouble("status", status=302),
    Trouble("status", status=200),
    Trouble("empty"),
    Trouble("refuse"),
    Trouble("lost"),
    Trouble("cut", cut_at=500),
    Trouble("truncate", cut_at=500),
    Trouble("truncate", "GetCACert", cut_at=300),
]
LIES: list[list[tuple[str, Attack | Trouble]]] = [
    [(one.value, one) for one in list(Attack)[:HALF]],
    [(one.value, one) for one in list(Attack)[HALF:]],
    [(f"{one.kind}-{number}", one) for number, one in enumerate(TROUBLES)],
]
every_lie = pytest.mark.parametrize("lies", LIES, ids=["attacks, first half", "attacks, second half", "troubles"])


class Victim:
    """One machine with a profile for each lie, each with a server of its own behind a wire that is listened to."""

    def __init__(self, machine: Machine, make_server: MakeServer, between: Interference) -> None:
        self.machine = machine
        self.make_server = make_server
        self.between = between
        self.servers: dict[str, SCEPServer] = {}
        self.routes: dict[str, Route] = {}
        self.challenge = secrets.token_hex(16)
        machine.challenge(self.challenge)

    def add(self, name: str, lie: Attack | Trouble | None, challenges: Challenges, single_use: bool = False) -> None:
        """A profile of that name, whose server tells that lie."""
        hierarchy = Hierarchy(RAKind.ONE if lie is Attack.INSIDER_AS_RA else RAKind.NONE)
        server = self.make_server(Behaviour(challenges=challenges), hierarchy)
        self.servers[name] = server
        self.lie(name, lie)
        self.routes[name] = self.between.route(upstream=("127.0.0.1", server.port))
        for holder, file in ((hierarchy.root, f"{name}-root"), (hierarchy.issuing, f"{name}-issuing")):
            self.machine.write(f"etc/signet/anchors/{file}.pem", holder.pem)
        self.machine.profile(
            server,
            name,
            scep_url=self.routes[name].url,
            scep_challenge={"credential": "scep-challenge", "single-use": single_use},
            subject_name=f"CN={name}",
            subject_alternative_names=[],
            install_anchors=[f"/etc/signet/anchors/{name}-root.pem"],
            install_chain=[f"/etc/signet/anchors/{name}-issuing.pem"],
        )

    def lie(self, name: str, lie: Attack | Trouble | None) -> None:
        """Has the server of a profile tell it."""
        behaviour = self.servers[name].behaviour
        behaviour.attack = lie if isinstance(lie, Attack) else None
        behaviour.troubles = [lie] if isinstance(lie, Trouble) else []

    def wait(self, condition: Callable[[Status], bool]) -> dict[str, Status]:
        """Every profile's status, as it was when the condition first held for it."""
        return self.machine.wait_for_all(self.servers, condition, 5 * PATIENCE)

    def check_what_left(self) -> int:
        """The challenge left the machine for the pinned CA's key alone, or for that of an RA that is authorised.

        How many messages were looked at.
        """
        messages = 0
        for name, route in self.routes.items():
            hierarchy = self.servers[name].hierarchy
            holders = [hierarchy.issuing, *hierarchy.registration_authorities()]
            allowed = {one.certificate.serial_number for one in holders}
            for request in route.requests:
                raw = urllib.parse.unquote_to_bytes(bytes(request))
                assert not any(form in raw for form in forms(self.challenge.encode())), name
                if message := message_of(bytes(request)):
                    messages += 1
                    assert recipients(message) <= allowed, name
                    assert not any(form in message for form in forms(self.challenge.encode())), name
        return messages


def recipients(message: bytes) -> set[int]:
    """Serial numbers of the certificates that a message's envelope is encrypted to."""
    signed = cms.ContentInfo.load(message)["content"]
    envelope = cms.ContentInfo.load(signed["encap_content_info"]["content"].native)["content"]
    return {int(one.chosen["rid"].chosen["serial_number"].native) for one in envelope["recipient_infos"]}


@pytest.fixture
def between() -> Iterator[Interference]:
    """What every byte goes through."""
    with Interference() as made:
        yield made


@pytest.fixture
def victim(machine: Machine, make_server: MakeServer, between: Interference) -> Victim:
    """A machine without a profile yet."""
    return Victim(machine, make_server, between)


def test_what_looks_for_the_challenge_finds_it(victim: Victim) -> None:
    """A search that cannot find anything proves nothing."""
    victim.add("right", None, Challenges(static=victim.challenge))
    victim.machine.start()
    victim.machine.wait_enrolled("right")
    assert victim.check_what_left() == 1
    (route,) = victim.routes.values()
    message = message_of(bytes(route.requests[-1]))
    assert recipients(message) == {victim.servers["right"].hierarchy.issuing.certificate.serial_number}
    for form in forms(victim.challenge.encode()):
        route.requests.append(bytearray(b"POST /x?a=%b HTTP/1.1\r\n\r\n" % urllib.parse.quote(form).encode()))
        with pytest.raises(AssertionError):
            victim.check_what_left()
        route.requests.pop()


@every_lie
@pytest.mark.parametrize("single_use", [False, True], ids=["static challenge", "single-use challenge"])
def test_a_hostile_scep_server_gets_no_challenge_that_is_not_its_cas_and_gives_no_identity(
    victim: Victim,
    record_property: Callable[[str, object], None],
    lies: list[tuple[str, Attack | Trouble]],
    single_use: bool,
) -> None:
    # A first enrollment has nothing to renew.
    lies = [(name, lie) for name, lie in lies if lie is not Attack.OLD_CERTIFICATE]
    for name, lie in lies:
        challenges = Challenges(static=None if single_use else victim.challenge)
        if single_use:
            challenges.single_use = [victim.challenge]
        victim.add(name, lie, challenges, single_use)
    victim.machine.start()
    found = victim.wait(lambda one: bool(problem_codes(one)) and one["state"] in ("failed", "requesting"))
    for name, profile in found.items():
        assert profile.get("identity") is None, name
    assert victim.machine.belongings() == {}
    assert victim.machine.anchors() == {}
    assert victim.machine.memory() < MEMORY
    for name, route in victim.routes.items():
        assert len(route.requests) <= REQUESTS, name
        operations = victim.servers[name].journal.operations
        assert len([one for one in operations if one.challenge_present]) <= 1, name
    for name in ("foreign-ca", "insider-as-ra"):
        if name in victim.servers:
            assert victim.servers[name].journal.operations == []
    assert victim.check_what_left() > len(lies) // 2
    record_property(count("lies at a first enrollment"), len(lies))


@every_lie
def test_a_hostile_scep_server_takes_no_identity(
    victim: Victim, record_property: Callable[[str, object], None], lies: list[tuple[str, Attack | Trouble]]
) -> None:
    for name, _ in lies:
        victim.add(name, None, Challenges(static=victim.challenge))
    victim.machine.start()
    victim.wait(lambda one: one.get("published") == 1)
    held, trusted = victim.machine.belongings(), victim.machine.anchors()
    assert len(trusted) == len(lies)
    asked = {name: len(route.requests) for name, route in victim.routes.items()}
    for name, lie in lies:
        victim.lie(name, lie)
        # Who ordered may leave: it goes on all the same.
        with victim.machine.admin() as admin:
            next(admin.begin("Renew", name))
    found = victim.wait(lambda one: bool(problem_codes(one) - {"ra-changed"}) and "next" in one)
    for name, profile in found.items():
        assert profile["identity"]["generation"] == 1, name
        assert profile["tag"]["value"] == "valid-client-certificate", name
        assert profile["next"]["at"] < profile["identity"]["not_after"], name
    assert victim.machine.belongings() == held
    assert victim.machine.anchors() == trusted
    assert victim.machine.memory() < MEMORY
    for name, route in victim.routes.items():
        # Three rungs of the ladder, each with what one try comes to.
        assert len(route.requests) - asked[name] <= 3 * REQUESTS, name
    assert victim.check_what_left() >= len(lies)
    record_property(count("lies at a renewal"), len(lies))


class Lists:
    """The place for revocation lists, in an attacker's hands: it has every list that the CA ever signed."""

    def __init__(self, server: SCEPServer, route: Route) -> None:
        self.server = server
        self.route = route

    def become(self, misdeed: Misdeed) -> None:
        """From now on every request meets that."""
        self.route.misdeed = misdeed

    def serve(self, ago: datetime.timedelta, *revoked: int, signer: Hierarchy | None = None) -> None:
        """A list made so long ago that names those serial numbers, and the root's."""
        hierarchy, authority = signer or self.server.hierarchy, self.server.authority
        when = datetime.datetime.now(datetime.UTC).replace(microsecond=0) - ago
        issuing = authority.crl(hierarchy.issuing, dict.fromkeys(revoked, when), ago)
        root = authority.crl(hierarchy.root, {}, ago)

        def misdeed(wire: Wire) -> None:
            misdeeds.answer(200, root if b"/root.crl " in wire.head else issuing)(wire)

        self.become(misdeed)


@pytest.fixture
def lists(machine: Machine, make_server: MakeServer, between: Interference) -> Lists:
    """The place, and a machine that was enrolled while it was honest."""
    route = between.route(misdeeds.silence, upstream=("127.0.0.1", between.port))
    server = make_server(hierarchy=Hierarchy(crl_url=route.url))
    made = Lists(server, route)
    made.serve(datetime.timedelta(hours=1))
    machine.profile(server, device_tag_require_revocation_check=True)
    machine.start()
    machine.wait_enrolled()
    return made


def test_a_hostile_place_for_revocation_lists_takes_no_tag_that_a_current_list_gives(
    machine: Machine, lists: Lists, record_property: Callable[[str, object], None]
) -> None:
    held = machine.belongings()
    foreign = Hierarchy(label="foreign")
    minute, own = datetime.timedelta(minutes=1), lists.server.journal.issued[0].serial_number
    broken: dict[str, Misdeed] = {
        "a page": misdeeds.portal,
        "sent elsewhere": misdeeds.redirect,
        "not found": misdeeds.answer(404),
        "later": misdeeds.answer(503, "", "Retry-After: 1000000000"),
        "nothing": misdeeds.answer(200),
        "garbage": misdeeds.answer(200, b"\x30\x84\xff\xff\xff\xff" + bytes(1000)),
        "without end": misdeeds.endless_body,
        "headers without end": misdeeds.endless_head,
        "reset": misdeeds.reset_after_request,
    }
    lies: dict[str, Callable[[], None]] = {
        **{label: partial(lists.become, one) for label, one in broken.items()},
        "another CA's": partial(lists.serve, minute, signer=foreign),
        "another CA's that names it": partial(lists.serve, minute, own, signer=foreign),
        "an ended one": partial(lists.serve, datetime.timedelta(days=3)),
        "an older one": partial(lists.serve, datetime.timedelta(hours=20)),
    }
    for label, lie in lies.items():
        asked = len(lists.route.requests)
        lie()
        with machine.control() as client:
            assert client.tags()["access"]["value"] == "valid-client-certificate", label
        assert asked < len(lists.route.requests) <= asked + 4, label
    assert machine.belongings() == held
    assert problem_codes(machine.status()["profiles"][0]) == set()
    record_property(count("lies of a place for revocation lists"), len(lies))


def test_a_hostile_place_for_revocation_lists_takes_no_revocation_back(machine: Machine, lists: Lists) -> None:
    """It replays a list that the CA signed before it revoked the certificate, and that is current to this day."""
    lists.serve(datetime.timedelta(minutes=10), lists.server.journal.issued[0].serial_number)
    with machine.control() as client:
        assert client.tags()["access"]["value"] == "revoked"
    for hours in (1, 20):
        lists.serve(datetime.timedelta(hours=hours))
        with machine.control() as client:
            assert client.tags()["access"]["value"] == "revoked"
    # What the CA signs after that does.
    lists.serve(datetime.timedelta(minutes=1))
    with machine.control() as client:
        assert client.tags()["access"]["value"] == "valid-client-certificate"


ENDPOINT_LIES: dict[str, Misdeed] = {
    "refuses everything": misdeeds.answer(400),
    "gone": misdeeds.answer(410),
    "later": misdeeds.answer(503, "", "Retry-After: 1000000000"),
    "without end": misdeeds.endless_body,
    "headers without end": misdeeds.endless_head,
    "interim": misdeeds.answer(101),
    "no HTTP": misdeeds.no_http,
    "reset": misdeeds.reset_after_request,
}


@pytest.mark.parametrize("lie", [*ENDPOINT_LIES, "sent elsewhere"])
def test_a_hostile_endpoint_for_reports_holds_up_nothing(
    machine: Machine, server: SCEPServer, between: Interference, lie: str
) -> None:
    """It has a certificate that the machine was told to trust, and with it the bearer token."""
    token = secrets.token_urlsafe(24)
    machine.write("etc/signet/credentials/fleet-token", token, 0o600)
    machine.write("etc/signet/anchors/root.pem", server.hierarchy.root.pem)
    elsewhere = between.route(misdeeds.answer(202), upstream=("127.0.0.1", server.port))
    misdeed = ENDPOINT_LIES.get(lie) or misdeeds.answer(307, "", f"Location: {elsewhere.url}")
    with Interference(("127.0.0.1", server.port), secured(server.hierarchy, "127.0.0.1")) as endpoint:
        route = endpoint.route(misdeed)
        machine.reports_to(route.url, token={"credential": "fleet-token"})
        machine.profile(server)
        machine.start()
        machine.wait_enrolled()
        with machine.admin() as admin:
            assert admin.renew()[-1]["generation"] == 2
        done = machine.ctl("report")
        assert done.returncode == 1
        profile = machine.wait_enrolled(generation=2)
        assert profile["problems"] == []
        codes = {one["code"] for one in machine.status()["problems"]}
        assert codes & {"endpoint-unreachable", "endpoint-failing", "report-refused"}, codes
    # Whoever is sent on is not told the token, and nobody is asked again and again.
    assert between.connections == 0
    assert 1 <= len(route.requests) <= 16
    assert all(f"Bearer {token}".encode() in request for request in route.requests)
    assert route.sent < 20_000_000
