"""The endpoint itself, on one port of loopback."""

import contextlib
import ipaddress
import ssl
import tempfile
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cloudevents.core.base import BaseCloudEvent
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from scepd.connections import CountingServer
from scepd.hierarchy import Hierarchy, certificate, name
from scepd.keys import rsa_key

from .events import EventSchemas


@dataclass
class Delivery:
    """One request, and what was answered."""

    headers: dict[str, str]
    body: bytes
    client: str | None
    """The common name in the client's certificate."""
    status: int = 0
    event: BaseCloudEvent | None = None

    @property
    def kind(self) -> str:
        """`tag.changed` of `io.signet.tag.changed.v1`."""
        return self.event.get_type().removeprefix("io.signet.").removesuffix(".v1") if self.event else ""

    @property
    def data(self) -> dict[str, Any]:
        """The event's data."""
        found = self.event.get_data() if self.event else None
        return found if isinstance(found, dict) else {}


@dataclass
class Receiver:
    """Takes events from devices of a hierarchy, whose root its own certificate leads to as well.

    A context manager. `stop` and `start` again keep the port: the endpoint was away.
    """

    hierarchy: Hierarchy
    demands_certificate: bool = True
    token: str | None = None
    """Refuses with 401 who does not show it."""
    decide: Callable[[Delivery], int] = lambda delivery: 202
    """The status to answer with."""
    answer_headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._port = 0
        self._deliveries: list[Delivery] = []
        self._changed = threading.Condition()
        self._schemas = EventSchemas()
        self.violations: list[str] = []
        """What was no event, or not what its schema says."""
        self._http: _Server | None = None

    @property
    def url(self) -> str:
        """What `management.endpoint` names."""
        return f"https://127.0.0.1:{self._port}/events"

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything that came, oldest first."""
        with self._changed:
            return list(self._deliveries)

    @property
    def accepted(self) -> list[Delivery]:
        """What was answered with 2xx."""
        return [one for one in self.deliveries if 200 <= one.status < 300]

    @property
    def news(self) -> list[str]:
        """What was accepted, without heartbeats: kind and subject."""
        return [
            f"{one.kind} {one.event.get_subject() or ''}".strip()
            for one in self.accepted
            if one.event and one.kind != "heartbeat"
        ]

    def wait_for(self, condition: Callable[[], Any], timeout: float = 40.0) -> None:
        """Until the condition, looked at after every delivery, holds."""
        with self._changed:
            if not self._changed.wait_for(condition, timeout):
                seen = [f"{one.kind} -> {one.status}" for one in self._deliveries]
                raise TimeoutError(f"after {timeout} s the endpoint had seen: {seen}; {self.violations}")

    def receive(self, delivery: Delivery) -> int:
        """Judges a request."""
        try:
            delivery.event = self._schemas.read(delivery.headers, delivery.body)
        except Exception:
            self.violations.append(f"{delivery.body!r}: {traceback.format_exc()}")
        if self.token is not None and delivery.headers.get("Authorization") != f"Bearer {self.token}":
            delivery.status = 401
        else:
            delivery.status = self.decide(delivery)
        with self._changed:
            self._deliveries.append(delivery)
            self._changed.notify_all()
        return delivery.status

    def start(self) -> Self:
        """Listens."""
        self._http = _Server(("127.0.0.1", self._port), self, self._context())
        self._port = int(self._http.server_address[1])
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Goes away, with every connection."""
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None

    def settle(self) -> None:
        """Until all that devices sent that have gone by now was dealt with."""
        if self._http is not None:
            self._http.settle()

    def _context(self) -> ssl.SSLContext:
        key = rsa_key("receiver")
        address = x509.SubjectAlternativeName([x509.IPAddress(_LOOPBACK)])
        own = certificate(name("receiver"), key.public_key(), self.hierarchy.issuing, [(address, False)])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory(prefix="signet-receiver-") as folder:
            chain, secret = Path(folder, "chain.pem"), Path(folder, "key.pem")
            chain.write_text(own.public_bytes(Encoding.PEM).decode() + self.hierarchy.issuing.pem)
            secret.touch(0o600)
            secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            context.load_cert_chain(chain, secret)
        if self.demands_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            # The root alone: the device has to bring the chain.
            context.load_verify_locations(cadata=self.hierarchy.root.pem)
        return context

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


_LOOPBACK = ipaddress.ip_address("127.0.0.1")


class _Server(CountingServer):
    def __init__(self, address: tuple[str, int], receiver: Receiver, context: ssl.SSLContext) -> None:
        self.receiver = receiver
        self.context = context
        self._open: set[ssl.SSLSocket] = set()
        super().__init__(address, _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake happens in the connection's own thread."""
        with self.context.wrap_socket(request, server_side=True) as secured:
            self._open.add(secured)
            super().finish_request(secured, client_address)

    def server_close(self) -> None:
        """Connections that are kept end, too."""
        super().server_close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(2)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is refused in the handshake is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    connection: ssl.SSLSocket
    timeout = 60

    def log_message(self, format: str, *arguments: object) -> None:
        """Deliveries are the log."""

    def do_POST(self) -> None:
        """An event, so it should be."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        shown = self.connection.getpeercert() or {}
        names: Any = shown.get("subject", ())
        client = next((value for pairs in names for kind, value in pairs if kind == "commonName"), None)
        status = self.server.receiver.receive(Delivery(dict(self.headers.items()), body, client))
        self.send_response(status)
        for header, value in self.server.receiver.answer_headers.items():
            self.send_header(header, value)
        self.send_header("Content-Length", "0")
        self.end_headers()
