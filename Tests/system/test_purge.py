"""The package on a machine that runs: installed, removed, installed again, purged."""

import os
import shutil
from pathlib import Path

import configuration
from conftest import CHALLENGE
from device import Device
from scepd import SCEPServer

# What other programs keep: dpkg's own books and backups, logs, caches, and what systemd has for itself.
OTHERS = ("/var/lib/dpkg/", "/var/log/", "/var/cache/", "/var/lib/systemd/", "/root/", "/run/", "/tmp/", "/var/tmp/")
BACKUPS = (
    "/etc/passwd-",
    "/etc/group-",
    "/etc/shadow-",
    "/etc/gshadow-",
    "/etc/subuid-",
    "/etc/subgid-",
    "/etc/.pwd.lock",
)


def belongings(container: Device) -> dict[str, str]:
    """Every file, folder and link with its mode and what a link or an account file says; what others keep left out."""
    listed = container.run("find", "/", "-xdev", "-printf", "%p\\t%M %u:%g %l\\n").stdout
    found = dict(line.split("\t", 1) for line in listed.splitlines())
    for account in ("passwd", "group", "shadow", "gshadow"):
        found[f"/etc/{account}"] += container.run("cat", f"/etc/{account}").stdout
    found["/etc/ssl/certs/ca-certificates.crt"] += container.run(
        "sha256sum", "/etc/ssl/certs/ca-certificates.crt"
    ).stdout
    return {path: text for path, text in found.items() if not path.startswith(OTHERS) and path not in BACKUPS}


def test_purge_leaves_nothing(debian: Path, package: Path, server: SCEPServer) -> None:
    container = Device([debian])
    try:
        container.write("etc/machine-id", f"{os.urandom(16).hex()}\n")
        container.boot()
        shutil.copy(package, container.root / "root/signet.deb")
        # Its first run makes the bundle that later ones are compared with.
        container.run("update-ca-certificates", "--fresh")
        before = belongings(container)
        mounts = container.run("findmnt", "--raw", "--noheadings", "--output=TARGET").stdout

        container.run("dpkg", "--install", "/root/signet.deb")
        configuration.settings(container)
        configuration.challenge(container, CHALLENGE)
        configuration.profile(container, server)
        container.wait_enrolled()
        anchors = list((container.root / "usr/local/share/ca-certificates").glob("signet-*.crt"))
        assert len(anchors) == 1

        identity = container.belongings()
        container.run("dpkg", "--remove", "signet")
        assert container.programs() == []
        assert container.belongings() == identity
        container.run("dpkg", "--install", "/root/signet.deb")
        assert container.wait_enrolled()["identity"]["generation"] == 1
        assert len(server.journal.issued) == 1

        container.run("dpkg", "--purge", "signet")
        after = belongings(container)
        assert {path: after.get(path) for path in before | after if before.get(path) != after.get(path)} == {}
        assert container.programs() == []
        assert container.run("findmnt", "--raw", "--noheadings", "--output=TARGET").stdout == mounts
        for folder in ("run", "var/lib/systemd", "run/systemd"):
            left = [str(file) for file in (container.inside / folder).rglob("*signet*")]
            assert left == []
        units = container.run("systemctl", "list-units", "--all", "--no-legend", "signet*").stdout
        assert units == ""
        container.run("systemctl", "daemon-reload")
        assert container.state() == "running"
    finally:
        container.close()
