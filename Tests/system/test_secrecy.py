"""Challenge, token and private key are where they belong, and nowhere else on the machine."""

import contextlib
import secrets
from pathlib import Path

import configuration
from device import Device
from receiver import Receiver
from scepd import SCEPServer
from secrecy import forms, key_forms, where

MINE = "/var/lib/signet/profiles/access/generations/0001/key.pem"
CREDENTIALS = ("/etc/signet/credentials/",)
KEYS = ("/var/lib/signet/profiles/access/generations/", "/etc/ssl/signet/access/")


def places(container: Device) -> dict[str, bytes]:
    """Every file that the machine has changed or holds in memory, its journal in plain, and what processes show."""
    found: dict[str, bytes] = {}
    roots = {"": container.layers.upper, "/run": container.inside / "run", "/tmp": container.inside / "tmp"}
    roots |= {"/dev/shm": container.inside / "dev/shm"}
    for name, root in roots.items():
        for file in root.rglob("*"):
            # One that is gone meanwhile is no place; systemd-nspawn's own files are no file of the machine's.
            with contextlib.suppress(FileNotFoundError, PermissionError):
                if file.is_file() and not file.is_symlink():
                    found[f"{name}/{file.relative_to(root)}"] = file.read_bytes()
    journal = container.run("journalctl", "--no-pager", "--all", "--output=export").stdout
    found["the journal"] = journal.encode()
    for number in container.processes():
        for part in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                found[f"{part} of {number}"] = Path(f"/proc/{number}/{part}").read_bytes()
    return found


def test_secrets_are_found_nowhere_else(container: Device, server: SCEPServer) -> None:
    challenge, token = secrets.token_hex(16), secrets.token_urlsafe(24)
    server.behaviour.challenges.static = challenge
    with Receiver(server.hierarchy, token=token) as receiver:
        configuration.challenge(container, challenge)
        configuration.challenge(container, token, "fleet-token")
        # It stays, to be looked at.
        configuration.settings(container, receiver, idle_exit="60s", token={"credential": "fleet-token"})
        configuration.profile(container, server)
        container.boot()
        container.wait_enrolled()
        container.signetctl("report")
        assert sorted(set(container.programs())) == ["signet-installd", "signetd"]
        found = places(container)
    key = key_forms((container.root / MINE[1:]).read_bytes())
    # Each is found where it belongs, so the search does find.
    held = "/run/credentials/signetd.service/signet_"
    assert where(found, forms(challenge.encode())) == {CREDENTIALS[0] + "scep-challenge", f"{held}scep-challenge"}
    assert where(found, forms(token.encode())) == {CREDENTIALS[0] + "fleet-token", f"{held}fleet-token"}
    keys = where(found, key)
    assert MINE in keys
    assert all(place.startswith(KEYS) and Path(place).name in ("key.pem", "combined.pem") for place in keys), keys
    assert sum(place.startswith(KEYS[1]) for place in keys) == 2, keys
    # Nor did anything go out but the challenge, enveloped, and the token, in its header.
    for delivery in receiver.deliveries:
        assert not any(form in delivery.body for form in [*forms(challenge.encode()), *forms(token.encode()), *key])
    # A core file would hold all of them.
    container.run("systemctl", "kill", "--kill-whom=main", "--signal=SEGV", "signetd.service")
    container.wait_for(lambda: container.show("signetd.service", "NRestarts") != ["0"], what="it is not started again")
    assert where(places(container), key) == keys
