"""From the power button to a valid device tag, with nobody there."""

import configuration
from conftest import CHALLENGE
from container import Container

from scepd import SCEPServer


def test_enrollment_at_boot(container: Container, server: SCEPServer) -> None:
    configuration.challenge(container, CHALLENGE)
    configuration.profile(container, server)
    container.boot()
    profile = container.wait_enrolled()
    (issued,) = server.journal.issued
    assert profile["identity"]["serial"].lstrip("0").lower() == f"{issued.serial_number:x}"
    assert profile["problems"] == []
    (request,) = server.journal.operations
    assert (request.challenge_right, request.alternative_names) == (True, ["DNS:laptop-7.example.com"])
    assert container.show("signetd.service", "User", "Type") == ["signet", "notify"]
    key = container.published() / "key.pem"
    owner = container.run("stat", "--format=%U:%G %a", f"/{key.resolve().relative_to(container.root)}").stdout
    assert owner.strip() == "root:signet-clients 640"
    container.wait_idle()
    assert container.state() == "running", container.run("systemctl", "--failed").stdout
    tag = container.signetctl("tag", user="bob")
    assert "valid-client-certificate" in tag.stdout
