"""Reports, as a management endpoint gets them: over HTTPS, from a device that shows its new certificate."""

import contextlib
import json
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from agent import AgentError
from machine import PATIENCE, SERIAL, Machine
from receiver import Delivery, Receiver
from scepd import SCEPServer
from secrecy import forms


@pytest.fixture
def receiver(server: SCEPServer) -> Iterator[Receiver]:
    """An endpoint that trusts the PKI's devices; nothing that it was sent may break the schemas."""
    with Receiver(server.hierarchy) as made:
        yield made
    assert made.violations == []


def manage(machine: Machine, receiver: Receiver, **more: Any) -> None:
    """Has the machine report to the endpoint."""
    machine.write("etc/signet/anchors/root.pem", receiver.hierarchy.root.pem)
    machine.reports_to(receiver.url, **more)


def outbox(machine: Machine) -> list[str]:
    """The reports on the disk."""
    return sorted(file.name for file in (machine.root / "var/lib/signet/outbox").glob("*.json"))


def in_order_and_once(receiver: Receiver) -> bool:
    """Whether every sequence number from 1 on was accepted, in order and once."""
    numbers = [int(str(one.event.get_extension("sequence"))) for one in receiver.accepted if one.event]
    return numbers == list(range(1, len(numbers) + 1))


def test_an_enrollment_is_told_over_the_identity_that_it_brought(
    machine: Machine, server: SCEPServer, receiver: Receiver
) -> None:
    machine.profile(server)
    manage(machine, receiver)
    machine.start()
    machine.wait_enrolled()
    receiver.wait_for(lambda: receiver.news[-1:] == ["tag.changed access"] and len(receiver.news) >= 2)
    assert machine.ctl("report").returncode == 0
    assert "identity.issued access" in receiver.news
    assert in_order_and_once(receiver)
    assert {one.client for one in receiver.accepted} == {"laptop-7"}
    assert {one.headers.get("Authorization") for one in receiver.accepted} == {None}
    issued = next(one for one in receiver.accepted if one.kind == "identity.issued")
    shown = machine.status()["profiles"][0]["identity"]
    assert issued.data == shown
    tag = [one for one in receiver.accepted if one.kind == "tag.changed"][-1]
    assert tag.data["value"] == "valid-client-certificate"
    assert tag.data["checks"] == []
    heartbeat = [one for one in receiver.accepted if one.kind == "heartbeat"][-1]
    assert heartbeat.data["profiles"][0]["identity"] == shown
    assert heartbeat.event and issued.event
    assert heartbeat.event.get_source() == f"urn:signet:device:{machine.status()['device']['id']}"
    assert heartbeat.event.get_subject() is None
    assert outbox(machine) == []
    assert machine.status()["outbox"] == {"waiting": 0}


def test_a_renewal_a_problem_and_a_farewell_are_told(machine: Machine, server: SCEPServer, receiver: Receiver) -> None:
    token = secrets.token_urlsafe(24)
    receiver.token = token
    machine.write("etc/signet/credentials/fleet-token", f"{token}\n", 0o600)
    machine.profile(server)
    manage(machine, receiver, token={"credential": "fleet-token"}, identity="access")
    machine.start()
    machine.wait_enrolled()
    receiver.wait_for(lambda: "identity.issued access" in receiver.news)
    with machine.admin() as admin:
        admin.renew()
    receiver.wait_for(lambda: receiver.news.count("identity.issued access") == 2)
    broken = machine.write("etc/signet/profiles.d/broken.toml", "[scep]\nurl = 1\n")
    receiver.wait_for(lambda: "problem.raised broken" in receiver.news)
    broken.unlink()
    receiver.wait_for(lambda: "problem.cleared broken" in receiver.news)
    (machine.root / "etc/signet/profiles.d/access.toml").unlink()
    receiver.wait_for(lambda: receiver.news[-2:] == ["identity.lost access", "tag.changed access"])
    lost = next(one for one in receiver.accepted if one.kind == "identity.lost")
    assert lost.data["reason"] == "profile-removed"
    assert in_order_and_once(receiver)
    # Before the certificate the token spoke for the device; then both.
    assert receiver.deliveries == receiver.accepted


def test_an_endpoint_that_was_away_gets_everything_in_order_and_once(
    machine: Machine, server: SCEPServer, receiver: Receiver
) -> None:
    receiver.stop()
    machine.profile(server)
    manage(machine, receiver)
    machine.start()
    machine.wait_enrolled()
    with machine.admin() as admin:
        admin.renew()
    machine.wait_enrolled(generation=2)
    done = machine.ctl("report", "--json")
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert said["sent"] == 0
    assert said["problem"]["code"] == "endpoint-unreachable"
    status = machine.status()
    assert status["outbox"]["waiting"] == said["waiting"] == len(outbox(machine))
    assert [one["code"] for one in status["problems"]] == ["endpoint-unreachable"]
    # A reboot in between changes nothing.
    machine.stop()
    receiver.start()
    machine.start()
    assert machine.ctl("report").returncode == 0
    assert receiver.news.count("identity.issued access") == 2
    assert in_order_and_once(receiver)
    assert outbox(machine) == []
    assert not any(one.startswith("problem.raised") for one in receiver.news), (
        "trouble with the endpoint is no news for it"
    )
    assert machine.status()["problems"] == []


def test_one_bad_report_does_not_block_the_others(machine: Machine, server: SCEPServer, receiver: Receiver) -> None:
    receiver.decide = lambda delivery: 400 if delivery.kind == "identity.issued" else 200
    machine.profile(server)
    manage(machine, receiver)
    machine.start()
    machine.wait_enrolled()
    receiver.wait_for(lambda: any(one.data.get("value") == "valid-client-certificate" for one in receiver.accepted))
    receiver.wait_for(lambda: any(one.data.get("dropped") == 1 for one in receiver.accepted))
    assert machine.ctl("report").returncode == 0
    assert [one.kind for one in receiver.deliveries].count("identity.issued") == 1
    status = machine.status()
    assert status["outbox"] == {"waiting": 0, "dropped": 1}
    assert [one["code"] for one in status["problems"]] == ["report-refused"]
    assert "signet_outbox_dropped 1" in (machine.root / "run/signet/public/metrics.prom").read_text()


@pytest.mark.parametrize(("status", "problem"), [(401, "endpoint-refuses-device"), (503, "endpoint-failing")])
def test_what_the_endpoint_does_not_take_now_is_kept(
    machine: Machine, server: SCEPServer, receiver: Receiver, status: int, problem: str
) -> None:
    receiver.decide = lambda delivery: status
    machine.profile(server)
    manage(machine, receiver)
    machine.start()
    machine.wait_enrolled()
    done = machine.ctl("report")
    assert (done.returncode, f"[{problem}]" in done.stderr) == (1, True), done.stderr
    assert receiver.accepted == []
    assert outbox(machine)[0] == "0000000000000000001.json"
    receiver.decide = lambda delivery: 204
    assert machine.ctl("report").returncode == 0
    assert in_order_and_once(receiver)


def test_an_endpoint_of_another_pki_is_told_nothing(machine: Machine, server: SCEPServer, receiver: Receiver) -> None:
    machine.profile(server)
    manage(machine, receiver, ca="/etc/signet/anchors/other.pem")
    machine.write("etc/signet/anchors/other.pem", server.hierarchy.device().pem)
    machine.start()
    machine.wait_enrolled()
    done = machine.ctl("report")
    assert done.returncode == 1
    assert "tls-refused" in done.stderr
    assert receiver.deliveries == []


def test_no_secret_is_in_any_report(machine: Machine, server: SCEPServer) -> None:
    token, challenge = secrets.token_urlsafe(24), secrets.token_hex(16)
    server.behaviour.challenges.static = challenge
    machine.challenge(challenge)
    machine.write("etc/signet/credentials/fleet-token", token, 0o600)
    machine.profile(server)
    with Receiver(server.hierarchy, token=token) as receiver:
        manage(machine, receiver, token={"credential": "fleet-token"})
        machine.start()
        machine.wait_enrolled()
        assert machine.ctl("report").returncode == 0
        assert receiver.accepted and receiver.violations == []
    secret = forms(challenge.encode()) + forms(token.encode())
    for delivery in receiver.deliveries:
        assert not any(form in delivery.body for form in [*secret, b"PRIVATE KEY"]), delivery.body
        assert SERIAL.encode() not in delivery.body or delivery.kind == "heartbeat"
    # Nor is the token anywhere on the machine but where root put it.
    own = machine.root / "etc/signet/credentials"
    places = [file for file in machine.root.rglob("*") if file.is_file() and own not in file.parents]
    places += list(machine.state.glob("*.log"))
    assert [file for file in places if any(form in file.read_bytes() for form in forms(token.encode()))] == []


def test_without_an_endpoint_nothing_is_kept(enrolled: Machine) -> None:
    done = enrolled.ctl("report")
    assert (done.returncode, "[no-endpoint]" in done.stderr) == (1, True), done.stderr
    assert not (enrolled.root / "var/lib/signet/outbox").exists()
    assert not (enrolled.root / "var/lib/signet/reports.json").exists()


def test_an_endpoint_that_never_answers_holds_up_nothing(machine: Machine, server: SCEPServer) -> None:
    let_go = threading.Event()

    def hold(delivery: Delivery) -> int:
        let_go.wait(60)
        return 503

    machine.write("etc/signet/credentials/fleet-token", "t0ken", 0o600)
    machine.profile(server)
    with Receiver(server.hierarchy, decide=hold, token="t0ken", demands_certificate=False) as receiver:
        manage(machine, receiver, token={"credential": "fleet-token"})
        machine.start()
        machine.wait_enrolled(timeout=15)
        assert receiver.accepted == []
        let_go.set()


def test_a_kill_at_any_moment_loses_no_report(machine: Machine, server: SCEPServer, receiver: Receiver) -> None:
    """The endpoint kills the agent with each answer, before it can take the report off its disk."""
    machine.profile(server)
    manage(machine, receiver)
    machine.start()
    machine.wait_enrolled()
    receiver.wait_for(lambda: "identity.issued access" in receiver.news)
    kills = 4

    def kill(delivery: Delivery) -> int:
        nonlocal kills
        if kills > 0:
            kills -= 1
            machine.running.signal(signal.SIGKILL)
        return 202

    receiver.decide = kill
    with contextlib.suppress(AgentError, ConnectionError, OSError), machine.admin() as admin:
        admin.renew()
    deadline = time.monotonic() + PATIENCE
    while kills > 0 or machine.ctl("report").returncode != 0:
        assert time.monotonic() < deadline
        machine.ctl("report")
    receiver.decide = lambda delivery: 202
    # The renewal may have been killed as well; the agent takes it up again.
    machine.wait_for(lambda one: one["state"] == "active" and one.get("published") == one["identity"]["generation"])
    assert machine.ctl("report").returncode == 0
    numbers = [int(str(one.event.get_extension("sequence"))) for one in receiver.accepted if one.event]
    assert numbers == sorted(numbers)
    assert sorted(set(numbers)) == list(range(1, numbers[-1] + 1))
    assert outbox(machine) == []
    generation = machine.status()["profiles"][0]["identity"]["generation"]
    assert [one.data["generation"] for one in receiver.accepted if one.kind == "identity.issued"][-1] == generation
