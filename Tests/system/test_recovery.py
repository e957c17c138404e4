"""Whatever anybody on the machine does, and however often it crashes: it works again, and no admin was needed."""

import shutil
import subprocess

import pytest

import configuration
from device import Device

FLOOD = """
import contextlib, socket, struct
for number in range(2000):
    with socket.socket(socket.AF_UNIX) as one:
        # A deadline for connect(2), which waits while the queue is full.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack('ll', 20, 0))
        one.connect('/run/signet/control')
        # Who is over the limit is hung up on.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if number % 3 == 1:
                one.sendall(b'{"method":"io.signet.Agent.GetStatus"}\\0')
            if number % 3 == 2:
                one.sendall(b'x' * 3000)
print('connected')
"""
HOLD = """
import socket, sys
held = []
for number in range(200):
    one = socket.socket(socket.AF_UNIX)
    one.setblocking(False)
    try:
        one.connect('/run/signet/control')
    except OSError:
        pass
    held.append(one)
print('held', flush=True)
sys.stdin.read()
"""
SOCKETS = ("signetd-control.socket", "signetd-admin.socket", "signet-installd.socket")


def assert_well(container: Device) -> None:
    """Nothing has failed, and everything that starts the agent waits to do so."""
    for unit in (*SOCKETS, "signetd.path", "signetd-credentials.path", "signetd.timer"):
        assert container.run("systemctl", "is-active", unit, check=False).stdout.strip() == "active", unit
    assert container.tag("bob") == "valid-client-certificate"
    container.wait_idle()
    assert container.show("signetd.service", "ActiveState", "Result") == ["inactive", "success"]


def test_two_thousand_connections_by_nobody(enrolled: Device) -> None:
    """Short ones, one after the other: with a request, with garbage, with nothing."""
    assert enrolled.run("python3", "-c", FLOOD, user="nobody", timeout=120).stdout == "connected\n"
    enrolled.signetctl("renew", "access", "--wait", user="alice")
    enrolled.wait_enrolled(generation=2)
    assert_well(enrolled)


def test_connections_that_are_held_are_not_in_an_admins_way(enrolled: Device) -> None:
    with subprocess.Popen(
        enrolled.command("python3", "-c", HOLD, user="nobody"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "held\n"
            enrolled.signetctl("renew", "access", "--wait", user="alice")
        finally:
            holder.communicate(timeout=20)
    enrolled.wait_enrolled(generation=2)
    assert_well(enrolled)


@pytest.mark.parametrize("unit", ["signetd", "signet-installd"])
def test_a_crash_loop(enrolled: Device, unit: str) -> None:
    """Ten crashes at a pace at which systemd, by its own limits, gives up after five."""
    enrolled.drop_in(f"{unit}.service", "[Service]\nRestartSec=100ms\n")
    # So that it is still there when it is killed.
    configuration.settings(enrolled, idle_exit="60s")
    enrolled.run("systemctl", "daemon-reload")
    enrolled.run("systemctl", "start", f"{unit}.service")
    seen: set[str] = set()
    for _ in range(10):

        def another() -> str | None:
            number, state = enrolled.show(f"{unit}.service", "MainPID", "ActiveState")
            return number if state == "active" and number not in ("0", *seen) else None

        number = enrolled.wait_for(another, 20, f"{unit} is not started again")
        seen.add(number)
        enrolled.run("systemctl", "kill", "--kill-whom=main", "--signal=SEGV", f"{unit}.service")
    assert int(enrolled.show(f"{unit}.service", "NRestarts")[0]) >= 9
    configuration.settings(enrolled)
    enrolled.signetctl("renew", "access", "--wait")
    enrolled.wait_enrolled(generation=2)
    enrolled.run("systemctl", "stop", "signetd.service")
    assert_well(enrolled)


def test_what_was_stopped_by_mistake_is_back_with_the_next_tick(enrolled: Device) -> None:
    stopped = (*SOCKETS, "signetd.path", "signetd-credentials.path")
    enrolled.run("systemctl", "stop", *stopped)
    assert enrolled.run("systemctl", "is-active", *stopped, check=False).stdout.split() == ["inactive"] * len(stopped)
    # What the timer does.
    enrolled.run("systemctl", "start", "signetd.service")
    enrolled.wait_idle()
    assert_well(enrolled)


def test_an_admin_who_removes_the_folder_of_credentials_does_not_switch_the_agent_off(enrolled: Device) -> None:
    """A renewal needs no challenge, so an agent that is enrolled goes on without."""
    folder = enrolled.root / "etc/signet/credentials"
    shutil.rmtree(folder)
    enrolled.wait_for(folder.is_dir, what="the folder is not made anew")
    assert enrolled.run("stat", "--format=%U:%G %a", "/etc/signet/credentials").stdout == "root:root 700\n"
    enrolled.signetctl("renew", "access", "--wait")
    enrolled.wait_enrolled(generation=2)
    enrolled.wait_idle()
    assert_well(enrolled)
