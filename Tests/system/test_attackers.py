"""Whoever has taken over the agent, and whoever is just another user, against the installed units."""

import contextlib
import re
from pathlib import Path

from device import Device
from installer import INTERFACE, Publication, device, identity
from scepd import Hierarchy, SCEPServer
from scepd.hierarchy import name
from stranger import Stranger
from varlink_bytes import FRAME_LIMIT, ask, exchange, frame

INSTALL, CONTROL = "/run/signet/install", "/run/signet/control"
REFUSED = "791bacff7e824c0eaa53ed6c8d1702c4"
ORDER_REFUSED = "135e4142ccc84f7ab9eddac7fac07e47"
"""MESSAGE_IDs of entries of the journal."""
FLOOD = 2000
ORDERS = 300


def publications(hierarchy: Hierarchy) -> list[tuple[str, Publication]]:
    """What is no identity for this profile, and why."""
    stranger = Hierarchy(label="stranger")
    honest = identity(device(hierarchy, begins=0), hierarchy, generation=2)
    other_subject = device(hierarchy, subject=name("laptop-8"), begins=0)
    return [
        ("untrusted-path", identity(device(stranger, begins=0), stranger, generation=2)),
        ("unfit-certificate", identity(other_subject, hierarchy, generation=2)),
        ("untrusted-path", honest.but(chain=[*honest.chain, stranger.root.der])),
        ("key-mismatch", honest.but(key=identity(hierarchy.device(), hierarchy).key)),
        ("older-than-published", identity(device(hierarchy, begins=-2), hierarchy, generation=2)),
        ("malformed-request", honest.but(profile="../../../etc/ssl/certs")),
        ("unknown-profile", honest.but(profile="ghost")),
    ]


def test_whoever_has_taken_over_the_agent_publishes_and_trusts_nothing(enrolled: Device, server: SCEPServer) -> None:
    bundle = enrolled.root / "etc/ssl/certs/ca-certificates.crt"
    held, trusted = enrolled.belongings(), bundle.read_bytes()
    calls = [(code, one.frame) for code, one in publications(server.hierarchy)]
    calls.append(("still-configured", frame(f"{INTERFACE}.Withdraw", {"profile": "access"})))
    with Stranger(enrolled.command(user="signet")) as attacker:
        for code, call in calls:
            with attacker.connect(INSTALL) as connection:
                reply = ask(connection, call)
            assert reply is not None and reply["parameters"]["code"] == code, reply
    assert (enrolled.belongings(), bundle.read_bytes()) == (held, trusted)
    entries = enrolled.journal(f"MESSAGE_ID={REFUSED}")
    assert [(one["SIGNET_PROBLEM"], one["_SYSTEMD_UNIT"]) for one in entries] == [
        (code, "signet-installd.service") for code, _ in calls
    ]


def test_the_installer_is_well_after_a_flood(enrolled: Device) -> None:
    held = enrolled.belongings()
    kinds = (b"", b"{", b"\0", b" " * FRAME_LIMIT, frame(f"{INTERFACE}.GetDeviceFacts"), b"[" * 100_000 + b"\0")
    with Stranger(enrolled.command(user="signet")) as attacker:
        for number in range(FLOOD):
            with attacker.connect(INSTALL) as connection:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.sendall(kinds[number % len(kinds)])
    assert enrolled.belongings() == held
    enrolled.signetctl("renew", "access", "--wait", user="alice")
    enrolled.wait_enrolled(generation=2)
    enrolled.wait_idle("signet-installd")
    assert enrolled.show("signet-installd.service", "ActiveState", "Result", "NRestarts") == [
        "inactive",
        "success",
        "0",
    ]
    assert enrolled.show("signet-installd.socket", "ActiveState") == ["active"]


def test_orders_of_anybody_are_refused_and_in_the_journal(enrolled: Device, server: SCEPServer) -> None:
    renew = frame("io.signet.Agent.Renew", {"profile": "access"})
    with Stranger(enrolled.command(user="nobody")) as mallory:
        for _ in range(ORDERS // 10):
            with mallory.connect(CONTROL) as connection:
                replies = exchange(connection, renew * 10)
            assert [one["error"] for one in replies] == ["org.varlink.service.PermissionDenied"] * 10
        number = {str(inside) for outside, inside in enrolled.processes().items() if is_python(outside)}
    enrolled.wait_idle()
    assert len(server.journal.issued) == 1
    entries = enrolled.journal(f"MESSAGE_ID={ORDER_REFUSED}")
    more = [int(one) for entry in entries for one in re.findall(r"(\d+) (?:others|more)", entry["MESSAGE"])]
    assert len(entries) + sum(more) == ORDERS
    assert len(entries) < ORDERS // 10
    assert {one["SIGNET_CALLER_PID"] for one in entries} == number
    # The service's own user namespace has no other users.
    assert not any("SIGNET_CALLER_UID" in one for one in entries)
    assert {(one["PRIORITY"], one["_SYSTEMD_UNIT"]) for one in entries} == {("4", "signetd.service")}
    shown = enrolled.run("journalctl", "--no-pager", "--catalog", f"MESSAGE_ID={ORDER_REFUSED}").stdout
    assert "signet-admin" in shown


def is_python(process: int) -> bool:
    """Whether a process runs Python."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/comm").read_text().startswith("python")
    return False
