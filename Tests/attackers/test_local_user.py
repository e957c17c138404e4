"""Any user of the machine against the agent's sockets: admins are served meanwhile, and it costs little."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from counts import count
from machine import PATIENCE, Machine
from scepd import SCEPServer
from stranger import Stranger, unprivileged
from varlink_bytes import FRAME_LIMIT, ask, exchange, frame, no_varlink

MALLORY = 64711
HOSTILE = "hostile connections to signetd"
AGENT = "io.signet.Agent"
CONTROL_CONNECTIONS = 32
"""Of everybody's socket, at a time."""
WAITING = 500
FLOOD = 10_000
REFUSALS = 2000
MEMORY = 96 * 1024
"""KiB that a crowd may cost: each connection may leave 1 MiB of replies unread, and send a message of 256 KiB."""

RecordProperty = Callable[[str, object], None]
STATUS = frame(f"{AGENT}.GetStatus")


@pytest.fixture
def mallory() -> Iterator[Stranger]:
    """Another user of the machine, without any right."""
    with Stranger(unprivileged(MALLORY)) as made:
        yield made


def sockets(machine: Machine) -> dict[str, Path]:
    """The sockets by their names."""
    return {name: machine.root / "run/signet" / name for name in ("control", "admin", "install")}


def told(log: str, what: str) -> tuple[int, int]:
    """How many entries the log has of refused calls, and how many calls they tell of."""
    lines = [line for line in log.splitlines() if what in line]
    more = [int(number) for line in lines for number in re.findall(r"; (?:so were )?(\d+) (?:more|others)", line)]
    return len(lines), len(lines) + sum(more)


def test_the_kernel_keeps_others_from_the_sockets_that_do_something(enrolled: Machine, mallory: Stranger) -> None:
    for name, path in sockets(enrolled).items():
        if name == "control":
            with mallory.connect(path) as connection:
                assert ask(connection, STATUS) is not None
        else:
            with pytest.raises(PermissionError):
                mallory.connect(path)


def test_orders_on_everybodys_socket_are_refused_and_in_the_journal(
    enrolled: Machine, server: SCEPServer, mallory: Stranger, record_property: RecordProperty
) -> None:
    """The first at once, with who it was; the others as a number, so that they fill nothing."""
    calls = [
        *(frame(f"{AGENT}.{method}", {"profile": "access"}) for method in ("Renew", "Enroll")),
        *(frame(f"{AGENT}.{method}", {"profile": "ghost"}, more=True) for method in ("Renew", "Enroll")),
        frame(f"{AGENT}.SendReport"),
        frame(f"{AGENT}.Probe", {"url": "http://127.0.0.1:9"}),
    ]
    begun = time.monotonic()
    control = sockets(enrolled)["control"]
    for number in range(REFUSALS // 10):
        with mallory.connect(control) as connection:
            replies = exchange(connection, calls[number % len(calls)] * 10)
            assert [one["error"] for one in replies] == ["org.varlink.service.PermissionDenied"] * 10
        if number == 0:
            who = f"process {mallory.pid} of user {MALLORY}"
            line = f"signetd: refused {AGENT}.Renew to {who}: orders are given at /run/signet/admin"
            assert line in enrolled.running.log().splitlines()
    minutes = (time.monotonic() - begun) / 60
    assert len(server.journal.operations) == 1
    enrolled.stop()
    entries, calls_told = told((enrolled.state / "signetd.log").read_text(), "orders are given at")
    assert calls_told == REFUSALS
    assert entries <= minutes + 2
    record_property(count(HOSTILE), REFUSALS // 10)


def test_a_socket_of_the_installer_that_was_opened_to_all_by_mistake(
    enrolled: Machine, mallory: Stranger, record_property: RecordProperty
) -> None:
    """It asks the kernel who calls, and obeys nobody but root and the agent's user."""
    install = sockets(enrolled)["install"]
    install.chmod(0o666)
    held = enrolled.belongings()
    calls = [
        frame("org.varlink.service.GetInfo"),
        *(frame(f"io.signet.Installer.{method}", {"profile": "access"}) for method in ("Publish", "Withdraw")),
        frame("io.signet.Installer.GetDeviceFacts"),
    ]
    begun, number = time.monotonic(), 500
    for one in range(number):
        reply = None
        while reply is None:
            with mallory.connect(install) as connection:
                reply = ask(connection, calls[one % len(calls)])
        assert reply["error"] == "org.varlink.service.PermissionDenied"
    minutes = (time.monotonic() - begun) / 60
    assert enrolled.belongings() == held
    enrolled.stop()
    entries, calls_told = told(
        (enrolled.state / "signet-installd.log").read_text(),
        f"signet-installd: refused a caller: process {mallory.pid} of user {MALLORY}",
    )
    assert calls_told == number
    assert entries <= minutes + 2
    record_property(count("hostile requests to signet-installd"), number)


def test_what_is_no_varlink_ends_the_connection(
    enrolled: Machine, mallory: Stranger, record_property: RecordProperty
) -> None:
    """Deep, large, endless, cut and wrongly encoded messages."""
    frames = no_varlink(f"{AGENT}.GetStatus")
    for one in frames:
        with mallory.connect(sockets(enrolled)["control"]) as connection:
            assert exchange(connection, one) == [], one[:120]
    with enrolled.control() as control:
        assert control.status("access")["profiles"][0]["state"] == "active"
    assert enrolled.running.starts["signetd"] == 1
    record_property(count(HOSTILE), len(frames))


def crowd(machine: Machine, mallory: Stranger, first: bytes = b"") -> list[socket.socket]:
    """As many connections as there is room for, each of which has sent this and reads nothing."""
    held: list[socket.socket] = []
    while len(held) < CONTROL_CONNECTIONS:
        connection = mallory.connect(sockets(machine)["control"])
        # Who finds no room is hung up on; who stays has an answer.
        if ask(connection, STATUS) is None:
            connection.close()
            continue
        connection.sendall(first)
        held.append(connection)
    return held


def serves_admins(machine: Machine, generation: int) -> None:
    """What admins ask for is done."""
    with machine.admin() as admin:
        assert admin.status("access")["profiles"][0]["state"] == "active"
        assert admin.tags("access")["access"]["value"] == "valid-client-certificate"
        assert admin.renew()[-1]["generation"] == generation
    done = machine.ctl("status", "access")
    assert done.returncode == 0, done


CROWDS = {
    "silent": b"",
    "half a message": b" " * 1000,
    "most of a large message": b" " * (FRAME_LIMIT - 1),
    "watching, and never reading": frame(f"{AGENT}.GetStatus", more=True),
    "asking, and never reading": frame(f"{AGENT}.EvaluateTag") * 16,
}


@pytest.mark.parametrize("kind", list(CROWDS))
def test_a_crowd_that_holds_every_connection_is_not_in_an_admins_way(
    enrolled: Machine, mallory: Stranger, record_property: RecordProperty, kind: str
) -> None:
    before = enrolled.memory()
    held = crowd(enrolled, mallory, CROWDS[kind])
    # And as many who wait at the door.
    held += filter(None, (mallory.try_to_connect(sockets(enrolled)["control"]) for _ in range(WAITING)))
    try:
        with mallory.connect(sockets(enrolled)["control"]) as another:
            assert ask(another, STATUS) is None, "there is room for another one"
        serves_admins(enrolled, 2)
    finally:
        for one in held:
            one.close()
    serves_admins(enrolled, 3)
    assert enrolled.memory() - before < MEMORY
    assert enrolled.running.starts["signetd"] == 1
    record_property(count(HOSTILE), len(held))


def test_calls_without_end_that_nobody_reads_the_replies_of(
    enrolled: Machine, mallory: Stranger, record_property: RecordProperty
) -> None:
    """Each is hung up on when it has left too much unread, and the replies are not kept."""
    before = enrolled.memory()
    held = crowd(enrolled, mallory)
    for one in held:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while True:
                one.sendall(STATUS)
    serves_admins(enrolled, 2)
    for one in held:
        one.close()
    assert enrolled.memory() - before < MEMORY
    assert enrolled.running.starts["signetd"] == 1
    record_property(count(HOSTILE), len(held))


def test_ten_thousand_connections_while_admins_work(
    enrolled: Machine, mallory: Stranger, record_property: RecordProperty
) -> None:
    """One after the other, with nothing, with half a call, with a call, with an order; from beginning to end of that
    admins are served."""
    before = enrolled.memory()
    control = sockets(enrolled)["control"]
    made = 0
    kinds = (b"", STATUS[:10], STATUS, frame(f"{AGENT}.Renew", {"profile": "access"}), b"\0", b"x" * 3000)

    def flood() -> None:
        nonlocal made
        for number in range(FLOOD):
            with mallory.connect(control) as connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(kinds[number % len(kinds)])
            made += 1

    flooding = threading.Thread(target=flood)
    flooding.start()
    generation, during = 1, 0
    while flooding.is_alive():
        generation += 1
        serves_admins(enrolled, generation)
        during += flooding.is_alive()
    flooding.join()
    assert made == FLOOD
    assert during > 0, "the flood was over before an admin was served"
    assert enrolled.memory() - before < MEMORY
    assert enrolled.running.starts["signetd"] == 1
    # When nobody is connected any more it ends as ever.
    assert enrolled.running.wait_exit(PATIENCE) == 0
    record_property(count(HOSTILE), made)
