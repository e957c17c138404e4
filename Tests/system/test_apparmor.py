"""AppArmor's profiles: everything that the programs do is allowed, and what they never do is not.

Where this machine's kernel has AppArmor, the same machine does it all with the profiles loaded; where not, strace
tells what the programs open, and the rules are held against that.
"""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import configuration
import confinement
import tracing
from conftest import CHALLENGE
from counts import count
from device import Device
from receiver import Receiver
from scepd import SCEPServer

FILES = {
    "signetd": "usr.lib.signet.signetd",
    "signet-installd": "usr.lib.signet.signet-installd",
    "signetctl": "usr.bin.signetctl",
}
PROGRAMS = {"/" + file.replace(".", "/"): name for name, file in FILES.items()}
TRACED = 240.0
"""Seconds within which anything must have happened while every call is looked at."""
KEY = "/var/lib/signet/profiles/access/generations/0001/key.pem"
REFUSED = {
    "signetd": (
        *(("r", "/etc/signet/credentials/scep-challenge"), ("r", "/etc/shadow"), ("r", "/root/.ssh/id_ed25519")),
        *(("w", "/etc/signet/profiles.d/access.toml"), ("w", "/etc/ssl/signet/access/current"), ("w", "/run/signet/x")),
        *(("w", "/usr/local/share/ca-certificates/signet-x.crt"), ("w", "/etc/ssl/certs/x.pem"), ("w", "/tmp/x")),
        *(("x", "/usr/bin/dash"), ("x", "/var/lib/signet/x"), ("m", "/var/lib/signet/x"), ("w", "/usr/bin/x")),
    ),
    "signet-installd": (
        *(("r", KEY), ("r", "/etc/signet/credentials/scep-challenge"), ("r", "/etc/shadow"), ("r", "/root/.bashrc")),
        *(
            ("w", "/etc/signet/profiles.d/access.toml"),
            ("w", "/usr/bin/x"),
            ("w", "/etc/passwd"),
            ("w", "/etc/cron.d/x"),
        ),
        *(("x", "/usr/bin/python3.11"), ("x", "/etc/ssl/signet/x"), ("x", "/etc/ssl/certs/x"), ("w", "/run/signet/x")),
    ),
    "signetctl": (("x", "/usr/bin/dash"), ("x", "/usr/bin/signetctl"), ("m", "/tmp/x")),
}
NETWORKS = {
    "signetd": {f"{family} {kind}" for family in ("inet", "inet6", "unix") for kind in ("stream", "dgram")},
    "signet-installd": {"unix stream", "unix dgram"},
    "signetctl": {"unix stream"},
}
CAPABILITIES = {"signetd": set[str](), "signet-installd": {"chown"}, "signetctl": {"dac_read_search"}}


@pytest.fixture
def enforced() -> Iterator[bool]:
    """Whether the profiles are in force for the length of a test."""
    if not confinement.LOADED.exists():
        yield False
        return
    files = [str(confinement.PROFILES / file) for file in FILES.values()]
    subprocess.run(["apparmor_parser", "--skip-cache", "--replace", *files], check=True, timeout=60)
    yield True
    subprocess.run(["apparmor_parser", "--remove", *files], check=True, timeout=60)


def everything(container: Device, server: SCEPServer, receiver: Receiver, trace: Path, enforced: bool) -> None:
    """What happens in the life of a device: enrolled, renewed, looked at, reported, asked to forget a profile."""

    def ctl(*arguments: str) -> None:
        command = container.command("signetctl", *arguments)
        subprocess.run([*tracing.OPTIONS, f"--output={trace}/trace", *command], check=True, timeout=TRACED)

    configuration.settings(container, receiver)
    configuration.profile(container, server)
    container.wait_enrolled(timeout=TRACED)
    ctl("renew", "access", "--wait")
    for arguments in (["status"], ["status", "--json"], ["tag", "access"], ["report"], ["config", "check"]):
        ctl(*arguments)
    # An agent that starts looks at what was published before.
    container.wait_idle(timeout=TRACED)
    ctl("status")
    if enforced:
        # It stays for callers for a while.
        assert [one.rpartition(" ")[2] for one in container.confinement("signetd")] == ["(enforce)"]
    (container.root / "etc/signet/profiles.d/access.toml").unlink()
    # A change in the moment in which the agent ends waits for its next start, which this is.
    ctl("status")
    anchors = container.root / "usr/local/share/ca-certificates"
    container.wait_for(lambda: not list(anchors.glob("signet-*")), TRACED, "the anchor is not withdrawn")
    container.wait_idle(timeout=TRACED)
    container.wait_idle("signet-installd", TRACED)


def test_all_that_the_programs_do_is_allowed(
    container: Device, server: SCEPServer, enforced: bool, record_property: Callable[[str, int], None]
) -> None:
    configuration.challenge(container, CHALLENGE)
    # update-ca-certificates runs several programs for each certificate of the distribution's: three will do.
    store = container.root / "etc/ca-certificates.conf"
    certificates = [line for line in store.read_text().splitlines() if line.startswith("mozilla/")]
    store.write_text("\n".join(certificates[:3]) + "\n")
    for link in (container.root / "etc/ssl/certs").iterdir():
        if link.is_symlink():
            link.unlink()
    container.boot()
    # What runs already would not be followed.
    container.wait_idle()
    container.wait_idle("signet-installd")
    with Receiver(server.hierarchy) as receiver, tracing.folder() as services, tracing.folder() as commands:
        with tracing.attached(container.init, services):
            everything(container, server, receiver, commands, enforced)
        found = tracing.read(services, PROGRAMS) | tracing.read(commands, PROGRAMS)
    assert found.keys() == FILES.keys()
    for name, traced in found.items():
        profile = confinement.profile(FILES[name])
        real = resolved(container, {path for _, path in traced.needs})
        assert sorted(one for one in traced.needs if not profile.permits(one[0], real[one[1]])) == [], name
        assert traced.networks <= profile.networks, name
        assert len(traced.needs) > 20, name
        record_property(count(f"ways in which AppArmor was asked for a file by {name}"), len(traced.needs))
    # The trace has seen what it is about.
    assert ("r", "/run/credentials/signetd.service/signet_scep-challenge") in found["signetd"].needs
    assert ("w", "/run/signet/install") in found["signetd"].needs
    assert {path.rpartition("/")[2] for mode, path in found["signetd"].needs if "/etc/ssl/signet/access/" in path} >= {
        "cert.pem",
        "chain.pem",
        "fullchain.pem",
    }
    assert ("x", "/usr/sbin/update-ca-certificates") in found["signet-installd"].needs
    assert found["signet-installd"].networks == {"unix stream", "unix dgram"}


def resolved(container: Device, paths: set[str]) -> dict[str, str]:
    """Each path as the kernel has it: after the links of the system's own folders, of which /bin is one."""
    listed = sorted(paths)
    real = container.run("readlink", "-m", *(path if is_system(path) else "/" for path in listed)).stdout.splitlines()
    return {path: found if is_system(path) else path for path, found in zip(listed, real, strict=True)}


def is_system(path: str) -> bool:
    """Whether it is one of the distribution's, which stay as they are."""
    return path.startswith(("/bin/", "/sbin/", "/lib", "/usr/")) and not path.endswith("/")


@pytest.mark.parametrize("name", FILES)
def test_what_a_program_never_does_is_refused(name: str) -> None:
    profile = confinement.profile(FILES[name])
    assert [one for one in REFUSED[name] if profile.permits(*one)] == []
    assert profile.networks == NETWORKS[name]
    assert profile.capabilities == CAPABILITIES[name]
    assert profile.permits("mr", next(path for path, one in PROGRAMS.items() if one == name))


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("/etc/*", "/etc/passwd", True),
        ("/etc/*", "/etc/", False),
        ("/etc/*", "/etc/ssl/certs", False),
        ("/etc/**", "/etc/ssl/certs", True),
        ("/etc/**", "/etc/", False),
        ("/etc/{,**}", "/etc/", True),
        ("/{usr/,}bin/{cat,rm}", "/usr/bin/rm", True),
        ("/{usr/,}bin/{cat,rm}", "/bin/rmdir", False),
        ("/tmp/x.*", "/tmp/x.", True),
        ("/sys/**/net/[a-e]?", "/sys/a/b/net/e1", True),
    ],
)
def test_globs(glob: str, path: str, matches: bool) -> None:
    """As apparmor.d(5) has them."""
    assert bool(confinement.pattern(glob).fullmatch(path)) == matches
