"""Revocation: the CRL is fetched from nginx, verified, and believed."""

import datetime
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent import AgentError
from fixtures import MakeServer
from machine import Machine
from realservers import Nginx
from scepd import Behaviour, Challenges, Hierarchy, SCEPServer


def until(condition: Callable[[], bool], timeout: float) -> bool:
    """Asks until the condition holds, at most `timeout` seconds: for what nobody announces."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.1)
    return True


@pytest.fixture
def crls(machine: Machine) -> Iterator[Nginx]:
    """nginx over the folder for CRLs."""
    folder = machine.folder / "crls"
    folder.mkdir()
    with Nginx(folder) as nginx:
        yield nginx


@pytest.fixture
def watched(machine: Machine, make_server: MakeServer, crls: Nginx) -> SCEPServer:
    """A server whose certificates name CRLs, and a machine enrolled with it that requires the check."""
    behaviour = Behaviour(challenges=Challenges(static="open sesame"))
    server = make_server(behaviour, Hierarchy(crl_url=crls.url), crl_folder=crls.root)
    machine.challenge("open sesame")
    machine.profile(server, device_tag_require_revocation_check=True)
    machine.start()
    machine.wait_enrolled()
    return server


def test_valid_then_revoked_then_valid(machine: Machine, watched: SCEPServer, crls: Nginx) -> None:
    assert any("/issuing.crl" in line for line in crls.requests)
    watched.authority.revoke(watched.journal.issued[0].serial_number)
    # Lists are not fetched twice within two seconds, so the first answer may still come from the list before.
    with machine.control() as client:
        assert until(lambda: client.tags()["access"]["value"] == "revoked", 10)
    profile = machine.wait_for(lambda one: "revoked" in {problem["code"] for problem in one["problems"]})
    assert profile["tag"]["value"] == "revoked"
    # The challenge is not sent by itself while the identity is revoked.
    assert len(watched.journal.operations) == 1
    with machine.admin() as admin:
        assert admin.enroll()[-1]["generation"] == 2
    assert machine.wait_enrolled(generation=2)["problems"] == []


def test_a_list_that_nobody_serves(machine: Machine, watched: SCEPServer, crls: Nginx) -> None:
    """The last good list counts while it is current; without any the tag says that it does not know."""
    with machine.control() as client:
        crls.stop()
        assert client.tags()["access"]["value"] == "valid-client-certificate"
    machine.stop()
    for kept in machine.root.glob("var/lib/signet/profiles/*/revocation/*"):
        kept.unlink()
    machine.start()
    profile = machine.wait_for(lambda one: one["tag"]["value"] == "revocation-unknown")
    assert profile["identity"]["generation"] == 1
    crls.start()


@pytest.mark.parametrize("kind", ["stale", "foreign", "html", "cut"])
def test_a_list_that_is_not_to_be_believed(machine: Machine, watched: SCEPServer, crls: Nginx, kind: str) -> None:
    list_file: Path = crls.root / "issuing.crl"
    if kind == "stale":
        watched.authority.write_crls(age=datetime.timedelta(days=3))
    elif kind == "foreign":
        other = Hierarchy(label="foreign").issuing
        list_file.write_bytes(watched.authority.crl(other, {}, datetime.timedelta(minutes=1)))
    elif kind == "html":
        list_file.write_text("<html>sign in</html>")
    else:
        list_file.write_bytes(list_file.read_bytes()[:-40])
    machine.stop()
    for kept in machine.root.glob("var/lib/signet/profiles/*/revocation/*"):
        kept.unlink()
    machine.start()
    machine.wait_for(lambda one: one["tag"]["value"] == "revocation-unknown")


def test_no_renewal_of_a_revoked_identity_by_its_old_key(machine: Machine, watched: SCEPServer) -> None:
    """The CA refuses what the revoked certificate signed; an order then goes on to the challenge."""
    watched.authority.revoke(watched.journal.issued[0].serial_number)
    with machine.control() as client:
        assert until(lambda: client.tags()["access"]["value"] == "revoked", 10)
    with machine.admin() as admin:
        try:
            admin.renew()
        except AgentError as error:
            assert error.problem in ("revoked", "request-refused")
        assert admin.enroll()[-1]["generation"] >= 2
