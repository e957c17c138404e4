"""Servers that err or lie. Each is a problem that says what is wrong and what to do, and costs nothing that was had."""

import dataclasses
from collections.abc import Callable

import pytest

from agent import AgentError
from fixtures import MakeServer
from machine import PATIENCE, Machine, Status
from scepd import Attack, Behaviour, Challenges, Hierarchy, RAKind, SCEPServer, Trouble

UNTRUSTED = {"untrusted-reply"}
UNFIT = {"unfit-certificate"}


@dataclasses.dataclass
class Case:
    """What goes wrong, and the problem that it is."""

    name: str
    problems: set[str]
    change: Callable[[Behaviour], None]
    asks: bool = True
    """Whether the challenge may reach this server."""


def attack(which: Attack, problems: set[str] = UNTRUSTED, *, asks: bool = True) -> Case:
    """An attack as a case."""
    return Case(which.value, problems, lambda behaviour: setattr(behaviour, "attack", which), asks)


def trouble(name: str, problems: set[str], *troubles: Trouble, asks: bool = True) -> Case:
    """HTTP troubles as a case."""
    return Case(name, problems, lambda behaviour: setattr(behaviour, "troubles", list(troubles)), asks)


CASES = [
    attack(Attack.FOREIGN_CA, {"wrong-ca"}, asks=False),
    attack(Attack.INSIDER_AS_RA, {"ra-not-authorised"}, asks=False),
    attack(Attack.INSIDER_SIGNS),
    attack(Attack.FOREIGN_SIGNER),
    attack(Attack.WRONG_TRANSACTION),
    attack(Attack.WRONG_NONCE),
    attack(Attack.NO_NONCE),
    attack(Attack.WRONG_MESSAGE_TYPE),
    attack(Attack.NO_STATUS),
    attack(Attack.DUPLICATE_ATTRIBUTE),
    attack(Attack.TWO_SIGNERS),
    attack(Attack.NO_ATTRIBUTES),
    attack(Attack.UNSIGNED_ATTRIBUTES),
    attack(Attack.BROKEN_SIGNATURE),
    attack(Attack.TRAILING_BYTES, {"untrusted-reply", "not-a-scep-server"}),
    attack(Attack.MD5),
    attack(Attack.OTHER_RECIPIENT),
    attack(Attack.PLAIN_CONTENT),
    attack(Attack.OTHER_KEY, UNFIT),
    attack(Attack.FOREIGN_ISSUER, UNFIT),
    attack(Attack.CA_CERTIFICATE, UNFIT),
    attack(Attack.SERVER_CERTIFICATE, UNFIT),
    attack(Attack.EXPIRED_CERTIFICATE),
    attack(Attack.NOT_YET_VALID),
    attack(Attack.NO_CERTIFICATE, UNFIT),
    trouble("HTML everywhere", {"not-a-scep-server"}, *(Trouble("html", one) for one in ("GetCACert", "PKIOperation"))),
    trouble("HTML for the request", {"not-a-scep-server"}, Trouble("html")),
    trouble("cut by the connection", {"server-unreachable"}, Trouble("cut", cut_at=500)),
    trouble("cut short", {"untrusted-reply", "not-a-scep-server"}, Trouble("truncate", cut_at=500)),
    trouble("nothing at all", {"not-a-scep-server"}, Trouble("empty")),
    trouble("a cut CA certificate", {"not-a-scep-server"}, Trouble("truncate", "GetCACert", cut_at=300), asks=False),
    trouble("lost", {"server-unreachable"}, Trouble("lost")),
    trouble("never answers", {"server-unreachable"}, Trouble("hold")),
    trouble("never answers at all", {"server-unreachable"}, Trouble("hold", "GetCACaps"), asks=False),
    trouble("asks to wait", {"server-overloaded"}, Trouble("status", status=503, retry_after="120")),
    trouble("too many", {"server-overloaded"}, Trouble("status", status=429)),
    trouble("server error", {"server-unreachable"}, Trouble("status", status=500)),
    trouble("sent elsewhere", {"not-a-scep-server"}, Trouble("status", status=302)),
    trouble("forbidden", {"request-refused"}, Trouble("status", status=403)),
    *(
        Case(f"FAILURE {info}", problems, lambda behaviour, info=info: setattr(behaviour, "failure", info))  # type: ignore[misc]
        for info, problems in {
            "0": {"request-refused"},
            "1": {"challenge-refused"},
            "2": {"challenge-refused"},
            "3": {"clock-refused"},
            "4": {"request-refused"},
            "absent": {"request-refused"},
        }.items()
    ),
]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def check(problem: Status) -> None:
    """A problem says what is wrong and what to do."""
    assert problem["text"]
    assert problem["remedy"]
    assert problem["since"]


@every_case
def test_at_a_first_enrollment(machine: Machine, make_server: MakeServer, case: Case) -> None:
    server = make_server(Behaviour(challenges=Challenges(static="open sesame")))
    case.change(server.behaviour)
    machine.challenge("open sesame")
    machine.profile(server)
    machine.start()
    profile = machine.wait_for(lambda one: one["problems"] and one["state"] in ("failed", "requesting"), timeout=90)
    assert {one["code"] for one in profile["problems"]} <= case.problems
    for problem in profile["problems"]:
        check(problem)
    assert profile.get("identity") is None
    assert machine.belongings() == {}
    if not case.asks:
        assert server.journal.operations == []
    if case.problems in (UNTRUSTED, UNFIT):
        # What was wrong at first is no reason to be stuck: an order tries again at once.
        server.behaviour.attack, server.behaviour.troubles, server.behaviour.failure = None, [], None
        with machine.admin() as admin:
            assert admin.enroll()[-1]["generation"] == 1
        assert machine.wait_enrolled()["problems"] == []


@every_case
def test_nothing_that_was_had_is_lost(enrolled: Machine, server: SCEPServer, case: Case) -> None:
    held = enrolled.belongings()
    before = enrolled.status()["profiles"][0]
    case.change(server.behaviour)
    with enrolled.admin() as admin, pytest.raises(AgentError) as failed:
        admin.enroll(timeout=90)
    assert failed.value.name == "Failed"
    check(failed.value.parameters["problem"])
    after = enrolled.wait_for(lambda one: one["problems"])
    allowed = {"request-refused"} if case.problems == {"challenge-refused"} else set()  # this profile has none
    assert {one["code"] for one in after["problems"]} - {"ra-changed"} <= case.problems | allowed
    assert after["identity"] == before["identity"]
    assert after["tag"]["value"] == "valid-client-certificate"
    assert after["next"]["at"] <= after["identity"]["not_after"]
    assert enrolled.belongings() == held


def test_after_a_reply_that_failed_a_check_the_servers_certificates_are_asked_for_anew(
    machine: Machine, make_server: MakeServer
) -> None:
    """A PKI may renew its RA while a request is under way: who signs replies is not what it was."""
    server = make_server(Behaviour(attack=Attack.FOREIGN_SIGNER))
    machine.profile(server)
    supervisor = machine.start()
    machine.wait_problem("untrusted-reply")
    server.behaviour.attack = None
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    assert supervisor.starts["signetd"] == 1
    asked = ["GetCACaps", "GetCACert", "PKIOperation"]
    assert [one.operation for one in server.journal.exchanges] == asked + asked


def test_renewal_that_returns_the_old_certificate(enrolled: Machine, server: SCEPServer) -> None:
    held = enrolled.belongings()
    server.behaviour.attack = Attack.OLD_CERTIFICATE
    with enrolled.admin() as admin, pytest.raises(AgentError) as failed:
        admin.renew()
    assert failed.value.problem in UNFIT
    assert enrolled.belongings() == held


def test_a_wrong_challenge(machine: Machine, make_server: MakeServer) -> None:
    server = make_server(Behaviour(challenges=Challenges(static="open sesame")))
    machine.write("etc/signet/signet.toml", '[agent]\nidle-exit = "1s"\n')
    machine.challenge("open sesamy")
    machine.profile(server)
    supervisor = machine.start()
    check(machine.wait_problem("challenge-refused"))
    # The service manager hands credentials over at a start: the next one sees the right challenge.
    supervisor.wait_exit(PATIENCE)
    machine.challenge("open sesame")
    with machine.admin() as admin:
        assert admin.enroll()[-1]["generation"] == 1


def test_a_challenge_that_is_not_there(machine: Machine, make_server: MakeServer) -> None:
    server = make_server(Behaviour(challenges=Challenges(static="open sesame")))
    machine.profile(server)
    machine.start()
    check(machine.wait_problem("challenge-unavailable"))
    assert server.journal.operations == []


def test_a_wrong_fingerprint(machine: Machine, make_server: MakeServer) -> None:
    server = make_server()
    machine.profile(server, scep_ca_fingerprint=["sha256:" + "00" * 32])
    machine.start()
    check(machine.wait_problem("wrong-ca"))
    assert server.journal.operations == []


def test_nobody_listens(machine: Machine, make_server: MakeServer) -> None:
    server = make_server()
    machine.profile(server)
    server.stop()
    machine.start()
    check(machine.wait_problem("server-unreachable"))


def test_an_insider_as_ra_is_refused_with_the_line_that_would_allow_it(
    machine: Machine, make_server: MakeServer
) -> None:
    server = make_server(Behaviour(attack=Attack.INSIDER_AS_RA), Hierarchy(RAKind.ONE))
    machine.profile(server)
    machine.start()
    problem = machine.wait_problem("ra-not-authorised")
    assert server.responder.insider.fingerprint in problem["text"]
    assert server.journal.operations == []


def test_a_single_use_challenge_is_never_shown_twice(machine: Machine, make_server: MakeServer) -> None:
    """The server got it and issued, the answer was lost: only CertPoll asks, and gets what was issued."""
    server = make_server(
        Behaviour(challenges=Challenges(single_use=["only once"]), troubles=[Trouble("lost", times=1)])
    )
    machine.challenge("only once")
    machine.profile(server, scep_challenge={"credential": "scep-challenge", "single-use": True})
    machine.start()
    machine.wait_problem("server-unreachable")
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    assert [one.challenge_present for one in server.journal.operations] == [True, None]
    assert len(server.authority.issued) == 1


def test_what_the_server_says_cannot_steer_a_terminal(machine: Machine, make_server: MakeServer) -> None:
    server = make_server(Behaviour(failure="2", failure_text="no\x1b[2J\nsignet: all is well\r" + "x" * 5000))
    machine.profile(server)
    machine.start()
    problem = machine.wait_problem("request-refused")
    shown = problem["text"] + machine.logs() + machine.ctl("status").stdout
    assert "\x1b[2J" not in shown
    assert "\nsignet: all is well" not in shown
    assert len(problem["text"]) < 2000


def test_a_profile_that_anybody_could_have_written_is_shown_no_challenge(
    machine: Machine, make_server: MakeServer
) -> None:
    """Who writes a profile says to which server root's challenge goes."""
    server = make_server(Behaviour(challenges=Challenges(static="open sesame")))
    machine.challenge("open sesame")
    machine.profile(server)
    profile = machine.root / "etc/signet/profiles.d/access.toml"
    profile.chmod(0o666)
    machine.start()
    with machine.control() as control:
        (problem,) = control.status()["problems"]
    assert problem["code"] == "profile-invalid"
    assert f"chmod go-w {profile}" in problem["text"]
    assert server.journal.exchanges == []
    profile.chmod(0o644)
    machine.wait_enrolled()
