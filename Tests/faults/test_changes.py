"""The machine changes under the agent: root's files, while it runs and while it is off."""

import json
import threading
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from counts import count
from fixtures import MakeServer
from machine import PATIENCE, Machine
from scepd import Behaviour, Challenges, Hierarchy, SCEPServer, Trouble, names

RecordProperty = Callable[[str, object], None]

OFF = pytest.mark.parametrize("off", [False, True], ids=["while it runs", "while it is off"])


def change(machine: Machine, off: bool, edit: Callable[[], object]) -> None:
    """Has root edit the files, between a shutdown and the next boot or under a running agent."""
    if off:
        machine.stop()
    edit()
    if off:
        machine.start()


def trusted(machine: Machine) -> set[x509.Certificate]:
    """What programs on the machine trust: the bundle, read as they do."""
    text = (machine.root / "etc/ssl/certs/ca-certificates.crt").read_bytes()
    return set(x509.load_pem_x509_certificates(text)) if text else set()


def leaf(machine: Machine, name: str = "access") -> x509.Certificate:
    """The published certificate."""
    return x509.load_pem_x509_certificate((machine.published(name) / "cert.pem").read_bytes())


@OFF
def test_an_edited_url_is_used_for_the_next_request(
    enrolled: Machine, server: SCEPServer, make_server: MakeServer, off: bool, record_property: RecordProperty
) -> None:
    other = make_server(hierarchy=server.hierarchy)
    other.authority.issued += server.authority.issued
    held = enrolled.belongings()
    change(enrolled, off, lambda: enrolled.profile(other))
    with enrolled.admin() as admin:
        assert enrolled.wait_enrolled()["problems"] == []
        assert enrolled.belongings() == held
        assert admin.renew()[-1]["generation"] == 2
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ]
    assert [one.message_type for one in other.journal.operations] == [names.RENEWAL_REQ]
    record_property(count("changes of root's files"), 1)


@OFF
def test_a_url_that_is_edited_while_a_person_decides_does_not_take_the_request_elsewhere(
    machine: Machine, make_server: MakeServer, off: bool, record_property: RecordProperty
) -> None:
    """Only who was asked can answer; a second server would issue a second certificate."""
    server = make_server(Behaviour(pending=1, challenges=Challenges(single_use=["only once"])))
    other = make_server(server.behaviour, server.hierarchy)
    machine.challenge("only once")
    single_use = {"credential": "scep-challenge", "single-use": True}
    machine.profile(server, scep_challenge=single_use)
    machine.start()
    machine.wait_for(lambda one: one["state"] == "pending")
    change(machine, off, lambda: machine.profile(other, scep_challenge=single_use))
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    machine.wait_enrolled()
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.CERT_POLL]
    assert other.journal.operations == []
    record_property(count("changes of root's files"), 1)


@OFF
def test_an_edited_subject_is_told_and_comes_with_the_next_renewal(
    enrolled: Machine, server: SCEPServer, off: bool, record_property: RecordProperty
) -> None:
    """What is published stays until there is a certificate for the new subject: to the gateway it is still good."""
    held = enrolled.belongings()
    subject = "CN=${hostname},OU=Second Floor,O=Signet Tests"
    change(enrolled, off, lambda: enrolled.profile(server, subject_name=subject))
    problem = enrolled.wait_problem("install-refused")
    assert "Second Floor" in problem["text"]
    assert enrolled.belongings() == held
    assert len(server.journal.operations) == 1
    with enrolled.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    assert enrolled.wait_enrolled(generation=2)["problems"] == []
    assert leaf(enrolled).subject.rfc4514_string() == "CN=laptop-7,OU=Second Floor,O=Signet Tests"
    record_property(count("changes of root's files"), 1)


@OFF
def test_edited_key_bits_come_with_the_next_renewal(
    enrolled: Machine, server: SCEPServer, off: bool, record_property: RecordProperty
) -> None:
    held = enrolled.belongings()
    change(enrolled, off, lambda: enrolled.profile(server, key_bits=3072))
    with enrolled.admin() as admin:
        assert enrolled.wait_enrolled()["problems"] == []
        assert enrolled.belongings() == held
        assert admin.renew()[-1]["generation"] == 2
    key = leaf(enrolled).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 3072
    record_property(count("changes of root's files"), 1)


@OFF
def test_key_bits_that_are_edited_before_the_request_was_sent_count_for_it(
    machine: Machine, make_server: MakeServer, off: bool, record_property: RecordProperty
) -> None:
    """A key that a failed try left behind is not used where the profile asks for another."""
    server = make_server()
    server.stop()
    machine.profile(server)
    machine.start()
    machine.wait_problem("server-unreachable")
    again = make_server(hierarchy=server.hierarchy)
    change(machine, off, lambda: machine.profile(again, key_bits=3072))
    machine.wait_enrolled()
    assert [one.key_bits for one in again.journal.operations] == [3072]
    record_property(count("changes of root's files"), 1)


def test_a_profile_that_changes_before_the_server_has_answered_counts_from_the_next_request(
    machine: Machine, make_server: MakeServer, record_property: RecordProperty
) -> None:
    """What the old one asked for is taken; that both files were read in the meantime shows the second profile."""
    answered = threading.Event()
    server = make_server(Behaviour(troubles=[Trouble("delay", times=1, seconds=PATIENCE, until=answered)]))
    other = make_server(hierarchy=server.hierarchy)
    machine.profile(server)
    machine.start()
    server.journal.wait_for(lambda one: one.operation == "PKIOperation", PATIENCE)
    machine.profile(other, key_bits=3072)
    machine.profile(other, "office")
    machine.wait_enrolled("office")
    answered.set()
    assert machine.wait_enrolled()["problems"] == []
    other.authority.issued += server.authority.issued
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    assert [(one.message_type, one.key_bits) for one in server.journal.operations] == [(names.PKCS_REQ, 2048)]
    asked = [(one.message_type, one.key_bits) for one in other.journal.operations]
    assert asked == [(names.PKCS_REQ, 2048), (names.RENEWAL_REQ, 3072)]
    record_property(count("changes of root's files"), 1)


@OFF
def test_an_anchor_that_is_added_and_taken_away_is_followed_by_the_trust_store(
    enrolled: Machine, server: SCEPServer, off: bool, record_property: RecordProperty
) -> None:
    root, more = server.hierarchy.root, Hierarchy(label="more").root
    enrolled.write("etc/signet/anchors/more.pem", more.pem)
    both = ["/etc/signet/anchors/root.pem", "/etc/signet/anchors/more.pem"]
    for anchors, expected in ((both, [root, more]), (both[:1], [root])):
        change(enrolled, off, lambda anchors=anchors: enrolled.profile(server, install_anchors=anchors))  # type: ignore[misc]
        wait_trusted(enrolled, {one.certificate for one in expected})
    assert enrolled.wait_enrolled()["problems"] == []
    assert len(server.journal.operations) == 1
    record_property(count("changes of root's files"), 2)


def wait_trusted(machine: Machine, expected: set[x509.Certificate], name: str = "access") -> None:
    """Until the bundle holds exactly these, once the agent has told so of the profile."""
    machine.wait_for(lambda _: trusted(machine) == expected, name)


@OFF
def test_an_anchor_whose_file_has_another_content_is_replaced(
    enrolled: Machine, server: SCEPServer, off: bool, record_property: RecordProperty
) -> None:
    """The profile is the same, letter for letter. A file that is rotten changes nothing but the status."""
    root, more = server.hierarchy.root, Hierarchy(label="more").root
    file = "etc/signet/anchors/root.pem"
    change(enrolled, off, lambda: enrolled.write(file, root.pem + more.pem))
    wait_trusted(enrolled, {root.certificate, more.certificate})
    held = enrolled.belongings()
    change(enrolled, off, lambda: enrolled.write(file, root.pem[:200]))
    problem = enrolled.wait_problem("install-refused")
    assert "/etc/signet/anchors/root.pem" in problem["text"]
    assert trusted(enrolled) == {root.certificate, more.certificate}
    change(enrolled, off, lambda: enrolled.write(file, root.pem))
    wait_trusted(enrolled, {root.certificate})
    assert enrolled.wait_enrolled()["problems"] == []
    assert enrolled.belongings() == held
    assert len(server.journal.operations) == 1
    record_property(count("changes of root's files"), 3)


@OFF
def test_a_renamed_profile_is_another_one(
    enrolled: Machine, server: SCEPServer, off: bool, record_property: RecordProperty
) -> None:
    """The old one is withdrawn; the new one gets a key and a certificate of its own, and the anchors stay trusted."""
    old = enrolled.root / "etc/signet/profiles.d/access.toml"
    key = (enrolled.published() / "key.pem").read_bytes()
    change(enrolled, off, lambda: old.rename(old.with_name("office.toml")))
    enrolled.wait_enrolled("office")
    wait_withdrawn(enrolled)
    assert trusted(enrolled) == {server.hierarchy.root.certificate}
    assert (enrolled.published("office") / "key.pem").read_bytes() != key
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.PKCS_REQ]
    record_property(count("changes of root's files"), 1)


@OFF
def test_a_removed_profile_is_withdrawn_and_published_again_when_it_comes_back(
    enrolled: Machine, server: SCEPServer, off: bool, record_property: RecordProperty
) -> None:
    """The identity stays with the agent: what root takes away by mistake costs no new certificate."""
    file = enrolled.root / "etc/signet/profiles.d/access.toml"
    text, held = file.read_text(), enrolled.belongings()
    change(enrolled, off, file.unlink)
    wait_withdrawn(enrolled)
    assert trusted(enrolled) == set()
    kept = {path: bytes for path, bytes in held.items() if path.startswith("var/")}
    assert enrolled.belongings() == kept
    change(enrolled, off, lambda: enrolled.write("etc/signet/profiles.d/access.toml", text))
    enrolled.wait_enrolled()
    assert enrolled.belongings() == held
    assert trusted(enrolled) == {server.hierarchy.root.certificate}
    assert len(server.journal.operations) == 1
    record_property(count("changes of root's files"), 2)


def wait_withdrawn(machine: Machine, name: str = "access") -> None:
    """Until the agent has written down that the installer took back the profile."""
    state = machine.root / f"var/lib/signet/profiles/{name}/state.json"
    with machine.control() as client:
        next(one for one in client.changes(PATIENCE) if json.loads(state.read_text())["isWithdrawn"])
    assert not machine.published(name).parent.exists()


@OFF
def test_a_profile_that_is_removed_while_a_person_decides_is_asked_after_when_it_comes_back(
    machine: Machine, make_server: MakeServer, off: bool, record_property: RecordProperty
) -> None:
    server = make_server(Behaviour(pending=1, challenges=Challenges(single_use=["only once"])))
    machine.challenge("only once")
    machine.profile(server, scep_challenge={"credential": "scep-challenge", "single-use": True})
    machine.start()
    machine.wait_for(lambda one: one["state"] == "pending")
    file = machine.root / "etc/signet/profiles.d/access.toml"
    text = file.read_text()
    change(machine, off, file.unlink)
    with machine.control() as client:
        next(one for one in client.changes(PATIENCE) if not one["profiles"])
    change(machine, off, lambda: machine.write("etc/signet/profiles.d/access.toml", text))
    machine.wait_for(lambda one: one["state"] == "pending")
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 1
    machine.wait_enrolled()
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.CERT_POLL]
    record_property(count("changes of root's files"), 2)
