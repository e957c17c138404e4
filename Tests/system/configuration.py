"""What an admin puts into /etc/signet, written for the tests' servers."""

import json
from typing import Any

from device import Device
from realservers import ScepServer
from receiver import Receiver
from scepd import SCEPServer

GROUP = "signet-clients"


def challenge(container: Device, text: str, name: str = "scep-challenge") -> None:
    """Puts a challenge into the folder of credentials."""
    container.write(f"etc/signet/credentials/{name}", text, 0o600)


def profile(container: Device, server: SCEPServer, name: str = "access", **changes: Any) -> None:
    """A profile for the tests' server: its issuing CA pinned, its root an anchor, revocation checked where it can be.

    A change is `section_key=value`, `_` standing for `-` in the key.
    """
    challenged = server.behaviour.challenges.required()
    sections: dict[str, dict[str, Any]] = {
        "scep": {"url": server.url, "ca-fingerprint": [server.fingerprint]}
        | ({"challenge": {"credential": "scep-challenge"}} if challenged else {}),
        "subject": {"name": "CN=${hostname},O=Signet Tests", "alternative-names": ["DNS:${fqdn}"]},
        "install": {
            "anchors": ["/etc/signet/anchors/root.pem"],
            "chain": ["/etc/signet/anchors/issuing.pem"],
            "group": GROUP,
        },
        "device-tag": {"require-revocation-check": server.hierarchy.crl_url is not None},
    }
    for key, value in changes.items():
        section, _, word = key.partition("_")
        sections[section][word.replace("_", "-")] = value
    container.write("etc/signet/anchors/root.pem", server.hierarchy.root.pem)
    container.write("etc/signet/anchors/issuing.pem", server.hierarchy.issuing.pem)
    container.write(f"etc/signet/profiles.d/{name}.toml", _toml(sections))


def scepserver_profile(container: Device, server: ScepServer, name: str = "access") -> None:
    """A profile for Debian's scepserver, whose certificates name no revocation list."""
    sections: dict[str, dict[str, Any]] = {
        "scep": {
            "url": server.url,
            "ca-fingerprint": [server.fingerprint],
            "challenge": {"credential": "scep-challenge"},
        },
        "subject": {"name": "CN=${hostname},O=Signet Tests"},
        "install": {"anchors": ["/etc/signet/anchors/root.pem"]},
        "device-tag": {"require-revocation-check": False},
    }
    container.write("etc/signet/anchors/root.pem", server.ca.read_text())
    container.write(f"etc/signet/profiles.d/{name}.toml", _toml(sections))


def settings(container: Device, receiver: Receiver | None = None, idle_exit: str = "1s", **more: Any) -> None:
    """signet.toml: an agent that does not linger for long, and where it reports to."""
    sections: dict[str, dict[str, Any]] = {"agent": {"idle-exit": idle_exit}}
    if receiver is not None:
        container.write("etc/signet/anchors/root.pem", receiver.hierarchy.root.pem)
        sections["management"] = {"endpoint": receiver.url, "ca": "/etc/signet/anchors/root.pem", **more}
    container.write("etc/signet/signet.toml", _toml(sections))


def clock(container: Device, says: str) -> None:
    """Lets both services live by another clock, as faketime spells it; they must not run, or be started anew."""
    (library,) = container.root.glob("usr/lib/*/faketime/libfaketime.so.1")
    # How long something takes is still told by the machine's.
    told = {
        "LD_PRELOAD": f"/{library.relative_to(container.root)}",
        "FAKETIME": says,
        "FAKETIME_DISABLE_SHM": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    text = "[Service]\n" + "".join(f'Environment="{name}={value}"\n' for name, value in told.items())
    for unit in ("signetd.service", "signet-installd.service"):
        container.drop_in(unit, text)


def _toml(sections: dict[str, dict[str, Any]]) -> str:
    return "".join(
        f"[{section}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in values.items()) + "\n"
        for section, values in sections.items()
    )


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return json.dumps(value)  # strings, numbers and booleans are written alike
