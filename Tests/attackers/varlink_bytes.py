"""Varlink as bytes on a connection: what a well-meaning client library would not send."""

import contextlib
import json
import socket
from typing import Any

FRAME_LIMIT = 256 * 1024
"""The most bytes of a message, without its NUL."""


def frame(method: str, parameters: dict[str, Any] | None = None, **flags: bool) -> bytes:
    """A call, with the NUL that ends it."""
    call: dict[str, Any] = {"method": method, "parameters": parameters or {}, **flags}
    return json.dumps(call, ensure_ascii=False).encode(errors="surrogatepass") + b"\0"


class Replies:
    """The replies on a connection, one by one."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = b""

    def next(self) -> dict[str, Any] | None:
        """The next reply; None at the end of the connection."""
        while b"\0" not in self._unread:
            # Who is hung up on with something unread gets a reset.
            try:
                piece = self._connection.recv(65536)
            except ConnectionResetError:
                piece = b""
            if not piece:
                return None
            self._unread += piece
        text, _, self._unread = self._unread.partition(b"\0")
        return dict(json.loads(text))

    def rest(self) -> list[dict[str, Any]]:
        """All that come until the other side hangs up."""
        return list(iter(self.next, None))


def ask(connection: socket.socket, call: bytes) -> dict[str, Any] | None:
    """Sends a call and gives its reply; None where the other side hangs up instead."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(call)
    return Replies(connection).next()


def exchange(connection: socket.socket, sent: bytes) -> list[dict[str, Any]]:
    """Sends bytes, says that there will be no more, and gives every reply."""
    # Who sends too much is hung up on before it has sent all.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(sent)
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
    return Replies(connection).rest()


def padded(size: int) -> str:
    """A call of exactly so many bytes."""
    empty = '{"method":"a.b","parameters":{"a":""}}'
    return f'{{"method":"a.b","parameters":{{"a":"{"x" * (size - len(empty))}"}}}}'


def no_varlink(method: str) -> list[bytes]:
    """Frames of all sorts that are none, or calls of a method that exists with something wrong in them.

    A server has nothing to answer with, and hangs up.
    """

    def call(more: str) -> str:
        return f'{{"method":"{method}",{more}}}'

    def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
        return call(f'"parameters":{{"a":{opening * depth}1{closing * depth}}}')

    frames: list[str | bytes] = [
        *'\n 1[]{}\\"',
        *("", "hello", "null", "true", '"x"', "[]", "{}", "[{}]", "}{", "{]", '{"', "GET / HTTP/1.1", "/**/"),
        *(
            '{"method":',
            '{"method":"a.b"',
            '{"method":"a.b"}}',
            '{"method":1}',
            '{"method":null}',
            '{"method":["a.b"]}',
        ),
        *('{"parameters":{}}', '{"error":"a.B","parameters":{}}', '{"continues":true}', "{'method':'a.b'}"),
        *('{"method":"a.b"}{"method":"a.b"}', '{"method" "a.b"}', '{"method":a.b}', "{method:1}"),
        *('{"method":"\\ud800"}', '{"method":"\\u00"}', '{"method":"\\x41"}', '{"method":"a\nb"}'),
        *(call('"more":"yes"'), call('"oneway":1'), call('"upgrade":[]'), call('"parameters":{]}')),
        *(call('"parameters":{"a":NaN}'), call('"parameters":{"a":Infinity}')),
        *(nested(depth) for depth in (63, 100, 1000, 100_000)),
        *(nested(depth, '{"a":', "}") for depth in (63, 1000, 40_000)),
        *("[" * 250_000, "{" * 250_000, '{"a":' * 50_000, '"' * 250_000, "\\" * 250_000, '["' * 100_000),
        *(padded(FRAME_LIMIT + 1), " " * (FRAME_LIMIT + 1), "[" * (FRAME_LIMIT + 1), "x" * 2_000_000),
        *(
            b'{"method":"\xff"}',
            b'{"method":"\xc0\xaf"}',
            b'{"method":"\xed\xa0\x80"}',
            b'{"method":"\xf4\x90\x80\x80"}',
        ),
        *(b"\xff\xfe{", b"\xfe\xff", b"\x1f\x8b\x08", b"\x16\x03\x01\x02", bytes(range(1, 256)), b"\x80" * 250_000),
    ]
    return [(one if isinstance(one, bytes) else one.encode()) + b"\0" for one in frames]
