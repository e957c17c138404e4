"""Networks that fail, at each phase of an exchange: said as what it is, and made good by itself once they are back.

One machine has a profile for each thing that goes wrong, all at the same time.
"""

import datetime
import email.utils
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent import AgentError
from counts import count
from fixtures import MakeServer
from interference import Interference, Misdeed, Route, misdeeds, secured
from machine import PATIENCE, Machine, Status, moment, problem_codes
from scepd import Behaviour, Challenges, Hierarchy, SCEPServer

UNREACHABLE = {"server-unreachable"}
NO_SCEP = {"not-a-scep-server"}
FLEET = 1.2
"""Waits differ over the fleet by a fifth."""
HOUR, DAY = 3600.0, 86400.0

BROKEN: dict[str, Misdeed] = {
    "reset after the head of the request": misdeeds.reset_after_head,
    "reset after the request": misdeeds.reset_after_request,
    "reset after the server answered": misdeeds.reset_after_answer,
    "reset in the head of the answer": misdeeds.reset_in_head,
    "reset in the body of the answer": misdeeds.reset_in_body,
    "end in the head of the answer": misdeeds.end_in_head,
    "end in the body of the answer": misdeeds.end_in_body,
    "end in a chunk of the answer": misdeeds.end_in_chunk,
    "no HTTP": misdeeds.no_http,
}
SLOW: dict[str, Misdeed] = {
    "one byte a second": misdeeds.byte_a_second,
    "one byte of the body a second": misdeeds.byte_a_second_of_body,
    "interim answers for ever": misdeeds.interim_for_ever,
    "silence": misdeeds.silence,
    "a terabyte announced": misdeeds.announced_terabyte,
}
ENDLESS: dict[str, Misdeed] = {
    "a body without end": misdeeds.endless_body,
    "chunks without end": misdeeds.endless_chunks,
    "headers without end": misdeeds.endless_head,
    "a header without end": misdeeds.endless_line,
    "a compressed body": misdeeds.compressed_bomb,
}
PORTAL: dict[str, Misdeed] = {
    "a page to sign in": misdeeds.portal,
    "sent elsewhere": misdeeds.redirect,
    "sent elsewhere for good": misdeeds.answer(308, "", "Location: http://portal.invalid/"),
    "a page that asks for a network sign-in": misdeeds.answer(511, "<html>", "Content-Type: text/html"),
}


class Fleet:
    """One machine with a profile for each route, all of them with one PKI behind."""

    def __init__(self, machine: Machine, server: SCEPServer, between: Interference) -> None:
        self.machine = machine
        self.server = server
        self.between = between
        self.routes: dict[str, Route] = {}

    def add(self, label: str, misdeed: Misdeed | None, *operations: str, **changes: object) -> str:
        """A profile whose requests meet that misdeed; its name."""
        route = self.between.route(misdeed, *operations)
        return self.profile(label, route, **changes)

    def profile(self, label: str, route: Route, **changes: object) -> str:
        """A profile over that route; its name."""
        word = f"p{len(self.routes)}-{label.lower().replace(' ', '-')}"[:63].rstrip("-")
        self.routes[word] = route
        given = {"scep_url": route.url, "subject_name": f"CN={word}", "subject_alternative_names": [], **changes}
        self.machine.profile(self.server, word, **given)
        return word

    def wait(self, condition: Callable[[Status], bool], timeout: float = 4 * PATIENCE) -> dict[str, Status]:
        """Every profile's status, as it was when the condition first held for it."""
        return self.machine.wait_for_all(self.routes, condition, timeout)

    def wait_failed(self) -> dict[str, Status]:
        """Every profile's status, once it has a problem and a plan."""
        return self.wait(lambda one: bool(problem_codes(one)) and "next" in one)

    def recover(self) -> None:
        """Nothing goes wrong any more: an order or two, and each has a certificate.

        The first order may only ask after a request that the server never saw.
        """
        self.between.heal()
        for name in self.routes:
            for last in (False, False, True):
                if self._ordered(name, last):
                    break
        for name, profile in self.wait(lambda one: one.get("published") is not None).items():
            assert profile["state"] == "active", name
            assert profile["tag"]["value"] == "valid-client-certificate", name

    def _ordered(self, name: str, is_last: bool) -> bool:
        """Whether an order brought a certificate; a failure where it was the last one that may."""
        while True:
            try:
                with self.machine.admin() as admin:
                    admin.renew(name)
                return True
            except AgentError as error:
                if error.name == "Busy":
                    # Its own next try came first.
                    self.machine.wait_for(lambda one: "next" in one, name)
                elif is_last:
                    raise
                else:
                    return False


@pytest.fixture
def between(server: SCEPServer) -> Iterator[Interference]:
    """What stands between every machine and the server."""
    with Interference(("127.0.0.1", server.port)) as made:
        yield made


@pytest.fixture
def fleet(machine: Machine, server: SCEPServer, between: Interference) -> Fleet:
    """A machine that has no profile yet."""
    return Fleet(machine, server, between)


def check_first_failure(profile: Status, problems: set[str], longest: float) -> None:
    """What a first enrollment that failed has to show for it: what is wrong, what to do, and when it is tried again."""
    assert problem_codes(profile) <= problems, profile
    assert problem_codes(profile), profile
    for problem in profile["problems"]:
        assert problem["text"] and problem["remedy"] and problem["since"], profile
    assert profile.get("identity") is None, profile
    assert moment(profile["next"]["at"]) <= time.time() + longest * FLEET, profile


@dataclass(frozen=True)
class Faults:
    """What goes wrong, each at each of these operations; not too many for one machine."""

    label: str
    misdeeds: dict[str, Misdeed]
    operations: tuple[str, ...] = ("GetCACert", "PKIOperation")
    problems: frozenset[str] = frozenset(UNREACHABLE)
    longest: float = 60.0
    """Seconds until it is tried again, at most."""

    @property
    def cases(self) -> list[tuple[str, Misdeed, str]]:
        """What each is called, what it does, and where."""
        return [(f"{at} {label}", misdeed, at) for label, misdeed in self.misdeeds.items() for at in self.operations]


FAULTS = [
    Faults("the CA's certificates, reset or ended at each phase", BROKEN, ("GetCACert",)),
    Faults("the request, reset or ended at each phase", BROKEN, ("PKIOperation",)),
    Faults("slow or silent", SLOW),
    Faults("without end", ENDLESS, problems=frozenset(UNREACHABLE | NO_SCEP), longest=HOUR),
    Faults("a captive portal", PORTAL, problems=frozenset(UNREACHABLE | NO_SCEP), longest=HOUR),
]
every_fault = pytest.mark.parametrize("faults", FAULTS, ids=lambda faults: faults.label)


@every_fault
def test_a_first_enrollment_over_a_network_that_fails(
    fleet: Fleet, record_property: Callable[[str, object], None], faults: Faults
) -> None:
    for case in faults.cases:
        fleet.add(*case)
    fleet.machine.start()
    for profile in fleet.wait_failed().values():
        check_first_failure(profile, set(faults.problems), faults.longest)
    assert fleet.machine.belongings() == {}
    # Nobody follows a redirect, takes more than the limit, or asks again and again.
    for route in fleet.routes.values():
        assert 1 <= len(route.requests) <= 6, route
        assert route.sent < 20_000_000, route
    fleet.recover()
    # For each there is one certificate, and at most one more that was lost on its way.
    assert len(faults.cases) <= len(fleet.server.journal.issued) <= 2 * len(faults.cases)
    record_property(count("network faults at a first enrollment"), len(faults.cases))


@every_fault
def test_a_renewal_over_a_network_that_fails_keeps_the_identity(
    fleet: Fleet, record_property: Callable[[str, object], None], faults: Faults
) -> None:
    for label, _, operation in faults.cases:
        fleet.add(label, None, operation)
    fleet.machine.start()
    fleet.wait(lambda one: one.get("published") == 1)
    held = fleet.machine.belongings()
    for route, (_, misdeed, _) in zip(fleet.routes.values(), faults.cases, strict=True):
        route.misdeed = misdeed
    # All at once, so that all deadlines run at once: who ordered may leave.
    for name in fleet.routes:
        with fleet.machine.admin() as admin:
            next(admin.begin("Renew", name))
    for name, profile in fleet.wait_failed().items():
        assert profile["identity"]["generation"] == 1, name
        assert profile["tag"]["value"] == "valid-client-certificate", name
        assert problem_codes(profile) <= faults.problems, profile
        assert moment(profile["next"]["at"]) < moment(profile["identity"]["not_after"]), name
    assert fleet.machine.belongings() == held
    fleet.recover()
    record_property(count("network faults at a renewal"), len(faults.cases))


RETRY_AFTER: dict[str, tuple[float, float]] = {
    # What is asked for is kept to, within a minute and a day.
    "120": (120, 120),
    "7200": (7200, 7200),
    "1": (60, 60),
    "1000000000": (DAY, DAY),
    # What asks for nothing is as if it were not there: the usual wait.
    "0": (60, 300),
    "-5": (60, 300),
    "soon": (60, 300),
    "": (60, 300),
    "1.5": (60, 300),
    "99999999999999999999999": (60, 300),
    "Thu, 01 Jan 1970 00:00:00 GMT": (60, 300),
    "Fri, 31 Feb 2099 25:61:61 GMT": (60, 300),
    "Thu, 31 Dec 2099 23:59:59 GMT": (DAY, DAY),
}
"""Forms of the header, and the least and the most that the next try may be away, in seconds."""


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_server_that_asks_to_wait_is_asked_again_when_it_allows_it(
    fleet: Fleet, record_property: Callable[[str, object], None], status: int
) -> None:
    expected: dict[str, tuple[float, float]] = {}
    for number, (value, wait) in enumerate(RETRY_AFTER.items()):
        operation = "GetCACert" if number % 2 else "PKIOperation"
        misdeed = misdeeds.answer(status, "not now", f"Retry-After: {value}")
        expected[fleet.add(operation, misdeed, operation)] = wait
    expected[fleet.add("none", misdeeds.answer(status), "GetCACert")] = (60, 300)
    in_an_hour = email.utils.formatdate(time.time() + HOUR, usegmt=True)
    dated = fleet.add("in an hour", misdeeds.answer(status, "", f"Retry-After: {in_an_hour}"))
    expected[dated] = (HOUR - 4 * PATIENCE, HOUR + 1)
    began = time.time()
    fleet.machine.start()
    for name, profile in fleet.wait_failed().items():
        check_first_failure(profile, UNREACHABLE | {"server-overloaded"}, DAY)
        least, most = expected[name]
        # The status tells whole seconds.
        assert began + least - 1 <= moment(profile["next"]["at"]) <= time.time() + most * FLEET + 1, profile
        if most != 300:
            assert problem_codes(profile) == {"server-overloaded"}, profile
    record_property(count("forms of Retry-After"), len(expected))


def test_a_name_that_does_not_resolve(fleet: Fleet, tmp_path: Path) -> None:
    """Nobody answers questions for names; then somebody writes the name into /etc/hosts."""
    servers, hosts = tmp_path / "resolv.conf", tmp_path / "hosts"
    servers.write_text("nameserver 127.0.0.93\noptions timeout:1 attempts:1\n")
    hosts.write_text("127.0.0.1 localhost\n")
    with in_place(servers, "/etc/resolv.conf"), in_place(hosts, "/etc/hosts"):
        fleet.profile("name", fleet.between.route(host="pki.signet.invalid"))
        fleet.machine.start()
        (profile,) = fleet.wait_failed().values()
        check_first_failure(profile, UNREACHABLE, 60)
        assert "pki.signet.invalid" in profile["problems"][0]["text"]
        assert fleet.between.connections == 0
        hosts.write_text("127.0.0.1 localhost pki.signet.invalid\n")
        fleet.recover()


def test_no_network_at_all_and_a_port_where_nobody_listens(fleet: Fleet) -> None:
    fleet.machine.program("signetd").wrap = ["unshare", "--net"]
    fleet.add("no network", None)
    fleet.machine.start()
    (profile,) = fleet.wait_failed().values()
    check_first_failure(profile, UNREACHABLE, 60)
    assert "not-connected" in profile["problems"][0]["text"]
    assert fleet.between.connections == 0
    fleet.machine.stop()
    fleet.machine.program("signetd").wrap = []
    port, fleet.between.resets_on_accept = fleet.between.port, True
    fleet.machine.start()
    with fleet.machine.admin() as admin, pytest.raises(AgentError) as failed:
        admin.renew(next(iter(fleet.routes)))
    assert failed.value.problem == "server-unreachable"
    assert fleet.between.port == port
    assert 1 <= fleet.between.connections <= 4
    fleet.recover()


def test_a_server_in_tls_that_is_not_the_one(
    machine: Machine, make_server: MakeServer, record_property: Callable[[str, object], None]
) -> None:
    """Another name, another CA, an end that has passed, a beginning that has not come: nothing is sent to any."""
    server = make_server(Behaviour(challenges=Challenges(static="open sesame")))
    machine.challenge("open sesame")
    stranger = Hierarchy(label="stranger")
    now = datetime.datetime.now(datetime.UTC)
    week = datetime.timedelta(days=7)
    machine.write("etc/signet/anchors/tls.pem", server.hierarchy.root.pem)
    ends = {
        "another name": secured(server.hierarchy, "another.example"),
        "another CA": secured(stranger, "127.0.0.1"),
        "expired": secured(server.hierarchy, "127.0.0.1", now - week, now - week / 7),
        "not yet valid": secured(server.hierarchy, "127.0.0.1", now + week / 7, now + week),
    }
    listeners = {label: Interference(("127.0.0.1", server.port), context) for label, context in ends.items()}
    routes: list[Route] = []
    with Interference(("127.0.0.1", server.port), secured(server.hierarchy, "127.0.0.1")) as right:
        fleet = Fleet(machine, server, right)
        for label, listener in listeners.items():
            listener.__enter__()
            routes.append(listener.route())
            fleet.profile(label, routes[-1], scep_tls_ca="/etc/signet/anchors/tls.pem")
        machine.start()
        for profile in fleet.wait_failed().values():
            # What has not begun is in use all the same: it is this machine's clock that is behind.
            is_early = "not-yet-valid" in profile["name"]
            check_first_failure(profile, {"clock-wrong"} if is_early else UNREACHABLE, 60)
            assert ("tls-not-yet-valid" if is_early else "tls-refused") in profile["problems"][0]["text"], profile
        assert [route.requests for route in routes] == [[]] * len(ends)
        assert all(listener.connections > 0 for listener in listeners.values())
        assert server.journal.exchanges == []
        for listener in listeners.values():
            listener.__exit__(None, None, None)
        # The right one, under the same profiles.
        fleet.routes = {}
        fleet.profile("right", right.route(), scep_tls_ca="/etc/signet/anchors/tls.pem")
        machine.wait_enrolled(next(iter(fleet.routes)))
    record_property(count("wrong TLS servers"), len(ends))


@contextmanager
def in_place(file: Path, of: str) -> Iterator[None]:
    """That file in the place of one of the system's, for this process and what it starts."""
    subprocess.run(["mount", "--bind", file, of], check=True, timeout=20)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", of], check=True, timeout=20)
