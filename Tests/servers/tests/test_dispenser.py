"""The dispenser of challenges believes who proves to be somebody, by the words of RFC 1320 and curl."""

import subprocess
from pathlib import Path

import pytest

from dispenser import LOGIN, Dispenser
from dispenser.md4 import md4
from scepd import Hierarchy


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"", "31d6cfe0d16ae931b73c59d7e0c089c0"),
        (b"abc", "a448017aaf21d8525fc10ae87aa6729d"),
        (b"1234567890" * 8, "e33b4ddc9c38f2199c3e7b164fcc0536"),
    ],
)
def test_md4_is_the_rfcs(message: bytes, digest: str) -> None:
    assert md4(message).hex() == digest


@pytest.mark.parametrize("scheme", ["ntlm", "basic"])
@pytest.mark.parametrize(
    ("user", "password", "is_known"),
    [(*LOGIN, True), (LOGIN[0], "wrong", False), ("OTHER\\ndes-reader", LOGIN[1], False), ("somebody", "", False)],
)
def test_who_is_known_gets_a_challenge(tmp_path: Path, scheme: str, user: str, password: str, is_known: bool) -> None:
    hierarchy = Hierarchy()
    root = tmp_path / "root.pem"
    root.write_text(hierarchy.root.pem)
    with Dispenser(hierarchy, []) as dispenser:
        command = ["curl", "--silent", "--cacert", str(root), f"--{scheme}", "--user", f"{user}:{password}"]
        done = subprocess.run([*command, dispenser.ndes], capture_output=True, timeout=30, check=True)
        assert len(dispenser.made) == is_known
        assert (dispenser.asked[-1].status == 200) == is_known
        assert not is_known or dispenser.made[0] in done.stdout.decode("utf-16")
