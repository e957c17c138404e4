"""Servers that err. Each is a problem that says what is wrong and what to do, and costs nothing that was had.

Those that lie: `Tests/negative`.
"""

import dataclasses
from collections.abc import Callable

import pytest

from agent import AgentError
from fixtures import MakeServer
from machine import PATIENCE, Machine, Status
from scepd import Behaviour, Challenges, SCEPServer, Trouble


@dataclasses.dataclass
class Case:
    """What goes wrong, and the problem that it is."""

    name: str
    problems: set[str]
    change: Callable[[Behaviour], None]
    asks: bool = True
    """Whether the challenge may reach this server."""


def trouble(name: str, problems: set[str], *troubles: Trouble, asks: bool = True) -> Case:
    """HTTP troubles as a case."""
    return Case(name, problems, lambda behaviour: setattr(behaviour, "troubles", list(troubles)), asks)


CASES = [
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
