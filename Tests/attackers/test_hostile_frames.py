"""What is no Varlink, or Varlink out of order, at signet-installd's socket: nothing comes of it, and it stays well."""

import contextlib
import functools
import json
import random
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from counts import count
from installer import HOSTILE, INTERFACE, TakenOver, device, identity
from varlink_bytes import FRAME_LIMIT, Replies, frame, no_varlink, padded

QUEUED = 16
"""Calls that one client may send ahead of their replies."""
CONNECTIONS = 8
"""Of the installer, at a time."""
FLOOD = 2000
CROWD = 300
MEMORY = 48 * 1024
"""KiB that a crowd may cost: so much for each of its few connections that nothing is exact about it."""
FACTS, WITHDRAW, PUBLISH = (f"{INTERFACE}.{method}" for method in ("GetDeviceFacts", "Withdraw", "Publish"))

RecordProperty = Callable[[str, object], None]


def facts(more: str) -> str:
    """A call with something more in it."""
    return f'{{"method":"{FACTS}",{more}}}'


MANY = ",".join(f'"{number}":{number}' for number in range(15_000))
"""Members that nobody asked for."""
UNCLEAR_KEYS = [
    *('"parameters":{},"parameters":{}', '"p\\u0061rameters":{}', '"parameters":{"k\\u0065y":""}'),
    *('"parameters":{"key":"","key":""}', '"parameters":{"key":"?"}', '"parameters":{"key":"AAA"}'),
]
"""A decoder might find the key in another place than the one from which it was taken."""
WRONG_CALLS: dict[str, list[str]] = {
    "InterfaceNotFound": [
        *('{"method":""}', '{"method":"."}', '{"method":".."}', '{"method":"GetDeviceFacts"}', '{"method":"a.b"}'),
        *('{"method":"io.signet.Agent.Renew","parameters":{"profile":"access"}}', '{"method":"io.signet.installer.X"}'),
        *('{"method":"io.signet.Installer/../x.Publish"}', f'{{"method":"{"a." * 100_000}b"}}', padded(FRAME_LIMIT)),
        '{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"io.signet.Agent"}}',
    ],
    "MethodNotFound": [
        *(
            f'{{"method":"{INTERFACE}.{one}"}}'
            for one in ("", "publish", "Publish ", "Run", "AddAnchor", "*", "Publish\\u0000")
        ),
        '{"method":"org.varlink.service.SetInfo"}',
    ],
    "MethodNotImplemented": [facts('"upgrade":true'), f'{{"method":"{WITHDRAW}","upgrade":true}}'],
    "InvalidParameter": [
        *(
            f'{{"method":"{PUBLISH}"{more}}}'
            for more in ("", ',"parameters":{}', ',"parameters":null', ',"parameters":[]')
        ),
        *(f'{{"method":"{WITHDRAW}"{more}}}' for more in ("", ',"parameters":{}', ',"parameters":"access"')),
        f'{{"method":"{WITHDRAW}","parameters":{{"profile":{{"profile":"access"}}}}}}',
        f'{{"method":"{WITHDRAW}","parameters":{{"profile":{"9" * 100_000}}}}}',
        f'{{"method":"{WITHDRAW}","parameters":{{"profile":1e999}}}}',
        '{"method":"org.varlink.service.GetInterfaceDescription"}',
    ],
    "still-configured": [
        f'{{"method":"{WITHDRAW}","parameters":{{"profile":"access"}}}}',
        f'{{"method":"{WITHDRAW}","parameters":{{"profile":"access"}},"more":true}}',
        f' \n{{"method" : "{WITHDRAW}" ,"parameters":{{"profile":"\\u0061ccess"}}}}\t',
        f'{{"method":"{WITHDRAW}","parameters":{{"profile":"access","profile":"access"}}}}',
        f'{{"method":"{WITHDRAW}","parameters":{{"profile":"access",{MANY}}}}}',
    ],
}
"""Which error each is answered with."""


def test_what_is_no_varlink_ends_the_connection(taken: TakenOver, record_property: RecordProperty) -> None:
    before = taken.tree()
    frames = no_varlink(FACTS) + [facts(more).encode() + b"\0" for more in UNCLEAR_KEYS]
    for one in frames:
        assert taken.exchange(one) == [], one[:120]
        assert taken.tree() == before, one[:120]
    taken.expect_well()
    record_property(count(HOSTILE), len(frames))


@pytest.mark.parametrize("error", list(WRONG_CALLS))
def test_wrong_calls_are_answered_with_an_error(taken: TakenOver, record_property: RecordProperty, error: str) -> None:
    before = taken.tree()
    for call in WRONG_CALLS[error]:
        replies = taken.exchange(call.encode() + b"\0")
        assert [taken.refusal(one) for one in replies] == [error], call[:100]
        assert taken.tree() == before, call[:100]
    taken.expect_well()
    record_property(count(HOSTILE), len(WRONG_CALLS[error]))


def test_a_key_that_is_said_twice_or_in_another_place(taken: TakenOver, record_property: RecordProperty) -> None:
    """What is decoded and what is kept out of the decoder must be the same members."""
    honest = identity(device(taken.hierarchy), taken.hierarchy, generation=2).parameters
    text = json.dumps(honest)[1:-1]
    key = honest.pop("key")
    rest = json.dumps(honest)[1:-1]
    calls = {
        f'{{"method":"{PUBLISH}","parameters":{{{text}}},"parameters":{{{text}}}}}': "closed",
        f'{{"parameters":{{{text}}},"method":"{PUBLISH}","parameters":{{{text}}}}}': "closed",
        f'{{"method":"{PUBLISH}","parameters":{{{text},"key":"{key}"}}}}': "closed",
        f'{{"method":"{PUBLISH}","parameters":{{{rest},"k\\u0065y":"{key}"}}}}': "closed",
        f'{{"method":"{PUBLISH}","p\\u0061rameters":{{{text}}}}}': "closed",
        f'{{"method":"{PUBLISH}","parameters":{{{rest},"key":{{"key":"{key}"}}}}}}': "InvalidParameter",
        f'{{"method":"{PUBLISH}","parameters":{{{rest},"key":["{key}"]}}}}': "InvalidParameter",
        f'{{"method":"{PUBLISH}","parameters":{{{rest},"KEY":"{key}"}}}}': "InvalidParameter",
        f'{{"method":"{PUBLISH}","parameters":{{{rest}}},"key":"{key}"}}': "InvalidParameter",
        f'{{"method":"{PUBLISH}","parameters":{{{rest},"more":{{"key":"{key}"}}}}}}': "InvalidParameter",
        f'{{"method":"{PUBLISH}","parameters":[{{{text}}}]}}': "InvalidParameter",
    }
    before = taken.tree()
    for call, outcome in calls.items():
        assert taken.refusal(taken.send(call.encode() + b"\0")) == outcome, call[:200]
        assert taken.tree() == before, call[:200]
    taken.expect_well()
    record_property(count(HOSTILE), len(calls))


def test_calls_in_any_order_and_ahead_of_their_replies(taken: TakenOver, record_property: RecordProperty) -> None:
    before = taken.tree()
    calls = {
        frame(WITHDRAW, {"profile": "access"}): "still-configured",
        frame(PUBLISH, {"profile": "access"}): "InvalidParameter",
        frame(FACTS, more=True): "done",
        frame("org.varlink.service.GetInfo"): "done",
        taken.honest.but(key=b"").frame: "malformed-request",
        frame("a.B"): "InterfaceNotFound",
    }
    orders = [random.Random(seed).sample(list(calls), len(calls)) for seed in range(50)]
    for order in orders:
        replies = taken.exchange(b"".join(order))
        assert [taken.refusal(one) for one in replies] == [calls[one] for one in order]
    # Who takes no reply gets none, and is not let in for that.
    silent = [frame(WITHDRAW, {"profile": "access"}, oneway=True), frame(FACTS, oneway=True), frame("a.B", oneway=True)]
    assert taken.exchange(b"".join([*silent, *silent])) == []
    assert len(taken.exchange(frame(FACTS) * QUEUED)) == QUEUED
    assert taken.exchange(frame(FACTS) * (QUEUED + 1)) == []
    assert taken.tree() == before
    taken.expect_well()
    record_property(count(HOSTILE), len(orders) * len(calls) + 2 * len(silent) + 2 * QUEUED + 1)


def test_a_call_that_is_cut_anywhere_or_whose_caller_goes(taken: TakenOver, record_property: RecordProperty) -> None:
    call = identity(device(taken.hierarchy), taken.hierarchy, generation=2).frame
    before = taken.tree()
    cuts = range(0, len(call), 64)
    for cut in cuts:
        assert taken.exchange(call[:cut]) == []
    assert taken.tree() == before
    # In the smallest pieces it is a call like any other.
    with taken.attacker.connect(taken.socket) as slow:
        for at in range(len(taken.honest.frame)):
            slow.sendall(taken.honest.frame[at : at + 1])
        assert taken.refusal(Replies(slow).next()) == "done"
    # Who does not wait for the reply of a refused call is not missed.
    for _ in range(100):
        with taken.attacker.connect(taken.socket) as connection, contextlib.suppress(BrokenPipeError):
            connection.sendall(frame(WITHDRAW, {"profile": "access"}))
    assert taken.tree() == before
    taken.expect_well()
    record_property(count(HOSTILE), len(cuts) + 100)


def test_requests_that_are_altered_at_random(record_property: RecordProperty) -> None:
    """Whatever bytes change, what is published stays this certificate and this key. (The generation's number may.)"""
    dice = random.Random(2027)
    with TakenOver() as taken:
        before = essence(taken)
        outcomes: set[str] = set()
        for _ in range(1000):
            outcomes.add(taken.refusal(next(iter(taken.exchange(altered(taken.honest.frame, dice))), None)))
            assert essence(taken) == before
        # Neither all of one sort, nor none that gets as far as the policy.
        assert {"closed", "InvalidParameter", "malformed-request", "untrusted-path"} <= outcomes
        taken.expect_success(taken.honest.frame)
        assert set(taken.machine.running.exits["signet-installd"]) <= {0}
        record_property(count(HOSTILE), taken.sent)


def altered(call: bytes, dice: random.Random) -> bytes:
    """One to three bits or pieces are others."""
    data = bytearray(call[:-1])
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(data))
        length = dice.choice((1, 1, 2, 8, 64))
        match dice.randrange(4):
            case 0:
                data[at] ^= 1 << dice.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length]
            case _:
                data[at : at + length] = dice.randbytes(length)
    return bytes(data) + b"\0"


def essence(taken: TakenOver) -> dict[str, object]:
    """What readers get, and everything outside of what is published."""
    current = {file.name: file.read_bytes() for file in taken.machine.published().iterdir()}
    text = current.pop("key.pem")
    assert current.pop("combined.pem") == text + current["fullchain.pem"]
    outside = {path: one for path, one in taken.tree().items() if not path.startswith("etc/ssl/signet")}
    return {**current, **outside, "key": numbers(text)}


@functools.cache
def numbers(text: bytes) -> rsa.RSAPrivateNumbers:
    """A key, whose lines may be broken anywhere; an error if its parts do not belong together."""
    key = load_pem_private_key(text, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key.private_numbers()


def test_floods_and_crowds(record_property: RecordProperty) -> None:
    """Thousands one after the other, then as many at once as there is room for; then it is as it was, and small."""
    with TakenOver() as taken:
        before, pid, peak = taken.tree(), taken.pid, taken.peak
        half = taken.honest.frame[:2000]
        for number in range(FLOOD):
            with taken.attacker.connect(taken.socket) as connection, contextlib.suppress(BrokenPipeError):
                connection.sendall((b"", half, frame(FACTS), b"\0", frame(WITHDRAW, {"profile": "access"}))[number % 5])
        held = [taken.attacker.try_to_connect(taken.socket) for _ in range(CROWD)]
        crowd = [one for one in held if one is not None]
        assert len(crowd) > CONNECTIONS
        large = b" " * (FRAME_LIMIT - 1)
        many = b'{"method":"a.b","parameters":{"a":[' + b"0," * (FRAME_LIMIT // 2 - 100) + b"0]}}\0"
        for number, one in enumerate(crowd):
            one.settimeout(20)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
                one.sendall(large if number % 2 else many)
        for one in crowd:
            one.close()
        taken.expect_well()
        assert taken.tree() == before
        assert taken.pid == pid, "it is another process"
        assert taken.peak - peak < MEMORY
        # It goes when nobody calls any more, as if nothing had been, and comes when it is called.
        taken.wait_end()
        taken.expect_well()
        record_property(count(HOSTILE), FLOOD + len(crowd))
