"""The package over itself on a machine that is at work, under a higher and a lower version."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from device import Device
from scepd import SCEPServer, Trouble, names


@pytest.fixture
def newer(package: Path, tmp_path: Path) -> Path:
    """The package."""
    return repack(package, tmp_path / "newer")


@pytest.fixture
def older(package: Path, tmp_path: Path) -> Path:
    """The same package as an older version."""
    return repack(package, tmp_path / "older", "0.0.1")


def repack(package: Path, tree: Path, version: str | None = None) -> Path:
    """The same package without compression, which keeps a slow machine busy for longer than an exchange may last."""
    subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True, timeout=60)
    if version is not None:
        control = tree / "DEBIAN/control"
        control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    made = tree.with_suffix(".deb")
    build: list[str | Path] = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, made]
    subprocess.run(build, check=True, timeout=60, stdout=subprocess.DEVNULL)
    return made


def install(device: Device, package: Path) -> None:
    """As an admin does, who has copied it there."""
    shutil.copy(package, device.root / "root/signet.deb")
    device.run("dpkg", "--install", "/root/signet.deb", timeout=120)


def version(device: Device) -> str:
    """Of the package that is installed."""
    return device.run("dpkg-query", "--show", "--showformat=${Version}", "signet").stdout


@pytest.mark.parametrize("is_upgrade", [True, False], ids=["upgrade", "downgrade"])
def test_an_upgrade_interrupts_no_exchange(
    enrolled: Device, server: SCEPServer, newer: Path, older: Path, is_upgrade: bool
) -> None:
    """The agent gets the answer that it waits for, publishes, and only then starts anew as the other program."""
    # Longer than dpkg takes, and less than the agent waits for an answer.
    server.behaviour.troubles = [Trouble("delay", message_type=names.RENEWAL_REQ, times=1, seconds=25)]
    with subprocess.Popen(enrolled.command("signetctl", "renew", "access", "--wait")) as order:
        enrolled.wait_for(lambda: len(server.journal.operations) == 2, what="no renewal begins")
        before = enrolled.process("signetd")
        install(enrolled, newer if is_upgrade else older)
        assert (version(enrolled) == "0.0.1") is not is_upgrade
        assert len(server.journal.issued) == 1, "the renewal was over before the other package was there"
        assert enrolled.process("signetd") == before is not None
        assert order.wait(60) == 0
    enrolled.wait_enrolled(generation=2)
    enrolled.wait_for(lambda: enrolled.show("signetd.service", "NRestarts") == ["1"], what="it does not start anew")
    enrolled.wait_idle()
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.RENEWAL_REQ]
    assert enrolled.state() == "running"


def test_a_downgrade_leaves_a_newer_state_to_the_newer_program(
    enrolled: Device, server: SCEPServer, newer: Path, older: Path
) -> None:
    """The identity stays published meanwhile, and the newer program goes on where it was."""
    file = enrolled.root / "var/lib/signet/profiles/access/state.json"

    def shift(by: int) -> bytes:
        document: dict[str, Any] = json.loads(file.read_text())
        document["version"] += by
        # In place: it stays the agent's own file.
        file.write_text(json.dumps(document))
        return file.read_bytes()

    held = {path: text for path, text in enrolled.belongings().items() if not path.endswith("state.json")}
    written = shift(1)
    install(enrolled, older)
    status = json.loads(enrolled.signetctl("status", "--json").stdout)
    (problem,) = status["problems"]
    assert problem["code"] == "state-unreadable"
    assert "newer" in problem["text"]
    assert enrolled.signetctl("renew", "access", check=False).returncode == 1
    enrolled.wait_idle()
    assert file.read_bytes() == written
    assert {path: text for path, text in enrolled.belongings().items() if not path.endswith("state.json")} == held
    shift(-1)
    install(enrolled, newer)
    enrolled.signetctl("renew", "access", "--wait")
    enrolled.wait_enrolled(generation=2)
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.RENEWAL_REQ]
