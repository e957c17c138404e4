"""What lies in /etc/ssl/signet afterwards, as other programs find it."""

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fixtures import MakeServer
from looking import until
from machine import GROUP_ID, PATIENCE, Machine
from realservers import Nginx
from scepd import Behaviour, Hierarchy, RAKind, SCEPServer
from scepd.hierarchy import certificate, name
from scepd.keys import rsa_key
from scepd.lies import offers


def openssl(*arguments: str | Path) -> str:
    """Runs the `openssl` command; its output."""
    done = subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, text=True, timeout=20)
    return done.stdout


def test_openssl_reads_and_verifies_it(enrolled: Machine, server: SCEPServer) -> None:
    current = enrolled.published()
    (issued,) = server.journal.issued
    subject = openssl("x509", "-in", current / "cert.pem", "-noout", "-subject", "-nameopt", "RFC2253")
    assert subject.strip() == "subject=CN=laptop-7,O=Signet Tests"
    assert x509.load_pem_x509_certificate((current / "cert.pem").read_bytes()) == issued
    anchors = enrolled.root / "etc/signet/anchors"
    verified = openssl(
        "verify", "-CAfile", anchors / "root.pem", "-untrusted", current / "chain.pem", current / "cert.pem"
    )
    assert verified.strip() == f"{current}/cert.pem: OK"
    public = openssl("x509", "-in", current / "cert.pem", "-noout", "-pubkey")
    assert openssl("pkey", "-in", current / "key.pem", "-pubout") == public


def test_the_files_belong_together(enrolled: Machine, server: SCEPServer) -> None:
    current = enrolled.published()
    text = {file.name: file.read_text() for file in current.iterdir()}
    assert set(text) == {"cert.pem", "chain.pem", "fullchain.pem", "key.pem", "combined.pem"}
    assert text["fullchain.pem"] == text["cert.pem"] + text["chain.pem"]
    chain = x509.load_pem_x509_certificates(text["chain.pem"].encode())
    assert chain == [server.hierarchy.issuing.certificate]
    assert text["key.pem"].strip() in text["combined.pem"]
    assert text["fullchain.pem"].strip() in text["combined.pem"]
    assert current.is_symlink()
    assert not str(current.readlink()).startswith("/")


@pytest.mark.parametrize("is_offered_first", [True, False], ids=["from the first day", "from one day to the next"])
def test_a_server_may_offer_a_ca_that_roots_files_do_not_name(
    machine: Machine, make_server: MakeServer, is_offered_first: bool
) -> None:
    server = make_server()
    pki = server.hierarchy
    more = offers([pki.issuing.certificate, pki.root.certificate])
    if is_offered_first:
        server.behaviour.forgery = more
    machine.profile(server, install_anchors=None, install_chain=None)
    machine.start()
    machine.wait_for(lambda one: one.get("published") == 1)
    server.behaviour.forgery = more
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    chain = x509.load_pem_x509_certificates((machine.published() / "chain.pem").read_bytes())
    assert chain == [pki.issuing.certificate]


def test_the_key_is_for_root_and_the_named_group(enrolled: Machine) -> None:
    for file in enrolled.published().iterdir():
        status = file.stat()
        mode = 0o640 if file.name in ("key.pem", "combined.pem") else 0o644
        assert (file.name, status.st_mode & 0o7777) == (file.name, mode)
        assert status.st_uid == 0
        if mode == 0o640:
            assert status.st_gid == GROUP_ID


def test_without_a_group_the_key_is_roots(machine: Machine, server: SCEPServer) -> None:
    machine.profile(server, install_group=None)
    machine.start()
    machine.wait_enrolled()
    for word in ("key.pem", "combined.pem"):
        status = (machine.published() / word).stat()
        assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (0o600, 0, 0)


def test_the_anchor_is_in_the_systems_bundle(enrolled: Machine, server: SCEPServer) -> None:
    bundle = enrolled.root / "etc/ssl/certs/ca-certificates.crt"
    assert x509.load_pem_x509_certificates(bundle.read_bytes()) == [server.hierarchy.root.certificate]
    files = list((enrolled.root / "usr/local/share/ca-certificates").iterdir())
    assert len(files) == 1
    assert files[0].name.startswith("signet-access-")


def test_curl_gets_in_where_a_client_certificate_is_wanted(
    enrolled: Machine, server: SCEPServer, tmp_path: Path
) -> None:
    key = rsa_key("gateway")
    address = x509.SubjectAlternativeName([x509.DNSName("gateway.example")])
    gateway = certificate(name("gateway"), key.public_key(), server.hierarchy.issuing, [(address, False)])
    (tmp_path / "cert.pem").write_text(gateway.public_bytes(Encoding.PEM).decode() + server.hierarchy.issuing.pem)
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "clients.pem").write_text(server.hierarchy.root.pem)
    current = enrolled.published()
    with Nginx(tmp_path, gateway=(tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "clients.pem")) as nginx:
        base = ["curl", "--silent", "--max-time", "20", "--resolve", f"gateway.example:{nginx.port}:127.0.0.1"]
        base += ["--cacert", str(enrolled.root / "etc/ssl/certs/ca-certificates.crt")]
        url = f"https://gateway.example:{nginx.port}/"
        separate = ["--cert", str(current / "fullchain.pem"), "--key", str(current / "key.pem")]
        for identity in (separate, ["--cert", str(current / "combined.pem")]):
            done = subprocess.run([*base, *identity, url], capture_output=True, text=True, timeout=30, check=False)
            assert (done.returncode, done.stdout) == (0, "CN=laptop-7,O=Signet Tests\n"), done.stderr
        refused = subprocess.run([*base, url], capture_output=True, text=True, timeout=30, check=False)
        assert "400 No required SSL certificate was sent" in refused.stdout


def test_a_renewal_switches_once_and_keeps_the_previous_generation(enrolled: Machine) -> None:
    before = enrolled.published().resolve()
    held = {file.name: file.read_bytes() for file in before.iterdir()}
    with enrolled.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    after = enrolled.published().resolve()
    assert after != before
    assert {file.name: file.read_bytes() for file in before.iterdir()} == held
    assert (after / "key.pem").read_bytes() != held["key.pem"]


def test_what_root_no_longer_names_is_withdrawn_and_nothing_else(enrolled: Machine) -> None:
    """A profile taken away does not take the machine's other anchors with it."""
    foreign = enrolled.write("usr/local/share/ca-certificates/company.crt", "not signet's\n")
    with enrolled.admin() as admin:
        admin.renew()
    assert foreign.read_text() == "not signet's\n"


def test_a_profile_that_root_removes_takes_its_files_and_anchors_with_it(enrolled: Machine, server: SCEPServer) -> None:
    """What was issued is kept: the profile that comes back is published anew, without a new request."""
    (enrolled.root / "etc/signet/profiles.d/access.toml").unlink()
    published, anchors = enrolled.root / "etc/ssl/signet/access", enrolled.root / "usr/local/share/ca-certificates"
    until(lambda: not published.exists() and not any(anchors.iterdir()), PATIENCE, enrolled.logs)
    assert (enrolled.root / "var/lib/signet/profiles/access/generations/0001/key.pem").exists()
    enrolled.profile(server)
    enrolled.wait_enrolled()
    assert (published / "current/cert.pem").exists()
    assert len(list(anchors.iterdir())) == 1
    assert len(server.journal.operations) == 1


def test_what_somebody_deletes_is_published_again(enrolled: Machine, server: SCEPServer) -> None:
    held = {file.name: file.read_bytes() for file in enrolled.published().iterdir()}
    enrolled.running.signal(signal.SIGTERM)
    enrolled.running.wait_exit(PATIENCE)
    shutil.rmtree(enrolled.root / "etc/ssl/signet/access")
    enrolled.running.tick()
    enrolled.running.wait_for(lambda: "somebody changed" in enrolled.running.log(), PATIENCE, "says nothing of it")
    assert enrolled.wait_enrolled()["problems"] == []
    assert {file.name: file.read_bytes() for file in enrolled.published().iterdir()} == held
    assert len(server.journal.operations) == 1


@pytest.mark.parametrize("bundle", [["ra", "issuing", "root"], ["issuing", "ra"]], ids=" ".join)
def test_the_published_chain_holds_no_root_and_no_ra(
    machine: Machine, make_server: MakeServer, bundle: list[str]
) -> None:
    server = make_server(Behaviour(bundle=bundle, with_chain=True), Hierarchy(RAKind.ONE))
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    chain = x509.load_pem_x509_certificates((machine.published() / "chain.pem").read_bytes())
    assert chain == [server.hierarchy.issuing.certificate]


def test_no_key_is_left_readable_anywhere(enrolled: Machine) -> None:
    readable = [
        file
        for folder in ("var/lib/signet", "run/signet", "etc/ssl/signet")
        for file in (enrolled.root / folder).rglob("*")
        if file.is_file() and b"PRIVATE KEY" in file.read_bytes() and file.stat().st_mode & 0o007
    ]
    assert readable == []
    assert "PRIVATE KEY" not in json.dumps(enrolled.status())
