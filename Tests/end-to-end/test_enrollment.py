"""A first enrollment with every kind of honest server: from a profile to a valid device tag, with nobody there."""

import hmac

import pytest
from cryptography import x509

from fixtures import MakeServer
from machine import MACHINE_ID, PATIENCE, SERIAL, Machine, problem_codes
from scepd import Behaviour, Challenges, Cipher, Hierarchy, RAKind, SCEPServer, names


@pytest.mark.parametrize("ra", RAKind)
def test_with_each_kind_of_ra(machine: Machine, make_server: MakeServer, ra: RAKind) -> None:
    server = make_server(Behaviour(challenges=Challenges(static="open sesame")), Hierarchy(ra))
    machine.challenge("open sesame")
    machine.profile(server)
    machine.start()
    profile = machine.wait_enrolled()

    (issued,) = server.journal.issued
    assert profile["identity"]["serial"].lstrip("0").lower() == f"{issued.serial_number:x}"
    assert profile["identity"]["key"] == "rsa-2048"
    assert profile["problems"] == []
    (request,) = server.journal.operations
    assert (request.method, request.message_type, request.digest) == ("POST", names.PKCS_REQ, "sha256")
    assert (request.cipher, request.signer_is_self_signed) == ("aes128-cbc", True)
    assert (request.challenge_present, request.challenge_right) == (True, True)
    assert request.csr_subject == x509.Name(issued.subject).rfc4514_string()
    assert request.alternative_names == ["DNS:laptop-7.example.com"]


@pytest.mark.parametrize("cipher", Cipher)
@pytest.mark.parametrize("encoding", ["der", "ber", "constructed"])
def test_with_each_reply_encoding(machine: Machine, make_server: MakeServer, cipher: Cipher, encoding: str) -> None:
    behaviour = Behaviour(cipher=cipher, ber=encoding == "ber", constructed=encoding == "constructed")
    machine.profile(make_server(behaviour, Hierarchy(RAKind.SEPARATE)))
    machine.start()
    profile = machine.wait_enrolled()
    weak = cipher in (Cipher.DES, Cipher.TRIPLE_DES)
    assert problem_codes(profile) == ({"weak-server"} if weak else set())


@pytest.mark.parametrize("ra", RAKind)
@pytest.mark.parametrize("plain", [True, False], ids=["rsaEncryption", "sha256WithRSAEncryption"])
def test_without_the_signers_certificate_in_the_reply(
    machine: Machine, make_server: MakeServer, ra: RAKind, plain: bool
) -> None:
    behaviour = Behaviour(embed_signer=False, plain_signature_algorithm=plain)
    machine.profile(make_server(behaviour, Hierarchy(ra)))
    machine.start()
    assert machine.wait_enrolled()["problems"] == []


def test_a_sha1_signature_is_taken_and_shown(machine: Machine, make_server: MakeServer) -> None:
    machine.profile(make_server(Behaviour(digest="sha1")))
    machine.start()
    assert problem_codes(machine.wait_enrolled()) == {"weak-server"}


@pytest.mark.parametrize(
    "behaviour", [Behaviour(cipher=Cipher.DES), Behaviour(cipher=Cipher.TRIPLE_DES), Behaviour(digest="sha1")]
)
def test_rfc8894_refuses_what_compatible_takes(machine: Machine, make_server: MakeServer, behaviour: Behaviour) -> None:
    machine.profile(make_server(behaviour), scep_security="rfc8894")
    machine.start()
    problem = machine.wait_problem("untrusted-reply")
    assert problem["severity"] == "error"
    assert machine.belongings() == {}


@pytest.mark.parametrize("post", ["accept", "405", "empty"])
def test_by_get_where_post_does_not_work(machine: Machine, make_server: MakeServer, post: str) -> None:
    capabilities = ["AES", "SHA-256"] if post == "accept" else ["AES", "SHA-256", "POSTPKIOperation"]
    server = make_server(Behaviour(capabilities=capabilities, post=post))
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    assert server.journal.operations[-1].method == "GET"
    assert [one.method for one in server.journal.operations[:-1]] == ([] if post == "accept" else ["POST"])


@pytest.mark.parametrize(
    "capabilities",
    [
        [],
        ["POSTPKIOperation", "DES3", "SHA-1"],
        ["aes", "postpkioperation", "sha-256", "Example.com-Foo", "Update"],
        ["SCEPStandard"],
    ],
    ids=["none", "downgraded", "lower case and unknown", "standard"],
)
def test_requests_are_never_weaker_than_aes_and_sha256(
    machine: Machine, make_server: MakeServer, capabilities: list[str]
) -> None:
    server = make_server(Behaviour(capabilities=capabilities, capabilities_end="\r\n"))
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    (request,) = server.journal.operations
    assert (request.digest, request.cipher) == ("sha256", "aes128-cbc")


@pytest.mark.parametrize(
    "bundle",
    [["issuing"], ["ra", "issuing", "root"], ["root", "issuing", "ra"], ["issuing", "ra", "ra"], ["ra", "issuing"]],
    ids=" ".join,
)
def test_with_bundles_in_any_order(machine: Machine, make_server: MakeServer, bundle: list[str]) -> None:
    ra = RAKind.SEPARATE if "ra" in bundle else RAKind.NONE
    machine.profile(make_server(Behaviour(bundle=bundle, with_chain=True), Hierarchy(ra)))
    machine.start()
    machine.wait_enrolled()


def test_a_pinned_root_with_its_issuing_ca_named(machine: Machine, make_server: MakeServer) -> None:
    server = make_server(Behaviour(bundle=["ra", "issuing", "root"]), Hierarchy(RAKind.ONE))
    machine.profile(server, scep_ca_fingerprint=[server.hierarchy.root.fingerprint])
    machine.start()
    machine.wait_enrolled()


@pytest.mark.parametrize("bits", [3072, 4096])
def test_longer_keys(machine: Machine, make_server: MakeServer, bits: int) -> None:
    server = make_server()
    machine.profile(server, key_bits=bits)
    machine.start()
    profile = machine.wait_enrolled(timeout=120)
    assert profile["identity"]["key"] == f"rsa-{bits}"
    assert server.journal.operations[0].key_bits == bits


def test_one_connection_is_kept_for_a_transaction(machine: Machine, make_server: MakeServer) -> None:
    server = make_server()
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    assert [one.operation for one in server.journal.exchanges] == ["GetCACaps", "GetCACert", "PKIOperation"]
    assert len({one.connection for one in server.journal.exchanges}) == 1


def test_a_profile_dropped_in_is_a_profile_deployed(machine: Machine, make_server: MakeServer) -> None:
    """With nothing to do the agent is gone; a profile brings it back."""
    server = make_server()
    supervisor = machine.start()
    assert supervisor.wait_exit(PATIENCE) == 0
    machine.profile(server, "late")
    machine.wait_enrolled("late")


def test_every_variable_of_the_machine_is_in_the_certificate(machine: Machine, server: SCEPServer) -> None:
    card = "sys/class/net/eth0"
    for file, text in (("type", "1"), ("ifindex", "2"), ("addr_assign_type", "0"), ("address", "02:00:5E:10:00:01")):
        machine.write(f"{card}/{file}", f"{text}\n")
    (machine.root / card / "device").mkdir()
    machine.profile(
        server,
        subject_name="CN=${serial_number},OU=${os_id} ${os_version},O=Signet Tests",
        subject_alternative_names=["DNS:${fqdn}", "URI:urn:device:${machine_id}", "URI:urn:mac:${mac}"],
    )
    machine.start()
    machine.wait_enrolled()
    certificate = x509.load_pem_x509_certificate((machine.published() / "cert.pem").read_bytes())
    assert certificate.subject.rfc4514_string() == f"CN={SERIAL},OU=debian 12,O=Signet Tests"
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["laptop-7.example.com"]
    # As systemd computes it (sd_id128_get_machine_app_specific(3)): never the machine's own, which is confidential.
    application = bytes.fromhex("a5c3f0db18e84e9283363d5f089b6603")
    digest = bytearray(hmac.digest(bytes.fromhex(MACHINE_ID), application, "sha256")[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x40, digest[8] & 0x3F | 0x80
    expected = [f"urn:device:{digest.hex()}", "urn:mac:02:00:5e:10:00:01"]
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == expected


def test_two_profiles_enroll_side_by_side(machine: Machine, make_server: MakeServer) -> None:
    for name in ("one", "two"):
        machine.profile(make_server(), name, install_anchors=[], install_chain=[])
    machine.start()
    machine.wait_enrolled("one")
    machine.wait_enrolled("two")


def test_the_challenge_of_a_command_and_of_a_file(machine: Machine, make_server: MakeServer) -> None:
    secret = machine.write("etc/signet/secret", "open sesame\n", 0o600)
    for name, source in (("file", {"file": "/etc/signet/secret"}), ("command", {"command": ["/bin/cat", str(secret)]})):
        server = make_server(Behaviour(challenges=Challenges(static="open sesame")))
        machine.profile(server, name, scep_challenge=source, install_anchors=[], install_chain=[])
    machine.start()
    machine.wait_enrolled("file")
    machine.wait_enrolled("command")
