"""An admin who follows the README on a fresh machine ends with a valid device tag."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from conftest import CHALLENGE
from container import PATIENCE
from device import Device
from realservers import ScepServer

README = (Path(__file__).parents[2] / "README.md").read_text()
PROFILE = "conditional-access.toml"


def written(pattern: str) -> str:
    """What the README says at one place."""
    found = re.search(pattern, README, re.DOTALL | re.MULTILINE)
    assert found, f"the README has no {pattern}"
    return found[1]


def test_who_follows_the_readme_ends_with_a_valid_tag(debian: Path, package: Path) -> None:
    """Debian's scepserver is one CA, and its certificates name no revocation list."""
    *commands, look = written(r"^On the device, as root.*?^```sh\n(.*?)^```$").splitlines()
    profile = written(rf"^```toml\n(# /etc/signet/profiles\.d/{PROFILE}\n.*?)^```$")
    good = written(r"A good end, warnings or not:\n\n```\n(.*?)^```$")
    end = [line.removesuffix("…").rstrip() for line in good.splitlines()]
    assert "  device tag   valid-client-certificate" in end
    container = Device([debian])
    try:
        # As container engines do it: a name and no domain.
        container.write("etc/hosts", "127.0.0.1 localhost\n")
        container.write("etc/machine-id", f"{os.urandom(16).hex()}\n")
        container.boot()
        home = container.root / "root"
        shutil.copy(package, home)
        with ScepServer(CHALLENGE) as server:
            (home / "root.pem").write_text(server.ca.read_text())
            (home / "scep-challenge").write_text(f"{CHALLENGE}\n")
            # As anybody's umask leaves it: install(1) sets the mode.
            (home / "root.pem").chmod(0o600)
            # Only what the text names is replaced: the URL, the fingerprint as openssl writes it.
            command = written(r"^# SHA-256 of the CA's certificate[^:]*: (openssl .*?)$")
            fingerprint = container.run("sh", "-c", f"cd /root && {command}").stdout.strip().partition("=")[2]
            (home / PROFILE).write_text(
                re.sub(r'"sha256:\w+"', f'"sha256:{fingerprint}"', re.sub(r'"https://\S+"', f'"{server.url}"', profile))
            )
            for command in commands:
                container.run("sh", "-c", f"cd /root && {command}")
            watch = container.command("timeout", f"{PATIENCE}", "sh", "-c", f"exec {look}")
            with subprocess.Popen(watch, stdout=subprocess.PIPE, text=True) as watched:
                assert watched.stdout
                seen = ""
                # Each change is shown whole, the device's name first; an end that never comes is ended by timeout(1).
                for line in watched.stdout:
                    seen = line if line.startswith(container.hostname) else seen + line
                    if all(one in seen for one in end):
                        break
                watched.kill()
        assert [one for one in end if one not in seen] == [], seen
    finally:
        container.close()
