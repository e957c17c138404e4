"""Challenge, token and private key are where they belong, and nowhere else on the machine."""

import base64
import contextlib
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import configuration
from device import Device
from receiver import Receiver
from scepd import SCEPServer

MINE = "/var/lib/signet/profiles/access/generations/0001/key.pem"
CREDENTIALS = ("/etc/signet/credentials/",)
KEYS = ("/var/lib/signet/profiles/access/generations/", "/etc/ssl/signet/access/")


def forms(secret: bytes) -> list[bytes]:
    """The secret as it could have been written down: plain, in hex, in base64 at each alignment."""
    aligned = (base64.b64encode(bytes(shift) + secret)[(4 if shift else 0) : -4] for shift in range(3))
    return [secret, secret.hex().encode(), secret.hex().upper().encode(), *aligned]


def key_forms(pem: bytes) -> list[bytes]:
    """What makes the key: its primes and exponent, and a line of its PEM."""
    key = load_pem_private_key(pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    numbers = key.private_numbers()
    values = [one.to_bytes((one.bit_length() + 7) // 8, "big") for one in (numbers.p, numbers.q, numbers.d)]
    lines = [line for line in pem.splitlines() if not line.startswith(b"-----")]
    return [form for value in values for form in forms(value)] + lines[2:-1]


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


def where(found: dict[str, bytes], wanted: list[bytes]) -> set[str]:
    """The places in which one of the forms stands."""
    return {place for place, content in found.items() if any(form in content for form in wanted)}


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
