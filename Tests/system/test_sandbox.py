"""What the services could do if somebody took them over: nothing but what they are for.

A probe runs in the place of each program, under the unit's own settings, and once without any: what is refused under
the settings must be refused because of them. test_directives.py tries each line by itself.
"""

import json
import re
from pathlib import Path

import pytest

import configuration
import probing
from conftest import CHALLENGE
from device import Device
from scepd import SCEPServer

IN_PLACE_OF = """
[Service]
Type=oneshot
Restart=no
RestartForceExitStatus=
WatchdogSec=0
ExecStart=
ExecStart={command}
StandardOutput=truncate:/run/probe-{unit}.json
"""
UNIX, INET, INET6 = 1, 2, 10
WRITABLE = {
    "signetd": {"/run/signet/public", "/tmp", "/var/lib/signet", "/var/tmp"},
    "signet-installd": {"/etc/ssl/certs", "/etc/ssl/signet", "/tmp", "/usr/local/share/ca-certificates", "/var/tmp"},
}
FAMILIES = {"signetd": {UNIX, INET, INET6}, "signet-installd": {UNIX}}
PERMITTED = {
    "signetd": {"leave shared memory"},
    "signet-installd": {"give a file to somebody", "every user", "be root", "leave shared memory"},
}
"""What each may do beside what is listed above."""
CAPABILITIES = {"signetd": 0, "signet-installd": 1 << 0}
"""CAP_CHOWN is bit 0."""
LIMITS = {
    "MemoryMax": str(256 * 1024 * 1024),
    "MemorySwapMax": "0",
    "TasksMax": "64",
    "DevicePolicy": "closed",
    "LimitCORE": "1",
}
KEPT = {"memory.max": LIMITS["MemoryMax"], "memory.swap.max": "0", "pids.max": "64"}
EXPOSURE = {"signetd": 10, "signet-installd": 15}
UNITS = ["signetd", "signet-installd"]

Outcomes = dict[str, str]


@pytest.fixture(scope="module")
def probed(installed: list[Path]) -> dict[str, Outcomes]:
    """What the probe got in the place of each program, and under `freely` what it gets as root without settings."""
    container = Device(installed)
    try:
        configuration.settings(container)
        configuration.challenge(container, CHALLENGE)
        probing.prepare(container)
        found = {}
        for unit in UNITS:
            container.drop_in(f"{unit}.service", IN_PLACE_OF.format(unit=unit, command=" ".join(probing.COMMAND)))
        container.boot()
        probing.prepare_booted(container)
        for unit in UNITS:
            container.run("systemctl", "start", f"{unit}.service")
            found[unit] = json.loads((container.inside / f"run/probe-{unit}.json").read_text())
        found["freely"] = json.loads(container.run(*probing.COMMAND).stdout)
        return found
    finally:
        container.close()


def done(outcomes: Outcomes, prefix: str) -> set[str]:
    """What succeeded of one sort."""
    return {name.removeprefix(prefix) for name, what in outcomes.items() if name.startswith(prefix) and what == "done"}


def families(outcomes: Outcomes) -> set[int]:
    """The families of which a socket of any kind was made."""
    return {int(one.split()[0]) for one in done(outcomes, "socket ")}


@pytest.mark.parametrize("unit", UNITS)
def test_it_writes_where_it_must_and_nowhere_else(probed: dict[str, Outcomes], unit: str) -> None:
    assert done(probed[unit], "write ") == WRITABLE[unit]
    assert done(probed["freely"], "write ") > set().union(*WRITABLE.values()) | {"/etc", "/root", "/usr/bin"}


@pytest.mark.parametrize("unit", UNITS)
def test_it_executes_nothing_that_it_has_written(probed: dict[str, Outcomes], unit: str) -> None:
    assert done(probed[unit], "execute ") == set()
    assert done(probed["freely"], "execute ") >= WRITABLE[unit] - {"/tmp"}


@pytest.mark.parametrize("unit", UNITS)
def test_it_reads_no_secret_of_others(probed: dict[str, Outcomes], unit: str) -> None:
    assert done(probed[unit], "read ") == set()
    assert len(done(probed["freely"], "read ")) == 5


@pytest.mark.parametrize("unit", UNITS)
def test_it_opens_no_other_sockets(probed: dict[str, Outcomes], unit: str) -> None:
    assert families(probed[unit]) == FAMILIES[unit]
    netlink, packet = 16, 17
    assert families(probed["freely"]) >= {UNIX, INET, INET6, netlink, packet}
    raw = {one for one in done(probed[unit], "socket ") if one.endswith(" 3") and not one.startswith(f"{UNIX} ")}
    assert raw == set(), "raw sockets need a privilege"
    assert done(probed[unit], "listen ") == set()
    assert done(probed["freely"], "listen ") == {"on IPv4", "on IPv6"}


@pytest.mark.parametrize("unit", UNITS)
def test_privileges_and_system_calls_are_refused(probed: dict[str, Outcomes], unit: str) -> None:
    sorts = ("write ", "execute ", "read ", "socket ", "listen ")
    names = [name for name in probed[unit] if not name.startswith(sorts)]
    assert len(names) > 30
    wanted = {name: name in PERMITTED[unit] for name in names}
    assert {name: probed[unit][name] == "done" for name in names} == wanted
    assert {probed[unit][name] for name in ("reboot", "swap", "kexec", "bpf")} == {"EPERM"}, "and not the end of it"
    # Each for the settings' sake: without them the kernel answers otherwise.
    assert [name for name in names if not wanted[name] and probed[unit][name] == probed["freely"][name]] == []


@pytest.mark.parametrize("unit", UNITS)
def test_the_kernel_says_so_of_the_running_service(container: Device, unit: str) -> None:
    configuration.settings(container, idle_exit="60s")
    container.boot()
    container.run("systemctl", "start", f"{unit}.service")
    number = container.wait_for(lambda: container.process(unit), what=f"{unit} does not run")
    status = dict(re.findall(r"^(\w+):\t(.*)$", Path(f"/proc/{number}/status").read_text(), re.MULTILINE))
    for one in ("CapBnd", "CapPrm", "CapEff"):
        assert int(status[one], 16) & ~CAPABILITIES[unit] == 0, one
    assert int(status["CapAmb"], 16) == int(status["CapInh"], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert Path(f"/proc/{number}/comm").read_text().strip() == unit


@pytest.mark.parametrize("unit", UNITS)
def test_limits_of_the_running_service(container: Device, unit: str) -> None:
    """As systemd reads them, and as the kernel keeps them where the container has the controllers for it."""
    configuration.settings(container, idle_exit="60s")
    container.boot()
    container.run("systemctl", "start", f"{unit}.service")
    assert container.show(f"{unit}.service", *LIMITS) == list(LIMITS.values())
    number = container.wait_for(lambda: container.process(unit), what=f"{unit} does not run")
    group = container.run("cat", f"/proc/{container.processes()[number]}/cgroup").stdout.split("::")[-1].strip()
    for name, wanted in KEPT.items():
        file = container.inside / f"sys/fs/cgroup{group}/{name}"
        assert not file.exists() or file.read_text().strip() == wanted, name
    controllers = (container.inside / "sys/fs/cgroup/cgroup.controllers").read_text().split()
    assert "memory" not in controllers or (container.inside / f"sys/fs/cgroup{group}/memory.max").exists()
    status = Path(f"/proc/{number}/status").read_text()
    assert re.search(r"^VmSwap:\s+0 kB$", status, re.MULTILINE)
    limits = Path(f"/proc/{number}/limits").read_text()
    assert re.search(r"^Max core file size +1 +1 ", limits, re.MULTILINE)
    # Memory that is not to be dumped is root's to look at, whoever the process runs as (PR_SET_DUMPABLE, prctl(2)).
    assert Path(f"/proc/{number}/mem").stat().st_uid == 0


@pytest.mark.parametrize("unit", UNITS)
def test_exposure_as_systemd_counts_it(container: Device, unit: str) -> None:
    container.boot()
    threshold = f"--threshold={EXPOSURE[unit]}"
    container.run("systemd-analyze", "security", "--no-pager", threshold, f"{unit}.service")
    refused = container.run("systemd-analyze", "security", "--no-pager", threshold, "dbus.service", check=False)
    assert refused.returncode != 0


def test_an_attacker_in_the_agent_cannot_become_the_installer(enrolled: Device, server: SCEPServer) -> None:
    """The agent's user writes its own folders alone: not what is published, not root's configuration, no anchor."""
    for path in ("/etc/ssl/signet/access", "/etc/signet/profiles.d", "/usr/local/share/ca-certificates", "/run/signet"):
        refused = enrolled.run("touch", f"{path}/probe", user="signet", check=False)
        assert "Permission denied" in refused.stderr, path
    enrolled.run("touch", "/var/lib/signet/probe", user="signet")
