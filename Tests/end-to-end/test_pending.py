"""PENDING: a person decides, and the agent asks again; also when it or the machine was restarted meanwhile."""

import pytest

from agent import AgentError
from fixtures import MakeServer
from machine import Machine
from scepd import Behaviour, Challenges, names


def test_pending_then_issued(machine: Machine, make_server: MakeServer) -> None:
    server = make_server(Behaviour(pending=1))
    machine.profile(server)
    machine.start()
    profile = machine.wait_for(lambda one: one["state"] == "pending")
    assert profile["next"]["action"] == "poll"
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    request, poll = server.journal.operations
    assert (request.message_type, poll.message_type) == (names.PKCS_REQ, names.CERT_POLL)
    assert request.transaction_id == poll.transaction_id


def test_an_order_that_is_left_pending_says_so(machine: Machine, make_server: MakeServer) -> None:
    server = make_server(Behaviour(pending=100))
    machine.profile(server)
    machine.start()
    machine.wait_for(lambda one: one["state"] == "pending")
    with machine.admin() as admin:
        assert admin.renew()[-1].get("generation") is None
    assert machine.ctl("renew", "access", "--wait").returncode == 5


def test_pending_then_refused(machine: Machine, make_server: MakeServer) -> None:
    server = make_server(Behaviour(pending=1, failure=names.BAD_REQUEST, failure_text="the clerk said no"))
    machine.profile(server)
    machine.start()
    machine.wait_for(lambda one: one["state"] == "pending")
    with machine.admin() as admin, pytest.raises(AgentError) as failed:
        admin.renew()
    assert failed.value.problem == "request-refused"
    assert "the clerk said no" in failed.value.parameters["problem"]["text"]


def test_a_later_refusal_does_not_repeat_the_challenge(machine: Machine, make_server: MakeServer) -> None:
    """While a person decides nobody holds the challenge to compare the server's text with: it is withheld."""
    challenges = Challenges(static="open sesame")
    behaviour = Behaviour(pending=1, failure=names.BAD_REQUEST, failure_text="not 'open sesame'", challenges=challenges)
    server = make_server(behaviour)
    machine.challenge("open sesame")
    machine.profile(server)
    machine.start()
    machine.wait_for(lambda one: one["state"] == "pending")
    machine.challenge("another by now")
    with machine.admin() as admin, pytest.raises(AgentError) as failed:
        admin.renew()
    # What has waited for a person had the right one.
    assert failed.value.problem == "request-refused"
    assert "badRequest" in failed.value.parameters["problem"]["text"]
    assert "withheld" in failed.value.parameters["problem"]["text"]
    state = machine.root / "var/lib/signet/profiles/access/state.json"
    for text in (machine.logs(), state.read_text(), (machine.root / "run/signet/public/status.json").read_text()):
        assert "sesame" not in text


def test_pending_over_a_restart(machine: Machine, make_server: MakeServer) -> None:
    """Neither key nor request is made anew, and a single-use challenge is not shown again."""
    server = make_server(Behaviour(pending=1, challenges=Challenges(single_use=["only once"])))
    machine.challenge("only once")
    machine.profile(server, scep_challenge={"credential": "scep-challenge", "single-use": True})
    machine.start()
    machine.wait_for(lambda one: one["state"] == "pending")
    key = (machine.root / "var/lib/signet/profiles/access/pending/key.pem").read_bytes()
    machine.stop()

    machine.start()
    machine.wait_for(lambda one: one["state"] == "pending")
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    machine.wait_enrolled()
    assert (machine.published() / "key.pem").read_bytes() == key
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.CERT_POLL]
    assert len({one.transaction_id for one in server.journal.operations}) == 1
