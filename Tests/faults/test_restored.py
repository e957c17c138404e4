"""The agent's folder comes from another time: from an old backup, or from a newer version of the program."""

import datetime
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from agent import AgentError
from counts import count
from fixtures import MakeServer
from machine import PATIENCE, Machine
from receiver import Receiver
from scepd import Behaviour, Challenges, SCEPServer, names
from scepd.authority import Validity

RecordProperty = Callable[[str, object], None]

_SINGLE_USE = {"credential": "scep-challenge", "single-use": True}


def back_up(machine: Machine) -> Path:
    """Copies the agent's folder of a machine that is shut down."""
    backup = machine.folder / "backup"
    shutil.copytree(machine.root / "var/lib/signet", backup)
    return backup


def restore(machine: Machine, backup: Path) -> None:
    """Puts the copy in the folder's place."""
    folder = machine.root / "var/lib/signet"
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)


@pytest.fixture
def receiver(machine: Machine, server: SCEPServer) -> Iterator[Receiver]:
    """Whom the machine, which is shut down, has told once that it is enrolled."""
    machine.profile(server)
    with Receiver(server.hierarchy) as made:
        machine.reports_to(made.url)
        machine.start()
        machine.wait_enrolled()
        assert machine.ctl("report").returncode == 0
        machine.stop()
        yield made


def leaf(machine: Machine) -> x509.Certificate:
    """The published certificate."""
    return x509.load_pem_x509_certificate((machine.published() / "cert.pem").read_bytes())


def test_a_backup_of_the_first_generation_publishes_no_older_certificate(
    enrolled: Machine, server: SCEPServer, record_property: RecordProperty
) -> None:
    """The third is published; the agent, which knows only the first, renews that at once and so catches up."""
    enrolled.stop()
    backup = back_up(enrolled)
    enrolled.start()
    # Later than the first by more than the second in which a test runs.
    server.behaviour.validity = Validity(before=datetime.timedelta(minutes=4))
    with enrolled.admin() as admin:
        admin.renew()
        assert admin.renew()[-1]["generation"] == 3
    enrolled.wait_enrolled(generation=3)
    enrolled.stop()
    restore(enrolled, backup)
    seen = {leaf(enrolled).serial_number}
    server.behaviour.validity = Validity(before=datetime.timedelta(minutes=3))
    enrolled.start()

    def caught_up(profile: dict[str, Any]) -> bool:
        seen.add(leaf(enrolled).serial_number)
        return profile.get("published") == 2 and profile["tag"]["value"] == "valid-client-certificate"

    assert enrolled.wait_for(caught_up)["problems"] == []
    issued = server.journal.issued
    assert seen <= {issued[2].serial_number, issued[3].serial_number}
    assert leaf(enrolled) == issued[3]
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, *3 * [names.RENEWAL_REQ]]
    record_property(count("restored backups"), 1)


def test_a_backup_of_a_request_that_was_answered_meanwhile_sends_no_challenge_again(
    machine: Machine, make_server: MakeServer, record_property: RecordProperty
) -> None:
    server = make_server(Behaviour(pending=1, challenges=Challenges(single_use=["only once"])))
    machine.challenge("only once")
    machine.profile(server, scep_challenge=_SINGLE_USE)
    machine.start()
    machine.wait_for(lambda one: one["state"] == "pending")
    machine.stop()
    backup = back_up(machine)
    machine.start()
    with machine.admin() as admin:
        admin.renew()
    machine.wait_enrolled()
    published = leaf(machine)
    machine.stop()
    restore(machine, backup)
    machine.start()
    machine.wait_for(lambda one: one["state"] == "pending")
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    machine.wait_enrolled()
    # The answer to the request is what it was.
    assert leaf(machine) == published
    assert sum(one.challenge_present is True for one in server.journal.operations) == 1
    record_property(count("restored backups"), 1)


def test_a_backup_of_before_the_request_does_not_send_a_spent_challenge_by_itself_once_that_was_refused(
    machine: Machine, make_server: MakeServer, record_property: RecordProperty
) -> None:
    """It cannot know that the challenge was shown; the PKI refuses it, and from then on a person is needed."""
    server = make_server(Behaviour(challenges=Challenges(single_use=["only once"])))
    machine.write("var/lib/signet/.keep", "")
    machine.stop()
    backup = back_up(machine)
    machine.challenge("only once")
    machine.profile(server, scep_challenge=_SINGLE_USE)
    machine.start()
    machine.wait_enrolled()
    published = leaf(machine)
    machine.stop()
    restore(machine, backup)
    for _ in range(3):
        machine.start()
        machine.wait_problem("challenge-refused")
        machine.stop()
    assert leaf(machine) == published
    assert sum(one.challenge_present is True for one in server.journal.operations) == 2
    record_property(count("restored backups"), 1)


def test_a_backup_of_the_counter_gives_no_report_the_id_of_another(
    machine: Machine, server: SCEPServer, receiver: Receiver, record_property: RecordProperty
) -> None:
    """A receiver drops ids that it knows: whatever is new has a new one, and what is sent again is the same."""
    backup = back_up(machine)
    machine.start()
    server.behaviour.validity = Validity(before=datetime.timedelta(minutes=4))
    with machine.admin() as admin:
        admin.renew()
    machine.wait_enrolled(generation=2)
    assert machine.ctl("report").returncode == 0
    machine.stop()
    before = len(receiver.accepted)
    restore(machine, backup)
    machine.start()
    machine.wait_for(lambda one: one.get("published") == 2)
    assert machine.ctl("report").returncode == 0
    assert len(receiver.accepted) > before
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for one in receiver.accepted:
        assert one.event
        bodies[one.event.get_id()].add(one.body)
    assert {len(one) for one in bodies.values()} == {1}
    assert receiver.violations == []
    numbers = [int(str(one.event.get_extension("sequence"))) for one in receiver.accepted if one.event]
    # That it goes back is what tells the receiver of it.
    assert numbers != sorted(numbers)
    record_property(count("restored backups"), 1)


def _edit(file: Path, change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))
    return file.read_bytes()


_FILES = ["device.json", "reports.json", "profiles/access/state.json", "profiles/access/generations/0001/meta.json"]


@pytest.mark.parametrize("path", _FILES)
def test_a_file_of_a_newer_version_is_neither_used_nor_lost(
    machine: Machine, server: SCEPServer, receiver: Receiver, path: str, record_property: RecordProperty
) -> None:
    """The package was downgraded: what the older program does not understand it leaves to the newer one."""
    held = machine.belongings()
    file = machine.root / "var/lib/signet" / path
    newer = _edit(file, lambda document: document.update(version=document["version"] + 98, shape="another"))
    for _ in range(2):
        machine.start()
        with machine.control() as client:
            problem = next(found for status in client.changes(PATIENCE) if (found := _complaint(status)))
        assert "version" in problem["text"]
        assert problem["remedy"]
        machine.stop()
    assert file.read_bytes() == newer
    assert {name: text for name, text in machine.belongings().items() if not name.endswith(path)} == {
        name: text for name, text in held.items() if not name.endswith(path)
    }
    # And upgraded again.
    _edit(file, lambda document: document.update(version=document["version"] - 98))
    machine.start()
    assert machine.wait_enrolled()["problems"] == []
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    machine.wait_enrolled(generation=2)
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.RENEWAL_REQ]
    record_property(count("files of a newer version"), 1)


def _complaint(status: dict[str, Any]) -> dict[str, Any] | None:
    problems = status["problems"] + [one for profile in status["profiles"] for one in profile["problems"]]
    codes = ("state-unreadable", "reports-not-kept")
    return next((one for one in problems if one["code"] in codes), None)


def test_fields_that_a_newer_version_wrote_are_kept(
    machine: Machine, server: SCEPServer, receiver: Receiver, record_property: RecordProperty
) -> None:
    files = [machine.root / "var/lib/signet" / path for path in _FILES[:3]]
    for file in files:
        _edit(file, lambda document: document.update(mood={"of": ["the", "newer"]}))
    texts = [file.read_text() for file in files]
    machine.start()
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    machine.wait_enrolled(generation=2)
    # What is refused since a file is broken is remembered there.
    machine.write("etc/signet/profiles.d/broken.toml", "[scep]\nurl = 1\n")
    with machine.control() as client:
        next(one for one in client.changes(PATIENCE) if one["problems"])
    assert machine.ctl("report").returncode == 0
    machine.stop()
    for file, text in zip(files, texts, strict=True):
        assert file.read_text() != text, file
        assert json.loads(file.read_text())["mood"] == {"of": ["the", "newer"]}, file
    record_property(count("files of a newer version"), len(files))


def test_an_order_for_a_profile_whose_state_is_too_new_says_so(enrolled: Machine, server: SCEPServer) -> None:
    enrolled.stop()
    file = enrolled.root / "var/lib/signet/profiles/access/state.json"
    _edit(file, lambda document: document.update(version=99))
    enrolled.start()
    with enrolled.admin() as admin, pytest.raises(AgentError) as failed:
        admin.enroll()
    assert failed.value.name == "NoSuchProfile"
    with enrolled.control() as client:
        assert "99" in client.status()["problems"][0]["text"]
    assert len(server.journal.operations) == 1
