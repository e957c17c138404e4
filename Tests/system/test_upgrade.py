"""The package over itself on a machine that is at work."""

import shutil
import subprocess
from pathlib import Path

from device import Device
from scepd import SCEPServer, Trouble, names


def test_an_upgrade_interrupts_no_exchange(enrolled: Device, server: SCEPServer, package: Path) -> None:
    """The agent gets the answer that it waits for, publishes, and only then starts anew as the new program."""
    # Longer than dpkg takes, and less than the agent waits for an answer.
    server.behaviour.troubles = [Trouble("delay", message_type=names.RENEWAL_REQ, times=1, seconds=20)]
    shutil.copy(package, enrolled.root / "root/signet.deb")
    with subprocess.Popen(enrolled.command("signetctl", "renew", "access", "--wait")) as order:
        enrolled.wait_for(lambda: len(server.journal.operations) == 2, what="no renewal begins")
        before = enrolled.process("signetd")
        enrolled.run("dpkg", "--install", "/root/signet.deb")
        assert len(server.journal.issued) == 1, "the renewal was over before the upgrade"
        assert enrolled.process("signetd") == before is not None
        assert order.wait(60) == 0
    enrolled.wait_enrolled(generation=2)
    enrolled.wait_for(lambda: enrolled.show("signetd.service", "NRestarts") == ["1"], what="it does not start anew")
    enrolled.wait_idle()
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ, names.RENEWAL_REQ]
    assert enrolled.state() == "running"
