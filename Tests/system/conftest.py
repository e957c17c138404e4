"""Fixtures of the system tests: the package on a real systemd. `packaging/test system` makes what they need."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[1:1] = [str(Path(__file__).parents[1] / name) for name in ("servers", "machines", "attackers")]

import configuration
import fixtures
import world
from counts import pytest_terminal_summary
from device import Device
from realservers import Nginx
from scepd import Behaviour, Challenges, Hierarchy, SCEPServer

CHALLENGE = "open sesame"

MakeServer = fixtures.MakeServer
make_server = fixtures.make_server


def _given(variable: str) -> Path:
    """A path that packaging/test hands over."""
    value = os.environ.get(variable)
    if not value or not Path(value).exists():
        pytest.fail(f"${variable} names nothing: run 'packaging/test system', which makes it")
    return Path(value).resolve()


def _leave(number: int, frame: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture(scope="session", autouse=True)
def own_world() -> None:
    """Mounts and a network of this process alone; SIGTERM ends what was started, as an interruption does."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        world.enter()
    except world.NotPermitted as error:
        pytest.fail(str(error))


@pytest.fixture(scope="session")
def package() -> Path:
    """The .deb."""
    return _given("SIGNET_DEB")


@pytest.fixture(scope="session")
def debian(own_world: None) -> Path:
    """A Debian with systemd and without Signet; nobody changes it."""
    return _given("SIGNET_ROOT")


@pytest.fixture(scope="session")
def installed(debian: Path, package: Path) -> Iterator[list[Path]]:
    """The layers of a machine whose image has the package, and which never ran."""
    layers = world.Layers(Path(tempfile.mkdtemp(prefix="signet-image-")), [debian])
    image = world.Image(layers.root)
    # A machine with an id of its own has booted before: systemd then starts what the package enabled, no more.
    (layers.root / "etc/machine-id").write_text(f"{os.urandom(16).hex()}\n")
    shutil.copy(package, layers.root / "root/signet.deb")
    image.run("dpkg", "--install", "/root/signet.deb")
    for user, groups in (("alice", "signet-admin"), ("bob", "")):
        image.run("useradd", "--create-home", "--user-group", f"--groups={groups}", user)
    yield [layers.upper, debian]
    layers.remove()


@pytest.fixture
def container(installed: list[Path]) -> Iterator[Device]:
    """A machine with the package, not booted yet and without a profile; gone after the test."""
    made = Device(installed)
    try:
        configuration.settings(made)
        yield made
    finally:
        made.close()


@pytest.fixture
def crls() -> Iterator[Nginx]:
    """Debian's nginx, for revocation lists."""
    folder = Path(tempfile.mkdtemp(prefix="signet-crls-"))
    folder.chmod(0o755)
    with Nginx(folder) as server:
        yield server
    shutil.rmtree(folder)


@pytest.fixture
def server(make_server: MakeServer, crls: Nginx) -> SCEPServer:
    """A SCEP server that does everything right, wants a challenge, and revokes."""
    behaviour = Behaviour(challenges=Challenges(static=CHALLENGE))
    return make_server(behaviour, Hierarchy(crl_url=crls.url), crl_folder=crls.root)


@pytest.fixture
def enrolled(container: Device, server: SCEPServer) -> Device:
    """A machine that was booted with a profile and its challenge, got its identity, and came to rest."""
    configuration.challenge(container, CHALLENGE)
    configuration.profile(container, server)
    container.boot()
    container.wait_enrolled()
    container.wait_idle()
    return container
