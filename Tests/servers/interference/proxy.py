"""The listener, its routes, and one connection as a misdeed sees it."""

import contextlib
import itertools
import socket
import ssl
import struct
import threading
import urllib.parse
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from .misdeeds import Misdeed

_PATIENCE = 120.0  # seconds without a byte after which a connection is given up


@dataclass
class Route:
    """One URL, and what becomes of requests to it."""

    url: str
    upstream: tuple[str, int]
    misdeed: Misdeed | None
    operations: tuple[str, ...]
    """The SCEP operations that it happens to; empty for all."""
    requests: list[bytearray] = field(default_factory=list)
    """Every request's head and body, as they came."""
    sent: int = 0
    """Bytes that went to the client."""

    def hits(self, operation: str) -> bool:
        """Whether the misdeed happens to this operation."""
        return self.misdeed is not None and (not self.operations or operation in self.operations)


class Wire:
    """One connection and the request that came over it."""

    def __init__(self, connection: socket.socket, route: Route, head: bytes, over: threading.Event) -> None:
        self.connection = connection
        self.route = route
        self.head = head
        self.body = b""
        self.over = over
        """Set when the test ends: whatever goes on for ever ends then."""
        self._record = bytearray(head)
        route.requests.append(self._record)

    def read_body(self) -> None:
        """Reads the rest of the request."""
        while len(self.body) < content_length(self.head):
            piece = self.connection.recv(65536)
            if not piece:
                raise ConnectionError("the client went away in the middle of its request")
            self.body += piece
            self._record += piece

    def answer(self) -> bytes:
        """Has the server behind answer; all of its answer."""
        self.read_body()
        head, _, rest = self.head.partition(b"\r\n")
        method, path, version = head.split(b" ", 2)
        inner = b"/" + path.split(b"/", 2)[2]
        with socket.create_connection(self.route.upstream, _PATIENCE) as upstream:
            upstream.sendall(b" ".join((method, inner, version)) + b"\r\nConnection: close\r\n" + rest + self.body)
            found = b""
            while piece := upstream.recv(65536):
                found += piece
        return found

    def send(self, data: bytes) -> None:
        """Sends all of it."""
        self.connection.sendall(data)
        self.route.sent += len(data)

    def reset(self) -> None:
        """Ends the connection with RST, and with it whatever was not yet delivered."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class Interference:
    """The listener, on a port of 127.0.0.1. A context manager: it ends with every connection.

    With `tls` it speaks TLS, with what is wrong in that context.
    """

    def __init__(self, upstream: tuple[str, int] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._upstream = upstream
        self._tls = tls
        self._routes: dict[str, Route] = {}
        self._numbers = itertools.count(1)
        self._over = threading.Event()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.connections = 0
        """How many were accepted."""
        self.resets_on_accept = False
        """Whether every connection is reset before a byte of it is read."""

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._listener.getsockname()[1])

    def route(
        self,
        misdeed: Misdeed | None = None,
        *operations: str,
        host: str = "127.0.0.1",
        upstream: tuple[str, int] | None = None,
    ) -> Route:
        """A new route, whose misdeed happens to those operations; to all where none is named."""
        word = f"r{next(self._numbers)}"
        scheme = "https" if self._tls else "http"
        behind = upstream or self._upstream
        if behind is None:
            raise ValueError("nothing is behind this route")
        route = Route(f"{scheme}://{host}:{self.port}/{word}/scep", behind, misdeed, operations)
        self._routes[word] = route
        return route

    def heal(self) -> None:
        """From now on nothing goes wrong."""
        self.resets_on_accept = False
        for route in self._routes.values():
            route.misdeed = None

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self.resets_on_accept:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(_PATIENCE)
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # A client that goes away is what many of these are about.
        with contextlib.suppress(OSError):
            secured = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            with secured:
                self._open.add(secured)
                while head := _head(secured):
                    target = urllib.parse.urlsplit(head.split(b" ", 2)[1].decode())
                    route = self._routes[target.path.split("/", 2)[1]]
                    wire = Wire(secured, route, head, self._over)
                    operation = urllib.parse.parse_qs(target.query).get("operation", [""])[0]
                    misdeed = route.misdeed if route.hits(operation) else None
                    if misdeed:
                        misdeed(wire)
                        return
                    answer = wire.answer()
                    wire.send(answer)
                    if b"\r\nConnection: close" in answer.partition(b"\r\n\r\n")[0]:
                        return

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def content_length(head: bytes) -> int:
    """The length of the body that a head announces."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _head(connection: socket.socket) -> bytes:
    """A request's head, byte by byte so that nothing of the body is taken; empty where the client is gone."""
    found = b""
    while not found.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        found += byte
    return found
