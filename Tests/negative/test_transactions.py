"""Between request and certificate: waiting, being lost, being killed, and what stands between client and server."""

import datetime
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent import AgentError
from certificates import DAY, registration_authority
from clock import EPOCH, clock
from fixtures import MakeServer
from interference import Interference, Misdeed, Wire, message_of, misdeeds, secured
from machine import PATIENCE, Machine, moment, problem_codes
from scepd import Behaviour, Challenges, Draft, Forgery, Hierarchy, RAKind, SCEPServer, Trouble, names
from scepd.encoding import printable
from scepd.lies import computed, offers
from secrecy import forms, misplaced
from victim import UNTRUSTED, MakeVictim, Victim

CHALLENGE = "correct horse battery staple"


def renew(machine: Machine, generation: int | None = None) -> None:
    """An order to go on; it ends with that generation, or without one."""
    with machine.admin() as admin:
        assert admin.renew()[-1].get("generation") == generation


def renew_in_vain(machine: Machine, problem: str, fault: str) -> None:
    """An order to go on; it ends with that problem, which names that fault."""
    with machine.admin() as admin, pytest.raises(AgentError) as failed:
        admin.renew()
    assert failed.value.problem == problem
    assert f": {fault}" in failed.value.parameters["problem"]["text"]


def test_n80_pending_for_ever(victim: Victim) -> None:
    server, machine = victim.server, victim.machine
    server.behaviour.pending = 1_000_000
    victim.waits("approval")
    for _ in range(5):
        renew(machine)
    request, *polls = server.journal.operations
    assert request.message_type == names.PKCS_REQ
    assert [one.message_type for one in polls] == [names.CERT_POLL] * 5
    # That none of them repeats a nonce is a rule that the server holds them to.
    assert len({one.transaction_id for one in server.journal.operations}) == 1
    # A week and two dozen polls later it has waited long enough.
    machine.stop()
    file = machine.root / "var/lib/signet/profiles/access/state.json"
    state = json.loads(file.read_text())
    ago = datetime.datetime.now(datetime.UTC) - 8 * DAY
    state["transaction"] |= {"polls": 30, "pendingSince": ago.strftime("%Y-%m-%dT%H:%M:%SZ")}
    state["transaction"].pop("pollAt", None)
    file.write_text(json.dumps(state))
    machine.start()
    profile = machine.wait_for(lambda one: "pending-too-long" in problem_codes(one) and "next" in one)
    assert profile["state"] == "failed"
    assert profile.get("transaction") is None
    assert moment(profile["next"]["at"]) > time.time() + 80_000
    assert server.journal.operations[-1].message_type == names.CERT_POLL
    assert victim.belongings() == {}


def test_n81_the_reply_to_a_poll_is_another_transactions(victim: Victim) -> None:
    server = victim.server
    server.behaviour.pending = 1
    victim.waits("approval")
    for what in (lambda own: own[::-1], lambda own: own[:-1]):
        server.behaviour.forgery = computed(names.TRANSACTION_ID, _transaction(what))
        renew_in_vain(victim.machine, UNTRUSTED, "transaction-mismatch")
        profile = victim.status()
        assert (profile["state"], profile["next"]["action"]) == ("pending", "poll")
        assert victim.belongings() == {}
    server.behaviour.forgery = None
    renew(victim.machine, 1)
    assert len({one.transaction_id for one in server.journal.operations}) == 1


def _transaction(change: Callable[[str], str]) -> Callable[[Draft], bytes]:
    return lambda draft: printable(change(draft.message.transaction_id))


@pytest.mark.parametrize("single_use", [False, True], ids=["static challenge", "single-use challenge"])
@pytest.mark.parametrize("pending", [0, 1], ids=["while the request is answered", "while a poll is answered"])
def test_n82_killed_while_the_server_answers(
    machine: Machine, make_server: MakeServer, pending: int, single_use: bool
) -> None:
    """The server has decided by then. Killed at every single call: `faults/test_killed.py`."""
    challenges = Challenges(single_use=[CHALLENGE]) if single_use else Challenges(static=CHALLENGE)
    server = make_server(Behaviour(pending=pending, challenges=challenges))
    machine.challenge(CHALLENGE)
    machine.profile(server, scep_challenge={"credential": "scep-challenge", "single-use": single_use})
    answered, killed = threading.Event(), threading.Event()

    def hold(draft: Draft) -> bytes:
        if not killed.is_set() and draft.certificates:
            answered.set()
            assert killed.wait(PATIENCE)
        return draft.whole

    server.behaviour.forgery = Forgery(whole=hold)
    supervisor = machine.start()
    if pending:
        machine.wait_for(lambda one: one["state"] == "pending")
        with machine.admin() as admin:
            next(admin.begin("Renew"))
    assert answered.wait(PATIENCE)
    key = (machine.root / "var/lib/signet/profiles/access/pending/key.pem").read_bytes()
    supervisor.signal(signal.SIGKILL)
    supervisor.wait_exit(PATIENCE, count=1)
    killed.set()
    server.settle()
    asked = len(server.journal.operations)
    if pending:
        # Who waits for a person asks in an hour; a reply that was lost is asked after at once, and by itself.
        renew(machine, 1)
    machine.wait_enrolled()
    # It was asked after, not asked for again, and its key was not lost.
    assert [one.message_type for one in server.journal.operations[asked:]] == [names.CERT_POLL]
    assert len({one.transaction_id for one in server.journal.operations}) == 1
    assert (machine.published() / "key.pem").read_bytes() == key
    assert len(server.authority.issued) == 1


def test_n83_a_single_use_challenge_whose_reply_is_lost_is_never_shown_twice(
    machine: Machine, make_server: MakeServer
) -> None:
    """Only polls ask; where they are lost too, it is said that a new challenge is needed, and nothing more is sent."""
    server = make_server(Behaviour(challenges=Challenges(single_use=[CHALLENGE]), troubles=[Trouble("lost", times=3)]))
    machine.challenge(CHALLENGE)
    machine.profile(server, scep_challenge={"credential": "scep-challenge", "single-use": True})
    machine.start()
    machine.wait_for(lambda one: "server-unreachable" in problem_codes(one) and "next" in one)
    renew_in_vain(machine, "server-unreachable", "connection-lost")
    with machine.admin() as admin, pytest.raises(AgentError) as failed:
        admin.renew()
    assert failed.value.problem == "challenge-spent"
    assert "new challenge" in failed.value.parameters["problem"]["remedy"]
    assert [one.challenge_present for one in server.journal.operations] == [True, None, None]
    machine.stop()
    machine.start()
    profile = machine.wait_for(lambda one: "challenge-spent" in problem_codes(one))
    assert profile.get("next") is None
    assert len(server.journal.operations) == 3


def test_n83_one_poll_is_enough_where_it_is_answered(machine: Machine, make_server: MakeServer) -> None:
    server = make_server(Behaviour(challenges=Challenges(single_use=[CHALLENGE]), troubles=[Trouble("lost", times=1)]))
    machine.challenge(CHALLENGE)
    machine.profile(server, scep_challenge={"credential": "scep-challenge", "single-use": True})
    machine.start()
    machine.wait_for(lambda one: "server-unreachable" in problem_codes(one) and "next" in one)
    renew(machine, 1)
    assert [one.challenge_present for one in server.journal.operations] == [True, None]
    assert len(server.authority.issued) == 1


def test_n84_a_post_that_nobody_takes_is_repeated_by_get_once(
    machine: Machine, server: SCEPServer, between: Interference
) -> None:
    """The very same bytes, as NDES 2012 needs it; a server that takes neither is asked no third time."""
    for name in ("empty", "405", "501"):
        route, server.behaviour.post = between.route(), name
        machine.profile(server, name, scep_url=route.url, subject_name=f"CN={name}")
        if machine.supervisor is None:
            machine.start()
        machine.wait_enrolled(name)
        messages = [message_of(bytes(one)) for one in route.requests if message_of(bytes(one))]
        methods = [bytes(one).split(b" ", 1)[0] for one in route.requests if message_of(bytes(one))]
        assert methods == [b"POST", b"GET"], name
        assert messages[0] == messages[1], name
    server.behaviour.post = "accept"
    for name, misdeed in {"nothing": misdeeds.answer(200), "not-allowed": misdeeds.answer(405)}.items():
        route = between.route(misdeed, "PKIOperation")
        machine.profile(server, name, scep_url=route.url, subject_name=f"CN={name}")
        machine.wait_for(lambda one: bool(one["problems"]) and "next" in one, name)
        asked = [message_of(bytes(one)) for one in route.requests]
        assert asked[:2] == [b"", b""] and asked[2] == asked[3] and len(asked) == 4, name


def test_n85_redirects(machine: Machine, make_server: MakeServer, server: SCEPServer, between: Interference) -> None:
    """Nobody is followed anywhere, nor told anything there."""
    elsewhere = make_server(hierarchy=server.hierarchy)
    tls = Interference(("127.0.0.1", server.port), secured(server.hierarchy, "127.0.0.1"))

    def to_elsewhere(status: int) -> Misdeed:
        return misdeeds.answer(status, "", f"Location: {elsewhere.url}?operation=GetCACert")

    def to_itself(wire: Wire) -> None:
        misdeeds.answer(302, "", f"Location: {wire.route.url}?{wire.head.split(b' ')[1].split(b'?')[1].decode()}")(wire)

    with tls:
        routes = {}
        for operation in ("GetCACert", "PKIOperation"):
            word = operation.lower()
            for status in (301, 302, 303, 307, 308):
                routes[f"{word}-{status}"] = between.route(to_elsewhere(status), operation)
            routes[f"{word}-loop"] = between.route(to_itself, operation)
            routes[f"{word}-downgrade"] = tls.route(to_elsewhere(302), operation)
        for name, route in routes.items():
            authority = "/etc/signet/anchors/root.pem" if "downgrade" in name else None
            machine.profile(server, name, scep_url=route.url, subject_name=f"CN={name}", scep_tls_ca=authority)
        machine.start()
        found = machine.wait_for_all(routes, lambda one: bool(one["problems"]) and "next" in one, 2 * PATIENCE)
        for name, profile in found.items():
            assert problem_codes(profile) == {"not-a-scep-server"}, profile
            assert len(routes[name].requests) == (2 if name.startswith("getcacert") else 3), name
        assert elsewhere.journal.exchanges == []
        assert machine.belongings() == {}
        # For GetCACaps an answer that is none says that there are no capabilities.
        plain = make_server(Behaviour(capabilities=[]), server.hierarchy)
        route = between.route(to_elsewhere(302), "GetCACaps", upstream=("127.0.0.1", plain.port))
        machine.profile(plain, "capabilities", scep_url=route.url, subject_name="CN=capabilities")
        machine.wait_enrolled("capabilities")
    assert elsewhere.journal.exchanges == []


def test_n86_asked_to_wait(victim: Victim) -> None:
    """Within a minute and a day, whatever is asked for. Every form of the header: `faults/test_network.py`."""
    for status in (429, 503):
        for value, least, most in (
            ("0", 60, 300),
            ("1000000000", 86_400, 86_400),
            ("Thu, 31 Dec 2099 23:59:59 GMT", 86_400, 86_400),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 60, 300),
        ):
            for operation in ("GetCACert", "PKIOperation"):
                victim.server.behaviour.troubles = [Trouble("status", operation, status=status, retry_after=value)]
                began = time.time()
                # What asks for nothing is as if it were not there.
                problem = "server-overloaded" if status == 429 or most > 300 else "server-unreachable"
                what = f"{operation}: {status}, {value}"
                victim.refuses(what, None, problem, asked=None)
                at = moment(victim.status()["next"]["at"])
                assert began + least - 1 <= at <= time.time() + most * 1.2 + 1, what
    victim.server.behaviour.troubles = []
    victim.enrolls()


@pytest.mark.parametrize("says", [EPOCH, "+30h"], ids=["1970", "a day and more ahead"])
def test_n87_a_clock_that_is_wrong(machine: Machine, says: str) -> None:
    """More of it: `faults/test_clock.py`."""
    machine.challenge(CHALLENGE)
    with SCEPServer(behaviour=Behaviour(challenges=Challenges(static=CHALLENGE))) as server:
        machine.profile(server)
        with clock(machine, says):
            profile = machine.wait_for(lambda one: bool(one["problems"]) and "next" in one)
            assert problem_codes(profile) == {"clock-wrong"}
            assert "timedatectl" in profile["problems"][0]["remedy"]
        assert server.journal.operations == []
        machine.start()
        assert machine.wait_enrolled()["problems"] == []
        assert server.journal.violations == []


def test_n87_an_ra_that_has_yet_to_begin_by_both_clocks(make_victim: MakeVictim) -> None:
    """Then it is no fault of this machine's: the clock is not blamed."""
    victim = make_victim(Hierarchy(RAKind.ONE))
    issuing = victim.server.hierarchy.issuing
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    early = registration_authority(issuing, not_before=now + DAY, not_after=now + 3 * DAY)
    forgery = offers([early.certificate, issuing.certificate])
    victim.refuses("not begun", forgery, UNTRUSTED, "authority-expired", asked=False)
    victim.enrolls()


def test_n88_the_server_finds_the_time_wrong(victim: Victim) -> None:
    behaviour = victim.server.behaviour
    behaviour.failure = names.BAD_TIME
    found = victim.refuses("badTime", None, "clock-refused")
    assert "timesyncd" in found["remedy"]
    profile = victim.status()
    assert profile.get("transaction") is None
    # Clocks are soon set right: it is tried again within minutes, as another transaction.
    assert moment(profile["next"]["at"]) < time.time() + 600
    behaviour.failure = None
    victim.enrolls()
    assert len({one.transaction_id for one in victim.server.journal.operations}) == 2


def test_n89_two_who_enroll_at_the_same_time(victim: Victim) -> None:
    """One exchange serves both, and an order that wants another one is refused."""
    answered, released = threading.Event(), threading.Event()

    def hold(draft: Draft) -> bytes:
        answered.set()
        assert released.wait(PATIENCE)
        return draft.whole

    machine, server = victim.machine, victim.server
    server.behaviour.forgery = Forgery(whole=hold)
    with machine.admin() as one, machine.admin() as other, machine.admin() as third:
        first = one.begin("Enroll")
        next(first)
        assert answered.wait(PATIENCE)
        second = other.begin("Enroll")
        next(second)
        released.set()
        assert [list(replies)[-1]["generation"] for replies in (first, second)] == [1, 1]
        assert len(server.journal.operations) == 1
        answered.clear()
        released.clear()
        first = one.begin("Renew")
        next(first)
        assert answered.wait(PATIENCE)
        with pytest.raises(AgentError) as refused:
            third.enroll()
        assert refused.value.name == "Busy"
        released.set()
        assert list(first)[-1]["generation"] == 2
    assert len(server.journal.operations) == 2


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({"renewal": "bad-request"}, ["17", "19"]),
        ({"renewal": "500"}, ["17", "19"]),
        ({"renewal": "bad-request", "signed_request": "bad-request"}, ["17", "19", "19"]),
        ({"renewal": "404", "signed_request": "500"}, ["17", "19", "19"]),
    ],
    ids=["FAILURE", "500", "FAILURE twice", "HTTP errors twice"],
)
def test_n90_down_the_ladder_once(
    machine: Machine, make_server: MakeServer, behaviour: dict[str, str], expected: list[str]
) -> None:
    server = make_server(Behaviour(challenges=Challenges(static=CHALLENGE), **behaviour))  # type: ignore[arg-type]
    machine.challenge(CHALLENGE)
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    renew(machine, 2)
    assert [one.message_type for one in server.journal.operations[1:]] == expected
    # What worked is remembered: the next time it comes first.
    renew(machine, 3)
    assert [one.message_type for one in server.journal.operations[1:]] == [*expected, expected[-1]]
    with_challenge = [one.challenge_present for one in server.journal.operations[1:]]
    assert with_challenge == ([False, False, True, True] if len(expected) == 3 else [False, False, False])


@pytest.mark.parametrize("renewal", ["accept", "bad-request"], ids=["RenewalReq", "PKCSReq"])
def test_n91_a_renewal_shows_no_challenge(victim: Victim, renewal: str) -> None:
    victim.enrolls()
    victim.server.behaviour.renewal = renewal
    requests: list[bytes] = []

    def look(draft: Draft) -> bytes:
        requests.append(draft.message.opened.content if draft.message.opened else b"")
        return draft.whole

    victim.server.behaviour.forgery = Forgery(whole=look)
    renew(victim.machine, 2)
    assert requests
    oid = bytes.fromhex("06092a864886f70d010907")
    for request in requests:
        assert oid not in request
        assert not any(form in request for form in forms(CHALLENGE.encode()))
    assert victim.server.journal.operations[0].challenge_present is True


@pytest.mark.parametrize("pending", [0, 1])
def test_n92_a_cache_gives_what_it_gave_before(
    machine: Machine, make_server: MakeServer, between: Interference, pending: int
) -> None:
    """It does not look at what is asked. The same transaction's reply has another nonce, the next one's another id."""
    server = make_server(Behaviour(capabilities=["AES", "SHA-256"], pending=pending))
    kept: list[bytes] = []

    def cache(wire: Wire) -> None:
        kept.append(wire.answer())
        wire.send(kept[0])

    route = between.route(cache, "PKIOperation", upstream=("127.0.0.1", server.port))
    machine.profile(server, scep_url=route.url)
    machine.start()
    if pending:
        machine.wait_for(lambda one: one["state"] == "pending")
        renew_in_vain(machine, UNTRUSTED, "nonce-mismatch")
    else:
        machine.wait_enrolled()
        held = machine.belongings()
        renew_in_vain(machine, UNTRUSTED, "transaction-mismatch")
        assert machine.belongings() == held
    assert {one.method for one in server.journal.operations} == {"GET"}
    between.heal()
    renew(machine, 1 if pending else 2)


def test_n93_nothing_that_is_secret_is_written_down(victim: Victim) -> None:
    """That each other test's machine is looked through as well is what its end is for."""
    requests: list[bytes] = []

    def look(draft: Draft) -> bytes:
        requests.append(draft.message.opened.content if draft.message.opened else b"")
        return draft.whole

    behaviour, machine = victim.server.behaviour, victim.machine
    looking = Forgery(whole=look)
    victim.refuses("forged", Forgery(whole=lambda draft: look(draft) + b"\0"), UNTRUSTED)
    victim.accepts("issued", looking)
    behaviour.failure, behaviour.failure_text = names.BAD_REQUEST, f"the challenge {CHALLENGE} is wrong"
    victim.refuses("refused", looking, "challenge-refused")
    key = (machine.published() / "key.pem").read_bytes()
    assert len(requests) == 3
    assert all(CHALLENGE.encode() in request for request in requests)

    def astray() -> list[str]:
        return misplaced(machine.root, machine.state, [CHALLENGE, *(one.hex() for one in requests)])

    assert astray() == []
    assert not any(form in _everything(machine) for one in requests for form in forms(one))
    # Whoever looks finds what is there.
    for planted in (CHALLENGE.encode(), key, requests[-1]):
        file = machine.root / "var/lib/signet/planted"
        file.write_bytes(b"before " + planted + b" behind")
        assert len(astray()) >= 1
        file.unlink()
    assert astray() == []


def _everything(machine: Machine) -> bytes:
    files: Iterator[Path] = (one for one in machine.folder.rglob("*") if one.is_file())
    return b"".join(one.read_bytes() for one in files)
