"""Fixtures of all tests that run the real programs in a folder. Needs root: for owners of files, small disks and
network namespaces."""

import ctypes
import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from machine import Machine
from scepd import Behaviour, Hierarchy, SCEPServer

_CLONE_NEWNS = 0x00020000

MakeServer = Callable[..., SCEPServer]


@pytest.fixture(scope="session", autouse=True)
def private_mounts() -> None:
    """This process gets mounts of its own: what a test mounts is gone with it, however it ends."""
    if os.geteuid() != 0:
        pytest.fail("these tests need root; 'packaging/test' uses sudo")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) != 0:
        pytest.fail(f"no mount namespace: {os.strerror(ctypes.get_errno())}; a container must allow CAP_SYS_ADMIN")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True, timeout=20)
    # Of a program that is killed, what faketime has in shared memory stays there.
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "signet-test", "/dev/shm"], check=True, timeout=20)


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A fresh machine, shut down and removed after the test."""
    made = Machine()
    yield made
    made.close()


@pytest.fixture
def make_server() -> Iterator[MakeServer]:
    """Makes SCEP servers that end with the test, and fails it if the client broke a rule of RFC 8894."""
    servers: list[SCEPServer] = []

    def make(behaviour: Behaviour | None = None, hierarchy: Hierarchy | None = None, **more: object) -> SCEPServer:
        server = SCEPServer(hierarchy, behaviour, **more).start()  # type: ignore[arg-type]
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop()
    violations = [text for server in servers for text in server.journal.violations]
    assert not violations, "the client broke rules:\n" + "\n".join(violations)


@pytest.fixture
def server(make_server: MakeServer) -> SCEPServer:
    """A SCEP server that does everything right."""
    return make_server()


@pytest.fixture
def enrolled(machine: Machine, server: SCEPServer) -> Machine:
    """A machine that holds its first identity from `server`."""
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    return machine
