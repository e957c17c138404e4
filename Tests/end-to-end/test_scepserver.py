"""Debian's scepserver: replies in single DES signed with SHA-1, and wants the challenge on renewal too."""

import json
from collections.abc import Iterator

import pytest

from machine import Machine, problem_codes
from realservers import ScepServer

CHALLENGE = "open sesame"


@pytest.fixture
def scepserver() -> Iterator[ScepServer]:
    """A fresh CA in a network namespace."""
    with ScepServer(CHALLENGE) as server:
        yield server


def write_profile(machine: Machine, server: ScepServer, challenge: str = CHALLENGE, more: str = "") -> None:
    """A profile for it; its certificates name no CRL, so no revocation check is required."""
    machine.challenge(challenge)
    machine.write("etc/signet/anchors/root.pem", server.ca.read_text())
    machine.write(
        "etc/signet/profiles.d/access.toml",
        f"""
[scep]
url = "{server.url}"
ca-fingerprint = ["{server.fingerprint}"]
challenge = {{ credential = "scep-challenge" }}
{more}
[subject]
name = "CN=${{hostname}},O=Signet Tests"
[install]
anchors = ["/etc/signet/anchors/root.pem"]
[device-tag]
require-revocation-check = false
""",
    )


def test_enrollment_and_renewal(machine: Machine, scepserver: ScepServer) -> None:
    write_profile(machine, scepserver)
    machine.start()
    assert problem_codes(machine.wait_enrolled()) == {"weak-server"}
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    machine.wait_enrolled(generation=2)


def test_renewal_as_the_preset_has_it(machine: Machine, scepserver: ScepServer) -> None:
    """RenewalReq with the challenge, which it takes at once; without the preset it refuses two requests before."""
    write_profile(machine, scepserver, more='server = "micromdm"')
    machine.start()
    machine.wait_enrolled()
    with machine.admin() as admin:
        assert admin.renew()[-1]["generation"] == 2
    state = json.loads((machine.root / "var/lib/signet/profiles/access/state.json").read_text())
    assert list(state["remembered"].values()) == ["renewal-req"]


def test_a_wrong_challenge(machine: Machine, scepserver: ScepServer) -> None:
    """It says so with an HTTP error and no CertRep, so that nobody can know that it was the challenge."""
    write_profile(machine, scepserver, "open sesamy")
    machine.start()
    profile = machine.wait_for(lambda one: one["problems"])
    assert problem_codes(profile) <= {"server-unreachable", "request-refused", "challenge-refused", "weak-server"}
    assert machine.belongings() == {}
