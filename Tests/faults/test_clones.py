"""A disk that was copied into another machine: told apart, reported, and no second device under one identity."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from counts import count
from fixtures import MakeServer
from machine import PATIENCE, SERIAL, Machine, problem_codes
from receiver import Receiver
from scepd import Behaviour, Challenges, SCEPServer, names

RecordProperty = Callable[[str, object], None]
MakeClone = Callable[[Machine], Machine]

_UUID = "4c4c4544-0042-3510-8053-b4c04f4d3132"
_OTHER_UUID = "00112233-4455-6677-8899-aabbccddeeff"
_ADDRESS, _OTHER_ADDRESS = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
_DER = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
_OTHER_MACHINE_ID = "fedcba9876543210fedcba9876543210"


def firmware(machine: Machine, uuid: str | None, serial: str | None = SERIAL) -> None:
    """What DMI says; root alone may read it."""
    for name, value in (("product_uuid", uuid), ("product_serial", serial)):
        (machine.root / f"sys/class/dmi/id/{name}").unlink(missing_ok=True)
        if value is not None:
            machine.write(f"sys/class/dmi/id/{name}", f"{value}\n", 0o400)


def card(machine: Machine, address: str, name: str = "eth0", index: int = 2) -> None:
    """Puts a network card into the machine, or replaces it."""
    folder = f"sys/class/net/{name}"
    values = {"ifindex": index, "address": address, "type": 1, "addr_assign_type": 0, "device/uevent": ""}
    for file, value in values.items():
        machine.write(f"{folder}/{file}", f"{value}\n")


@pytest.fixture
def clone(machine: Machine) -> Iterator[MakeClone]:
    """Copies a machine's disk into a second one, owners and modes too. The first is shut down for it."""
    made: list[Machine] = []

    def copy(original: Machine) -> Machine:
        original.stop()
        copied = Machine()
        made.append(copied)
        shutil.rmtree(copied.root)
        subprocess.run(["cp", "-a", original.root, copied.root], check=True, timeout=20)
        shutil.rmtree(copied.root / "run")
        return copied

    yield copy
    for one in made:
        one.close()


def device_id(machine: Machine) -> str:
    """As the agent keeps it."""
    return str(json.loads((machine.root / "var/lib/signet/device.json").read_text())["id"])


def key(machine: Machine) -> bytes:
    """The published key."""
    return (machine.published() / "key.pem").read_bytes()


def test_a_clone_waits_for_an_order_and_leaves_the_original_alone(
    machine: Machine, server: SCEPServer, clone: MakeClone, record_property: RecordProperty
) -> None:
    firmware(machine, _UUID)
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    copied = clone(machine)
    held, original = copied.belongings(), copied.published().resolve()
    shared = key(copied)
    firmware(copied, _OTHER_UUID)
    copied.start()
    problem = copied.wait_problem("cloned")
    assert device_id(machine) in problem["text"]
    assert problem["severity"] == "error"
    profile = copied.wait_for(lambda one: one["tag"]["value"] == "unusable-key")
    assert profile["state"] == "failed"
    assert "next" not in profile
    assert {one["id"] for one in profile["tag"]["checks"] if one["result"] == "fail"} == {"key.present"}
    assert device_id(copied) != device_id(machine)
    assert copied.belongings() == held
    assert "a copy of another one's disk" in copied.ctl("status").stdout
    assert copied.ctl("tag", "access").returncode == 1
    # As often as it starts: it is told once, and nothing is asked for.
    copied.stop()
    told = device_id(copied)
    copied.start()
    copied.wait_problem("cloned")
    assert device_id(copied) == told
    assert copied.logs().count("it was issued to the device") == 1
    assert len(server.journal.operations) == 1
    # It never renews what is not its own: who orders that gets a first enrollment.
    with copied.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    assert copied.wait_enrolled(generation=2)["problems"] == []
    request = server.journal.operations[-1]
    assert (request.message_type, request.signer_is_self_signed) == (names.PKCS_REQ, True)
    assert key(copied) != shared
    # Nor is the original's key left here: not with the agent, nor where readers looked.
    copied.wait_for(lambda _: not (copied.root / "var/lib/signet/profiles/access/generations/0001").exists())
    assert not original.exists()
    machine.start()
    assert machine.wait_enrolled()["problems"] == []
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    assert server.journal.operations[-1].message_type == names.RENEWAL_REQ
    record_property(count("clones told apart"), 1)


def test_a_clone_enrolls_by_itself_if_the_profile_says_so(
    machine: Machine, make_server: MakeServer, clone: MakeClone, record_property: RecordProperty
) -> None:
    server = make_server(Behaviour(challenges=Challenges(static="open sesame")))
    firmware(machine, _UUID)
    machine.challenge("open sesame")
    machine.profile(server, scep_after_cloning="enroll")
    machine.start()
    machine.wait_enrolled()
    copied = clone(machine)
    original = key(machine)
    firmware(copied, _OTHER_UUID)
    copied.start()
    assert copied.wait_enrolled(generation=2)["problems"] == []
    assert key(copied) != original
    assert [one.signer_is_self_signed for one in server.journal.operations] == [True, True]
    assert server.journal.operations[-1].challenge_right
    assert len({one.public_key().public_bytes(*_DER) for one in server.journal.issued}) == 2
    record_property(count("clones told apart"), 1)


def _no_firmware(machine: Machine) -> None:
    firmware(machine, None, None)


@pytest.mark.parametrize("has_card", [False, True], ids=["machine-id", "addresses"])
def test_without_firmware_other_facts_tell_a_clone_apart(
    machine: Machine,
    server: SCEPServer,
    clone: MakeClone,
    has_card: bool,
    record_property: RecordProperty,
) -> None:
    """A machine-id that is made at each boot makes no clone, so it counts only where there is no address."""
    _no_firmware(machine)
    if has_card:
        card(machine, _ADDRESS)
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    copied = clone(machine)
    if has_card:
        card(copied, _OTHER_ADDRESS)
    else:
        copied.write("etc/machine-id", f"{_OTHER_MACHINE_ID}\n")
    copied.start()
    copied.wait_problem("cloned")
    assert len(server.journal.operations) == 1
    record_property(count("clones told apart"), 1)


@pytest.mark.parametrize("has_firmware", [True, False], ids=["with firmware", "without firmware"])
def test_what_changes_in_a_machine_makes_no_clone_of_it(
    machine: Machine, server: SCEPServer, has_firmware: bool, record_property: RecordProperty
) -> None:
    """One after the other, each over a reboot: in the end nothing is as it was but what the firmware says."""
    if has_firmware:
        firmware(machine, _UUID)
    else:
        _no_firmware(machine)
    card(machine, _ADDRESS)
    card(machine, "02:00:00:00:00:01", "wlan0", 3)
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    told = device_id(machine)

    def nothing_is_read() -> None:
        firmware(machine, None, None)
        shutil.rmtree(machine.root / "sys/class/net")

    changes: list[Callable[[], object]] = [
        lambda: card(machine, _OTHER_ADDRESS),
        lambda: machine.write("etc/machine-id", f"{_OTHER_MACHINE_ID}\n"),
        lambda: firmware(machine, _UUID, "SN-4712") if has_firmware else None,
        # An update turned the first fields around, and writes capitals.
        lambda: firmware(machine, "44454C4C-4200-1035-8053-B4C04F4D3132") if has_firmware else None,
        lambda: card(machine, "02:00:00:00:00:02", "wlan0", 3),
        nothing_is_read,
    ]
    for change in changes:
        machine.stop()
        change()
        machine.start()
        assert problem_codes(machine.wait_enrolled()) == set()
        assert device_id(machine) == told
    assert len(server.journal.operations) == 1
    record_property(count("changes within one machine"), len(changes))


def test_a_clone_of_a_machine_that_waits_for_approval_leaves_the_request_to_it(
    machine: Machine, make_server: MakeServer, clone: MakeClone, record_property: RecordProperty
) -> None:
    """Two machines that ask after one request would get one certificate, and have one key."""
    server = make_server(Behaviour(pending=2, challenges=Challenges(single_use=["only once"])))
    firmware(machine, _UUID)
    machine.challenge("only once")
    machine.profile(server, scep_challenge={"credential": "scep-challenge", "single-use": True})
    machine.start()
    machine.wait_for(lambda one: one["state"] == "pending")
    copied = clone(machine)
    firmware(copied, _OTHER_UUID)
    copied.start()
    copied.wait_problem("challenge-spent")
    assert not (copied.root / "var/lib/signet/profiles/access/pending").exists()
    assert len(server.journal.operations) == 1
    machine.start()
    for _ in range(2):
        with machine.admin() as admin:
            admin.renew()
    machine.wait_enrolled()
    assert sum(one.challenge_present is True for one in server.journal.operations) == 1
    record_property(count("clones told apart"), 1)


def test_clones_of_a_machine_that_had_no_network_make_keys_of_their_own(
    machine: Machine, make_server: MakeServer, clone: MakeClone, record_property: RecordProperty
) -> None:
    """The image's key was in no request yet, and would be in those of all."""
    server = make_server()
    server.stop()
    firmware(machine, _UUID)
    machine.profile(server)
    machine.start()
    machine.wait_problem("server-unreachable")
    again = make_server(hierarchy=server.hierarchy)
    copied = clone(machine)
    firmware(copied, _OTHER_UUID)
    for one in (machine, copied):
        one.profile(again)
        one.start()
        one.wait_enrolled()
    assert len({one.public_key().public_bytes(*_DER) for one in again.journal.issued}) == 2
    record_property(count("clones told apart"), 1)


def test_a_clone_reports_under_an_id_of_its_own(
    machine: Machine, server: SCEPServer, clone: MakeClone, record_property: RecordProperty
) -> None:
    """It neither shows the original's certificate nor sends what the original has yet to send."""
    firmware(machine, _UUID)
    machine.profile(server)
    machine.write("etc/signet/credentials/fleet-token", "a-token\n", 0o600)
    with Receiver(server.hierarchy, demands_certificate=False, token="a-token") as receiver:
        receiver.stop()
        machine.reports_to(receiver.url, token={"credential": "fleet-token"})
        machine.start()
        machine.wait_enrolled()
        assert machine.ctl("report").returncode == 1
        copied = clone(machine)
        firmware(copied, _OTHER_UUID)
        receiver.start()
        copied.start()
        receiver.wait_for(lambda: "problem.raised access" in receiver.news)
        raised = next(one for one in receiver.accepted if one.kind == "problem.raised")
        assert raised.data["code"] == "cloned"
        assert device_id(machine) in raised.data["text"]
        assert {one.client for one in receiver.accepted} == {None}
        assert {one.event.get_source() for one in receiver.accepted if one.event} == {
            f"urn:signet:device:{device_id(copied)}"
        }
        numbers = [int(str(one.event.get_extension("sequence"))) for one in receiver.accepted if one.event]
        assert numbers == list(range(1, len(numbers) + 1))
        assert receiver.violations == []
    record_property(count("clones told apart"), 1)


def test_what_the_machine_is_recognised_by_is_on_the_disk_as_digests_only(machine: Machine, server: SCEPServer) -> None:
    firmware(machine, _UUID)
    card(machine, _ADDRESS)
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    meta = json.loads((machine.root / "var/lib/signet/profiles/access/generations/0001/meta.json").read_text())
    assert set(meta["machine"]) == {"device", "productUUID", "productSerial", "machineID", "addresses"}
    machine.stop()
    machine_id = (machine.root / "etc/machine-id").read_text().strip()
    files = [one for folder in ("var", "run") for one in (machine.root / folder).rglob("*") if one.is_file()]
    assert len(files) > 5
    for file in files:
        text = file.read_bytes().lower()
        for plain in (_UUID, _UUID.replace("-", ""), SERIAL, _ADDRESS, _ADDRESS.replace(":", ""), machine_id):
            assert plain.lower().encode() not in text, file


def test_a_disk_that_comes_back_into_its_machine_is_at_home(
    machine: Machine, server: SCEPServer, clone: MakeClone, record_property: RecordProperty
) -> None:
    """It was in another one meanwhile, and that one enrolled nothing."""
    firmware(machine, _UUID)
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    certificate = x509.load_pem_x509_certificate((machine.published() / "cert.pem").read_bytes())
    machine.stop()
    firmware(machine, _OTHER_UUID)
    machine.start()
    machine.wait_problem("cloned")
    machine.stop()
    firmware(machine, _UUID)
    machine.start()
    assert machine.wait_enrolled(timeout=PATIENCE)["problems"] == []
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    assert server.journal.operations[-1].message_type == names.RENEWAL_REQ
    assert certificate.serial_number == server.journal.issued[0].serial_number
    record_property(count("clones told apart"), 1)
