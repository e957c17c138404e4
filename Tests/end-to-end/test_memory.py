"""What the programs leave in their memory, and what would become of it: no core is ever written, and if one were, it
would hold neither challenge nor key."""

import contextlib
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import secrecy
from fixtures import MakeServer
from machine import Machine
from scepd import Behaviour, Challenges, SCEPServer, Trouble

PROGRAMS = ("signetd", "signet-installd")
KEY = "var/lib/signet/profiles/access/generations/0001/key.pem"


@contextlib.contextmanager
def kept(machine: Machine) -> Iterator[None]:
    """Somebody is connected to both programs all the time, so that neither ends, however long that is."""
    ending = threading.Event()
    current: list[socket.socket] = []

    def stay() -> None:
        while not ending.is_set():
            with socket.socket(socket.AF_UNIX) as one:
                one.connect(str(machine.root / "run/signet/install"))
                current[:] = [one]
                # It returns when the program has had enough of a silent caller, or the test has.
                while not ending.is_set() and one.recv(1):
                    pass

    with machine.control():
        thread = threading.Thread(target=stay)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            # Whichever it waits on: one that it opens just now finds the end by itself.
            while thread.is_alive():
                with contextlib.suppress(OSError):
                    for one in current:
                        one.shutdown(socket.SHUT_RDWR)
                thread.join(0.1)


def process(machine: Machine, name: str) -> int:
    """A program that must run."""
    number = machine.running.pid(name)
    assert number is not None, f"{name} does not run"
    return number


def core(number: int) -> list[bytes]:
    """What a core file of the process would hold: all but the regions that it keeps out (MADV_DONTDUMP, "dd")."""
    return [content for flags, content in secrecy.regions(number) if "dd" not in flags]


def hold(found: list[bytes], wanted: list[bytes]) -> list[bytes]:
    """Which of the wanted ones there are."""
    return [one for one in wanted if any(one in content for content in found)]


def test_the_search_finds_what_is_there() -> None:
    """In this process, where it lies in full."""
    secret = secrets.token_bytes(64)
    assert hold(core(os.getpid()), secrecy.pieces(secret)) == secrecy.pieces(secret)


@pytest.mark.parametrize("bits", [2048, 4096])
def test_nothing_is_left_after_the_exchange(machine: Machine, make_server: MakeServer, bits: int) -> None:
    challenge = secrets.token_hex(64)
    server = make_server(Behaviour(challenges=Challenges(static=challenge)))
    machine.challenge(challenge)
    machine.profile(server, key_bits=bits)
    machine.start()
    with kept(machine):
        machine.wait_enrolled()
        key = (machine.root / KEY).read_bytes()
        for name in PROGRAMS:
            left = core(process(machine, name))
            assert hold(left, [b"access", b"laptop-7"]) == [b"access", b"laptop-7"], name
            assert hold(left, secrecy.pieces(challenge.encode())) == [], name
            assert hold(left, secrecy.key_pieces(key)) == [], name


def test_secrets_in_use_lie_where_no_core_and_no_swap_gets_them(machine: Machine, make_server: MakeServer) -> None:
    """While the agent waits for the server's answer it needs its key."""
    server = make_server(Behaviour(troubles=[Trouble("hold")]))
    machine.profile(server)
    machine.start()
    server.journal.wait_for(lambda one: one.operation == "PKIOperation", 30)
    key = (machine.root / "var/lib/signet/profiles/access/pending/key.pem").read_bytes()
    pieces = [piece for line in secrecy.lines(key) for piece in secrecy.pieces(line)]
    holding = [flags for flags, content in secrecy.regions(process(machine, "signetd")) if hold([content], pieces)]
    assert holding
    assert all({"dd", "lo"} <= flags for flags in holding), holding


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_core_is_written(machine: Machine, server: SCEPServer, name: str) -> None:
    """Nor is a program started that takes one: that is what a limit of one byte says, and not one of none (core(5))."""
    machine.profile(server)
    machine.start()
    with kept(machine):
        machine.wait_enrolled()
        limits = Path(f"/proc/{process(machine, name)}/limits").read_text().splitlines()
        (core_limit,) = (line.split()[4:6] for line in limits if line.startswith("Max core file size"))
        assert core_limit in (["1", "1"], ["0", "0"])
