"""What can go wrong with one exchange, from its first byte to its last.

Each takes the connection once the request's head was read, and does not return before it is done with it.
"""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .proxy import Wire

Misdeed = Callable[["Wire"], None]

_PIECE = b"A" * 65536


def reset_after_head(wire: "Wire") -> None:
    """The request's head was read, its body was not."""
    wire.reset()


def reset_after_request(wire: "Wire") -> None:
    """The whole request arrived; the server behind never saw it."""
    wire.read_body()
    wire.reset()


def reset_after_answer(wire: "Wire") -> None:
    """The server behind answered; nothing of it comes back."""
    wire.answer()
    wire.reset()


def reset_in_head(wire: "Wire") -> None:
    """Half of the answer's head, then a reset."""
    wire.send(wire.answer()[:20])
    wire.reset()


def reset_in_body(wire: "Wire") -> None:
    """Half of the answer, then a reset."""
    wire.send(_half(wire.answer()))
    wire.reset()


def end_in_head(wire: "Wire") -> None:
    """Half of the answer's head, then the end."""
    wire.send(wire.answer()[:20])


def end_in_body(wire: "Wire") -> None:
    """Half of the answer, then the end."""
    wire.send(_half(wire.answer()))


def end_in_chunk(wire: "Wire") -> None:
    """A chunked answer that ends within a chunk."""
    body = wire.answer().partition(b"\r\n\r\n")[2]
    wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % len(body) + body[: len(body) // 2])


def no_http(wire: "Wire") -> None:
    """What answers speaks something else."""
    wire.read_body()
    wire.send(b"220 mail.example.com ESMTP\r\n" * 3)


def byte_a_second(wire: "Wire") -> None:
    """The answer, so slowly that it does not end."""
    for byte in wire.answer():
        wire.send(bytes([byte]))
        if wire.over.wait(1):
            return


def byte_a_second_of_body(wire: "Wire") -> None:
    """The head at once, the body so slowly that it does not end."""
    head, end, body = wire.answer().partition(b"\r\n\r\n")
    wire.send(head + end)
    for byte in body:
        wire.send(bytes([byte]))
        if wire.over.wait(1):
            return


def interim_for_ever(wire: "Wire") -> None:
    """One interim answer after the other, and never the one."""
    wire.read_body()
    while not wire.over.wait(0.5):
        wire.send(b"HTTP/1.1 102 Processing\r\n\r\n")


def silence(wire: "Wire") -> None:
    """Nothing at all."""
    wire.read_body()
    wire.over.wait()


def endless_body(wire: "Wire") -> None:
    """A body of no announced length that goes on for ever."""
    wire.read_body()
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-pki-message\r\n\r\n\x30")
    _for_ever(wire, _PIECE)


def endless_chunks(wire: "Wire") -> None:
    """One chunk after the other."""
    wire.read_body()
    wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    _for_ever(wire, b"10000\r\n" + _PIECE + b"\r\n")


def endless_head(wire: "Wire") -> None:
    """One header after the other."""
    wire.read_body()
    wire.send(b"HTTP/1.1 200 OK\r\n")
    _for_ever(wire, b"X-More: " + b"a" * 1000 + b"\r\n")


def endless_line(wire: "Wire") -> None:
    """One header that goes on for ever."""
    wire.read_body()
    wire.send(b"HTTP/1.1 200 OK\r\nX-More: ")
    _for_ever(wire, _PIECE)


def announced_terabyte(wire: "Wire") -> None:
    """A length that nobody has room for, and then silence."""
    wire.read_body()
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n\x30")
    wire.over.wait()


def compressed_bomb(wire: "Wire") -> None:
    """A body that says it is compressed, which nobody asked for."""
    wire.read_body()
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 65536\r\n\r\n" + _PIECE)


def portal(wire: "Wire") -> None:
    """A page to sign in."""
    answer(200, "<!DOCTYPE html><title>Sign in</title>", "Content-Type: text/html")(wire)


def redirect(wire: "Wire") -> None:
    """To somewhere else: the same server, so that who follows would get what it asked for."""
    elsewhere = wire.head.split(b" ", 2)[1].decode()
    answer(302, "", f"Location: http://127.0.0.1:{wire.route.upstream[1]}{elsewhere[elsewhere.index('/', 1) :]}")(wire)


def answer(status: int, body: str | bytes = "", *headers: str) -> Misdeed:
    """This status, body and headers, whatever was asked."""
    content = body.encode() if isinstance(body, str) else body

    def misdeed(wire: "Wire") -> None:
        wire.read_body()
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}", *headers]
        wire.send(("\r\n".join(lines) + "\r\n\r\n").encode() + content)

    return misdeed


def _half(data: bytes) -> bytes:
    head = data.index(b"\r\n\r\n") + 4
    return data[: head + max((len(data) - head) // 2, 1)]


def _for_ever(wire: "Wire", piece: bytes) -> None:
    with contextlib.suppress(OSError):
        while not wire.over.is_set():
            wire.send(piece)
