"""The demo's story: real programs, real servers, one scratch folder. `packaging/demo` prepares and runs it."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from realservers.nginx import Nginx
from realservers.scepserver import ScepServer
from scepd.hierarchy import Hierarchy, RAKind
from scepd.server import SCEPServer
from supervise.supervisor import Supervisor
from supervise.units import signet

_PATIENCE = 60.0
"""Seconds for anything to happen."""


class Untrue(Exception):
    """A step of the story did not happen as told."""


def tell(text: str) -> None:
    """A paragraph for the reader."""
    print(f"\n\033[1m{text}\033[0m", flush=True)


def expect(holds: bool, otherwise: str) -> None:
    """Ends the story unless `holds`."""
    if not holds:
        raise Untrue(otherwise)


class Machine:
    """One pretended machine below a folder, with Signet's programs running on it. A context manager."""

    def __init__(self, scratch: Path, name: str, binaries: Path) -> None:
        self.root = scratch / name
        self._binaries = binaries
        for path, content in {
            "etc/hostname": f"{name}\n",
            "etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {name}.example.com {name}\n",
            "etc/machine-id": "5d9f6d3c0b8a4e6c9f3b1a7e2c4d6f80\n",
            "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
            "sys/class/dmi/id/product_serial": f"SN-{name.upper()}\n",
        }.items():
            self.write(path, content)
        (self.root / "etc/signet/profiles.d").mkdir(parents=True)
        (self.root / "etc/signet/credentials").mkdir(mode=0o700)
        self.supervisor = Supervisor(self.root, scratch / f"{name}.state", signet(self.root, binaries))

    def write(self, path: str, content: str, mode: int = 0o644) -> None:
        """A file of the machine's root."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
        target.chmod(mode)

    def profile(self, name: str, text: str) -> None:
        """Drops a profile, and shows it."""
        print(f"    /etc/signet/profiles.d/{name}.toml")
        print("".join(f"    | {line}\n" for line in text.strip().splitlines()), end="", flush=True)
        self.write(f"etc/signet/profiles.d/{name}.toml", text)

    def ctl(self, *arguments: str, status: int = 0) -> str:
        """Runs signetctl, shows what it says, and checks its exit status."""
        print(f"    $ signetctl {' '.join(arguments)}", flush=True)
        ran = subprocess.run(
            [self._binaries / "signetctl", *arguments, "--root", str(self.root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=2 * _PATIENCE,
            check=False,
        )
        print("".join(f"    | {line}\n" for line in ran.stdout.splitlines()), end="", flush=True)
        expect(ran.returncode == status, f"signetctl ended with {ran.returncode}, not {status}")
        return ran.stdout

    def until(self, condition: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Follows the status over the control socket until the first profile is as told."""
        profile: dict[str, Any] = {}
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(_PATIENCE)
                client.connect(str(self.root / "run/signet/control"))
                client.sendall(b'{"method":"io.signet.Agent.GetStatus","parameters":{},"more":true}\0')
                buffer = b""
                while received := client.recv(65536):
                    *frames, buffer = (buffer + received).split(b"\0")
                    for frame in frames:
                        profiles = json.loads(frame)["parameters"]["status"]["profiles"]
                        profile = profiles[0] if profiles else {}
                        if profile and condition(profile):
                            return profile
        except TimeoutError:
            pass
        raise Untrue(f"{what} did not happen; the profile: {json.dumps(profile, indent=2)}\n{self.supervisor.log()}")

    def __enter__(self) -> "Machine":
        self.supervisor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.supervisor.stop()


def is_published(profile: dict[str, Any]) -> bool:
    """Enrolled, published, and judged."""
    identity = profile.get("identity")
    return bool(identity) and profile.get("published") == identity["generation"] and profile["state"] == "active"


def run(*command: str | Path) -> str:
    """Runs a program of the distribution's, shows it, and checks that it succeeds."""
    words = [str(word) for word in command]
    print(f"    $ {' '.join(words)}", flush=True)
    ran = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    print("".join(f"    | {line}\n" for line in ran.stdout.splitlines()), end="", flush=True)
    expect(ran.returncode == 0, f"{words[0]} ended with {ran.returncode}")
    return ran.stdout


def show_published(machine: Machine, profile: str, anchors: Path) -> None:
    """What programs on the machine find, looked at with the openssl command."""
    current = machine.root / f"etc/ssl/signet/{profile}/current"
    run("ls", "-lL", current)
    run("openssl", "x509", "-in", current / "cert.pem", "-noout", "-subject", "-issuer", "-enddate")
    run("openssl", "verify", "-CAfile", anchors, "-untrusted", current / "fullchain.pem", current / "cert.pem")
    expect((current / "key.pem").stat().st_mode & 0o077 == 0, "the private key is readable by others")


def with_debians_server(scratch: Path, binaries: Path) -> None:
    """Part one."""
    tell("1. Debian's scepserver, with a CA that was made a moment ago")
    with ScepServer(challenge="correct horse battery staple") as server:
        print(f"    {server.url}, CA fingerprint {server.fingerprint}")
        machine = Machine(scratch, "laptop", binaries)
        tell("An admin puts the CA's certificate, the challenge and one profile on a machine:")
        machine.write("etc/signet/anchors/root.pem", server.ca.read_text())
        machine.write("etc/signet/credentials/scep-challenge", "correct horse battery staple\n", 0o600)
        machine.profile(
            "office",
            f"""
[scep]
url = "{server.url}"
ca-fingerprint = ["{server.fingerprint}"]
challenge = {{ credential = "scep-challenge" }}

[subject]
name = "CN=${{serial_number}},O=Example"

[install]
anchors = ["/etc/signet/anchors/root.pem"]
""",
        )
        with machine:
            tell("The machine boots. Nobody touches it: it makes a key, enrolls, and publishes what it got.")
            profile = machine.until(is_published, "the enrollment")
            machine.ctl("status", "office")
            show_published(machine, "office", server.ca)
            bundle = (machine.root / "etc/ssl/certs/ca-certificates.crt").read_text()
            expect(server.ca.read_text().strip() in bundle, "the root is not in the machine's bundle")
            print("    the CA's root is in the machine's own trust store (below the scratch folder)")
            tell("These certificates name no revocation list, so this profile asks for none. The device tag:")
            machine.ctl("tag", "office")
            tell("An admin renews over the admin socket, and watches:")
            machine.ctl("renew", "office", "--wait")
            renewed = machine.until(is_published, "the renewal")
            expect(
                renewed["identity"]["generation"] == profile["identity"]["generation"] + 1
                and renewed["identity"]["serial"] != profile["identity"]["serial"],
                "the certificate is still the old one",
            )
            show_published(machine, "office", server.ca)
            machine.ctl("tag", "office")


def with_revocation(scratch: Path, binaries: Path) -> str:
    """Part two; returns the device tag at the end."""
    tell("2. A CA whose certificates name a revocation list, which nginx serves")
    lists = scratch / "lists"
    lists.mkdir(mode=0o755)
    with Nginx(lists) as nginx:
        hierarchy = Hierarchy(RAKind.ONE, crl_url=nginx.url)
        with SCEPServer(hierarchy, crl_folder=lists) as server:
            server.behaviour.challenges.static = "open sesame"
            server.authority.write_crls()
            machine = Machine(scratch, "workstation", binaries)
            machine.write("etc/signet/anchors/root.pem", hierarchy.root.pem)
            machine.write("etc/signet/anchors/issuing.pem", hierarchy.issuing.pem)
            machine.write("etc/signet/credentials/scep-challenge", "open sesame\n", 0o600)
            tell("The gateway demands \"require certificate revocation check\", and so does the profile:")
            machine.profile(
                "conditional-access",
                f"""
[scep]
url = "{server.url}"
ca-fingerprint = ["{server.fingerprint}"]
challenge = {{ credential = "scep-challenge" }}

[subject]
name = "CN=${{serial_number}},O=Example"
alternative-names = ["DNS:${{fqdn}}"]

[install]
anchors = ["/etc/signet/anchors/root.pem"]
chain = ["/etc/signet/anchors/issuing.pem"]

[device-tag]
identification-cas = ["/etc/signet/anchors/root.pem", "/etc/signet/anchors/issuing.pem"]
require-revocation-check = true
""",
            )
            with machine:
                profile = machine.until(
                    lambda one: is_published(one) and one["tag"]["value"] == "valid-client-certificate",
                    "the enrollment with a valid tag",
                )
                machine.ctl("tag", "conditional-access")
                tell("The CA revokes the certificate, and publishes a new list.")
                server.authority.revoke(int(profile["identity"]["serial"].replace(":", ""), 16))
                server.authority.write_crls()
                said = machine.ctl("tag", "conditional-access", status=1)
                expect("revoked" in said, "the tag does not say that the certificate is revoked")
                machine.ctl("status", "conditional-access")
                tell("Nothing is sent by itself now. A person enrolls the machine anew, with a new key:")
                machine.ctl("enroll", "conditional-access", "--wait")
                machine.until(is_published, "the second enrollment")
                show_published(machine, "conditional-access", machine.root / "etc/signet/anchors/root.pem")
                tag = json.loads(machine.ctl("tag", "conditional-access", "--json"))
                value = tag["tags"][0]["tag"]["value"]
                expect(value == "valid-client-certificate", f"the tag is {value}")
            expect(not server.journal.violations, f"the server complains: {server.journal.violations}")
    return str(value)


def main() -> int:
    """Tells both parts; 0 if every step was true."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    binaries = Path(sys.argv[1]).resolve()
    scratch = Path(tempfile.mkdtemp(prefix="signet-demo-"))
    scratch.chmod(0o755)
    try:
        with_debians_server(scratch, binaries)
        value = with_revocation(scratch, binaries)
    except Untrue as untrue:
        print(f"\ndemo: this was to be true and is not: {untrue}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    expect(not scratch.exists(), f"'{scratch}' could not be removed")
    tell("Everything above happened below a scratch folder, which is gone now.")
    print(f"device tag: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
