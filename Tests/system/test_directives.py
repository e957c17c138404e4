"""Each line of the services' units, by itself: what it alone refuses, and a reason for each that refuses nothing.

A line that systemd ignores, or that a slip has made empty, would not be missed among the others, which overlap.
"""

import ipaddress
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import probing
from counts import count
from device import Device

UNITS = {name: Path(__file__).parents[2] / f"systemd/{name}.service" for name in ("signetd", "signet-installd")}

NAMESPACES = ("user", "mount", "network", "process", "ipc", "host name", "control group")

Outcomes = dict[str, str]


@dataclass(frozen=True)
class Line:
    """What a directive does to the probe."""

    refused: tuple[str, ...]
    beside: tuple[str, ...] = ()
    """Directives of the same unit that it says something about, and means nothing without."""


PROBED = {
    "CapabilityBoundingSet": Line(("chroot", "setuid", "setgid", "setgroups", "make a device")),
    "InaccessiblePaths": Line(("write /dev/shm",)),
    "LimitCORE": Line(("a core file",)),
    "LockPersonality": Line(("personality",)),
    "MemoryDenyWriteExecute": Line(("writable and executable memory", "memory that was written")),
    "NoExecPaths": Line(("execute /var/tmp",), ("ConfigurationDirectory",)),
    "NoNewPrivileges": Line(("keep privileges",)),
    "PrivateDevices": Line(("the machine's console", "make a device")),
    "PrivateMounts": Line(("the machine's mounts",)),
    "PrivateTmp": Line(("others' temporary files",)),
    "PrivateUsers": Line(("every user", "host name")),
    "ProcSubset": Line(("kernel settings",)),
    "ProtectControlGroups": Line(("a control group",)),
    "ProtectHome": Line(("write /home/bob", "write /root", "read /root/.bashrc", "read /home/bob/.profile")),
    "ProtectHostname": Line(("host name",)),
    "ProtectKernelLogs": Line(("the kernel's log device",)),
    "ProtectKernelModules": Line(("kernel modules",)),
    "ProtectProc": Line(("the first process",), ("User", "CapabilityBoundingSet")),
    "ProtectSystem": Line(("write /", "write /etc", "write /opt", "write /usr/bin", "write /var/log")),
    "ReadOnlyPaths": Line(("write /run", "write /run/signet", "write /run/systemd/system")),
    "RestrictAddressFamilies": Line(("socket 16 3", "socket 17 3")),
    "RestrictNamespaces": Line(tuple(f"a new {kind} namespace" for kind in NAMESPACES)),
    "RestrictRealtime": Line(("realtime",)),
    "RestrictSUIDSGID": Line(("set-user-id bit",)),
    "SystemCallArchitectures": Line(("another architecture's call",)),
    "SystemCallFilter": Line(
        ("reboot", "swap", "accounting", "kexec", "bpf", "performance counters", "listen on IPv4", "listen on IPv6")
    ),
    "UMask": Line(("a file for everybody",)),
    "User": Line(("be root", "write /etc", "read /etc/shadow")),
}

NOT_PROBED = {
    "AmbientCapabilities": "none is what a service has anyway; test_sandbox.py reads CapAmb of the running ones",
    "ConfigurationDirectory": "test_sandbox.py: it writes there",
    "ConfigurationDirectoryMode": "what others may read of published identities: test_access.py",
    "Environment": "a word to a library",
    "ExecStart": "the program",
    "LoadCredential": "how challenges come in: test_secrecy.py, test_boot.py",
    "MemoryMax": "test_sandbox.py reads the running services' limits",
    "MemorySwapMax": "test_sandbox.py reads the running services' limits",
    "ReadWritePaths": "test_sandbox.py: it writes there and nowhere else",
    "RemoveIPC": "test_shared_memory_goes_with_the_service",
    "Restart": "test_recovery.py",
    "RestartForceExitStatus": "test_upgrade.py",
    "RestartSec": "test_recovery.py",
    "SocketBindDeny": "Debian 12's systemd is built without what it takes; 'listen' is refused as a system call",
    "StateDirectory": "test_sandbox.py: it writes there",
    "StateDirectoryMode": "test_access.py",
    "SuccessExitStatus": "test_upgrade.py",
    "SystemCallErrorNumber": "test_sandbox.py: what the filter refuses is EPERM, and ends nothing",
    "TasksMax": "test_sandbox.py reads the running services' limits",
    "TimeoutStartSec": "test_boot.py",
    "TimeoutStopSec": "test_recovery.py",
    "Type": "test_boot.py: it counts as started when it says so",
    "WatchdogSec": "test_recovery.py",
    "WatchdogSignal": "test_recovery.py",
    # In a container nothing is left for these to refuse: systemd-nspawn does it first, or lets systemd load no program
    # into the kernel that would.
    "DevicePolicy": "BPF; what the unit says is in test_sandbox.py",
    "IPAddressAllow": "BPF; test_addresses",
    "IPAddressDeny": "BPF; test_addresses",
    "KeyringMode": "keyrings are refused to all",
    "ProtectClock": "the clock is refused to all; as a system call it is refused in test_sandbox.py, too",
    "ProtectKernelTunables": "kernel settings are read-only to all; in test_sandbox.py they cannot even be seen",
}


def directives(unit: str) -> dict[str, list[str]]:
    """The service's section of a unit file: the values of each directive, in order."""
    found: dict[str, list[str]] = defaultdict(list)
    section = ""
    for line in UNITS[unit].read_text().splitlines():
        if line.startswith("["):
            section = line
        elif "=" in line and not line.startswith("#") and section == "[Service]":
            name, value = line.split("=", 1)
            found[name].append(value)
    return dict(found)


CASES = [(unit, name) for unit in UNITS for name in directives(unit) if name in PROBED]


@pytest.fixture(scope="module")
def machine(installed: list[Path]) -> Iterator[Device]:
    """A machine with the probe on it, which runs as a service of the settings that are asked for."""
    container = Device(installed)
    try:
        probing.prepare(container)
        container.boot()
        probing.prepare_booted(container)
        yield container
    finally:
        container.close()


def probe(machine: Device, attempts: tuple[str, ...], *settings: str) -> Outcomes:
    """What those attempts get in a service of these settings and no other."""
    properties = [f"--property={one}" for one in settings]
    run = ("systemd-run", "--quiet", "--wait", "--pipe", "--collect", *properties, "--", *probing.COMMAND, *attempts)
    return dict(json.loads(machine.run(*run).stdout))


@pytest.fixture(scope="module")
def freely(machine: Device) -> Outcomes:
    """What they get in a service without settings."""
    return probe(machine, ())


@pytest.mark.parametrize("unit", UNITS)
def test_every_line_is_probed_or_has_a_reason(unit: str) -> None:
    named = set(directives(unit))
    assert named - set(PROBED) - set(NOT_PROBED) == set(), "say in PROBED what it refuses, or in NOT_PROBED why nothing"
    assert set(PROBED) & set(NOT_PROBED) == set()


def test_no_line_is_listed_that_no_unit_has() -> None:
    assert set(PROBED) | set(NOT_PROBED) == {name for unit in UNITS for name in directives(unit)}


@pytest.mark.parametrize(("unit", "name"), CASES)
def test_the_line_alone_refuses(
    machine: Device, freely: Outcomes, unit: str, name: str, record_property: Callable[[str, int], None]
) -> None:
    line = PROBED[name]
    lines = directives(unit)
    settings = [f"{one}={value}" for one in (*line.beside, name) for value in lines.get(one, ())]
    got = probe(machine, line.refused, *settings)
    assert set(got) == set(line.refused), "an attempt that probe.py does not know"
    # A container refuses some things by itself, in another way than the line does.
    assert {one: what for one, what in got.items() if what in ("done", freely[one])} == {}
    record_property(count("lines of the sandbox that were probed"), 1)


def test_shared_memory_goes_with_the_service(machine: Device) -> None:
    """Only of a user other than root (RemoveIPC=, systemd.exec(5))."""
    user = machine.run("id", "--user", "signet").stdout.strip()

    def leave(*settings: str) -> None:
        assert probe(machine, ("leave shared memory",), "User=signet", *settings) == {"leave shared memory": "done"}

    def is_left() -> bool:
        segments = machine.run("cat", "/proc/sysvipc/shm").stdout.splitlines()[1:]
        return any(one.split()[7] == user for one in segments)

    leave(*(f"RemoveIPC={one}" for one in directives("signetd")["RemoveIPC"]))
    # systemd removes it after it has said that the service is gone.
    machine.wait_for(lambda: not is_left(), 40, "shared memory is left")
    leave()
    assert is_left()


def test_addresses() -> None:
    """Every unicast address, whoever's, and none that reaches several machines or is nobody's (RFC 5771, RFC 4291)."""
    lines = directives("signetd")
    assert lines["IPAddressDeny"] == directives("signet-installd")["IPAddressDeny"] == ["any"]
    allowed = [ipaddress.ip_network(one) for line in lines["IPAddressAllow"] for one in line.split()]

    def reaches(address: str) -> bool:
        return any(ipaddress.ip_address(address) in one for one in allowed)

    unicast = ("10.0.0.1", "127.0.0.1", "192.168.1.1", "223.255.255.254", "::1", "2001:db8::1", "fd00::1", "fe80::1")
    assert all(reaches(one) for one in unicast)
    assert not any(reaches(one) for one in ("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "ff02::1"))
