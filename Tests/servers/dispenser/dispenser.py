"""The server itself, over HTTPS, on one port of loopback."""

import base64
import contextlib
import json
import secrets
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self

from interference import secured
from scepd.connections import CountingServer
from scepd.hierarchy import Hierarchy

from . import pages
from .ntlm import Handshake, kind

LOGIN = ("PKI\\ndes-reader", "wait:what?%41")
"""The account that may have challenges: a colon, and what a URL would be decoded for, are part of the password."""


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    scheme: str
    """What the client authenticated with: `Basic`, `NTLM 1`, `NTLM 3`, `Bearer`, or nothing."""
    status: int = 0


@dataclass
class Dispenser:
    """Makes a challenge for each request that may have one, and adds it to `challenges`. A context manager."""

    hierarchy: Hierarchy
    challenges: list[str]
    """The challenges that a SCEP server takes, each once."""
    schemes: tuple[str, ...] = ("NTLM", "Basic")
    """What the page offers."""
    page: Callable[[str], str] = pages.password
    """NDES's page around a challenge."""
    encoding: str = "utf-16"
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    """What the endpoint wants."""
    answer: Callable[[str], tuple[int, str, bytes]] = lambda challenge: (
        200,
        "application/json; charset=utf-8",
        json.dumps({"challenge": challenge, "expires_in": 60}).encode(),
    )
    """The endpoint's status, media type and body."""
    location: str | None = None
    """Every answer redirects to there."""
    is_endless: bool = False
    """No answer ends."""

    def __post_init__(self) -> None:
        self.asked: list[Asked] = []
        self.made: list[str] = []
        self.over = threading.Event()
        self._http: _Server | None = None

    def __enter__(self) -> Self:
        self._http = _Server(("127.0.0.1", 0), self, secured(self.hierarchy, "127.0.0.1"))
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()

    @property
    def _base(self) -> str:
        if self._http is None:
            raise RuntimeError("it was not started")
        return f"https://127.0.0.1:{self._http.server_address[1]}"

    @property
    def ndes(self) -> str:
        """What `challenge.ndes` names."""
        return f"{self._base}/certsrv/mscep_admin/"

    @property
    def url(self) -> str:
        """What `challenge.url` names; the query is the endpoint's own."""
        return f"{self._base}/challenge?fleet=a"

    def make(self) -> str:
        """A new challenge, as NDES makes them."""
        made = secrets.token_hex(8).upper()
        self.made.append(made)
        self.challenges.append(made)
        return made


class _Server(CountingServer):
    def __init__(self, address: tuple[str, int], dispenser: Dispenser, context: ssl.SSLContext) -> None:
        self.dispenser = dispenser
        self.context = context
        super().__init__(address, _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake happens in the connection's own thread."""
        # A client that goes away is what some tests are about.
        with contextlib.suppress(OSError), self.context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 120

    def setup(self) -> None:
        super().setup()
        self.handshake = Handshake()

    def log_message(self, format: str, *arguments: object) -> None:
        """`asked` is the log."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._serve()

    def _serve(self) -> None:
        dispenser = self.server.dispenser
        scheme, _, proof = self.headers.get("Authorization", "").partition(" ")
        asked = Asked(self.command, self.path, scheme)
        dispenser.asked.append(asked)
        if dispenser.is_endless:
            return self._send_for_ever(asked)
        if dispenser.location:
            return self._send(asked, 302, "text/html", b"", ("Location", dispenser.location))
        if self.path.startswith("/certsrv/"):
            return self._page(asked, scheme, proof)
        if (scheme, proof) != ("Bearer", dispenser.token):
            return self._send(asked, 401, "text/plain", b"who are you?\n")
        return self._send(asked, *dispenser.answer(dispenser.make()))

    def _page(self, asked: Asked, scheme: str, proof: str) -> None:
        dispenser = self.server.dispenser
        offers = [("WWW-Authenticate", one) for one in dispenser.schemes]
        decoded = base64.b64decode(proof) if scheme in ("Basic", "NTLM") else b""
        is_known = scheme == "Basic" and "Basic" in dispenser.schemes and decoded.decode() == ":".join(LOGIN)
        if scheme == "NTLM":
            asked.scheme = f"NTLM {kind(decoded)}"
            if kind(decoded) == 1:
                ask = base64.b64encode(self.handshake.ask("PKI")).decode()
                return self._send(asked, 401, "text/html", b"", ("WWW-Authenticate", f"NTLM {ask}"))
            is_known = kind(decoded) == 3 and self.handshake.accepts(decoded, LOGIN)
        if not is_known:
            return self._send(asked, 401, "text/html", b"<html>401</html>", *offers)
        page = dispenser.page(dispenser.make()).encode(dispenser.encoding)
        return self._send(asked, 200, "text/html", page)

    def _send(self, asked: Asked, status: int, media_type: str, body: bytes, *headers: tuple[str, str]) -> None:
        asked.status = status
        self.send_response(status)
        if media_type:
            self.send_header("Content-Type", media_type)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_for_ever(self, asked: Asked) -> None:
        asked.status = 200
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.close_connection = True
        with contextlib.suppress(OSError):
            while not self.server.dispenser.over.is_set():
                self.wfile.write(b"A" * 4096)
            self.connection.shutdown(socket.SHUT_RDWR)
