"""Disks that are full and folders that cannot be written."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import AgentError
from fixtures import MakeServer
from machine import NOBODY, Machine
from scepd import Behaviour, Challenges, SCEPServer, Trouble, names

_RETRIED = 100.0  # seconds: what could not be written is tried again after a minute


@pytest.fixture
def small_disk(machine: Machine) -> Iterator[Path]:
    """/var/lib/signet on a disk of 256 KiB of its own."""
    folder = machine.root / "var/lib/signet"
    options = "size=256k,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "signet-test", folder], check=True, timeout=20)
    yield folder
    machine.stop()
    subprocess.run(["umount", folder], check=True, timeout=20)


def fill(folder: Path) -> Path:
    """Leaves not one byte; the file that takes the space."""
    file = folder / "ballast"
    with file.open("wb", buffering=0) as ballast:
        for size in (4096, 1):
            try:
                while True:
                    ballast.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC
    return file


def test_a_disk_that_is_full_from_the_start(machine: Machine, server: SCEPServer, small_disk: Path) -> None:
    """Nothing is sent that could not be remembered."""
    ballast = fill(small_disk)
    machine.profile(server)
    machine.start()
    with machine.control() as client:
        status = next(
            one for one in client.changes(40) if one["problems"] or any(two["problems"] for two in one["profiles"])
        )
    problems = status["problems"] + [problem for profile in status["profiles"] for problem in profile["problems"]]
    assert {problem["code"] for problem in problems} == {"storage"}
    assert server.journal.operations == []
    ballast.unlink()
    with machine.admin() as admin:
        assert admin.enroll(timeout=_RETRIED)[-1]["generation"] == 1


def test_a_disk_that_fills_up(machine: Machine, server: SCEPServer, small_disk: Path) -> None:
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    held = machine.belongings()
    ballast = fill(small_disk)
    with machine.admin() as admin, pytest.raises(AgentError) as failed:
        admin.renew()
    assert failed.value.problem == "storage"
    assert failed.value.parameters["problem"]["remedy"]
    assert machine.belongings() == held
    assert len(server.journal.operations) == 1
    ballast.unlink()
    with machine.admin() as admin:
        assert admin.renew(timeout=_RETRIED)[-1]["generation"] == 2
    assert machine.wait_enrolled(generation=2)["problems"] == []


def test_a_disk_that_fills_up_while_the_pki_issues(machine: Machine, make_server: MakeServer, small_disk: Path) -> None:
    """The certificate came, and its challenge works once: it is held until there is room, and not asked for again."""
    troubles = [
        Trouble("status", message_type=names.CERT_POLL, status=500),
        Trouble("delay", message_type=names.PKCS_REQ, times=1, seconds=30),
    ]
    server = make_server(Behaviour(challenges=Challenges(single_use=["only once"]), troubles=troubles))
    machine.challenge("only once")
    machine.profile(server, scep_challenge={"credential": "scep-challenge", "single-use": True})
    machine.start()
    machine.wait_for(lambda one: one.get("transaction", {}).get("step") == "requesting")
    ballast = fill(small_disk)
    server.released.set()
    machine.wait_problem("storage")
    ballast.unlink()
    with machine.admin() as admin:
        assert admin.renew(timeout=_RETRIED)[-1]["generation"] == 1
    assert machine.wait_enrolled()["problems"] == []
    assert [one.message_type for one in server.journal.operations] == [names.PKCS_REQ]
    assert len(server.authority.issued) == 1


def test_a_state_folder_that_signetd_may_not_write(machine: Machine, server: SCEPServer) -> None:
    """As an unprivileged user: root would not be stopped by a mode."""
    state = machine.unprivileged()
    machine.profile(server)
    machine.start()
    machine.wait_enrolled()
    held = machine.belongings()

    for folder in (state, *(one for one in state.rglob("*") if one.is_dir())):
        os.chown(folder, 0, 0)
        folder.chmod(0o755)
    with machine.admin() as admin, pytest.raises(AgentError) as failed:
        admin.renew()
    assert failed.value.problem == "storage"
    assert machine.belongings() == held
    assert len(server.journal.operations) == 1

    for folder in (state, *(one for one in state.rglob("*") if one.is_dir())):
        os.chown(folder, NOBODY, NOBODY)
        folder.chmod(0o700)
    with machine.admin() as admin:
        assert admin.renew(timeout=_RETRIED)[-1]["generation"] == 2


def test_a_configuration_folder_that_signetd_may_not_enter(machine: Machine, server: SCEPServer) -> None:
    """The remedy is for the folder that is closed, not for what lies in it."""
    machine.unprivileged()
    machine.profile(server)
    folder = machine.root / "etc/signet"
    folder.chmod(0o700)
    machine.start()
    with machine.control() as control:
        texts = [problem["text"] for problem in control.status()["problems"]]
    assert {text.partition("chmod a+rX ")[2] for text in texts} == {str(folder)}
    folder.chmod(0o755)
    # Who could not look into it could not watch it either.
    assert machine.ctl("enroll", "access").returncode == 0
    machine.wait_enrolled()


def test_a_publishing_folder_that_is_read_only(machine: Machine, server: SCEPServer) -> None:
    """The certificate is had, but not published; it is published once that can be done, without a new request."""
    folder = machine.root / "etc/ssl/signet"
    subprocess.run(["mount", "--bind", folder, folder], check=True, timeout=20)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True, timeout=20)
        machine.profile(server)
        machine.start()
        problem = machine.wait_problem("install-refused")
        assert "/etc/ssl/signet" in problem["text"]
        subprocess.run(["mount", "-o", "remount,bind,rw", folder], check=True, timeout=20)
        assert list(folder.iterdir()) == []
        with machine.admin() as admin:
            assert admin.renew(timeout=_RETRIED)[-1]["generation"] == 2
        machine.wait_enrolled(generation=2)
    finally:
        machine.stop()
        subprocess.run(["umount", folder], check=True, timeout=20)
