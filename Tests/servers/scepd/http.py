"""SCEP's HTTP (RFC 8894 §4) and everything that can go wrong with it."""

import base64
import contextlib
import socket
import time
import traceback
import urllib.parse
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from .behaviour import Trouble
from .connections import CountingServer
from .envelope import Refused
from .forgery import Answer
from .journal import Exchange
from .message import read
from .responder import HTTPError

if TYPE_CHECKING:
    from .server import SCEPServer

_HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Welcome to the network</h1></body></html>"
_PKI_MESSAGE = "application/x-pki-message"


class Listener(CountingServer):
    """Accepts connections for one `SCEPServer`, a thread each."""

    request_queue_size = 64

    def __init__(self, address: tuple[str, int], server: "SCEPServer") -> None:
        self.scep = server
        self.declined_post = False
        """A POST was answered with nothing or 405: after that GET is no fault of the client's."""
        self.capabilities: bytes | None = None
        """What was last heard of capabilities: nothing where they were asked for and no list came."""
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is no news."""


class _Silence(Exception):
    """Close the connection without another byte."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listener
    timeout = 120
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.connection_number = self.server.scep.next_connection()

    def log_message(self, format: str, *arguments: object) -> None:
        """The journal is the log."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The server's clock, as its answers tell it."""
        return super().date_time_string(time.time() + self.server.scep.behaviour.clock.total_seconds())

    def do_GET(self) -> None:
        self._serve(None)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length")
        self._serve(self.rfile.read(int(length)) if length and length.isdigit() else b"")

    def _serve(self, body: bytes | None) -> None:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query, keep_blank_values=True)
        exchange = Exchange(self.connection_number, self.command, query.get("operation", [""])[0], self.path)
        exchange.violations += self._header_violations(exchange)
        self.server.scep.journal.begin(exchange)
        try:
            self._respond(exchange, query, body)
        except _Silence:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            self.close_connection = True
        except Exception:
            # Neither the client's rules nor the test's wishes: a fault of this server must fail the test as loudly.
            exchange.violations.append(f"the server itself failed: {traceback.format_exc()}")
            self._send(exchange, 500, "text/plain", b"server fault\n")
        finally:
            self.server.scep.journal.touch()

    def _header_violations(self, exchange: Exchange) -> list[str]:
        found = []
        if self.headers.get("Transfer-Encoding"):
            found.append("the request is chunked")
        if self.headers.get("Expect"):
            found.append("the request expects 100-continue")
        if exchange.method == "POST":
            if self.headers.get("Content-Type") != _PKI_MESSAGE:
                found.append(f"POST with Content-Type {self.headers.get('Content-Type')} (§4.3)")
            if exchange.operation != "PKIOperation":
                found.append(f"POST of {exchange.operation} (§4.1)")
        return found

    def _respond(self, exchange: Exchange, query: dict[str, list[str]], body: bytes | None) -> None:
        behaviour, responder = self.server.scep.behaviour, self.server.scep.responder
        if exchange.operation == "PKIOperation":
            self._operate(exchange, self._message(exchange, query) if body is None else body)
        elif exchange.operation == "GetCACaps":
            self.server.capabilities = b""
            if not self._disturb(exchange):
                text = "".join(line + behaviour.capabilities_end for line in behaviour.capabilities)
                self._deliver(exchange, "text/plain", text.encode())
        elif exchange.operation == "GetCACert":
            if not self._disturb(exchange):
                self._deliver(exchange, *responder.ca_certificates())
        elif exchange.operation == "GetNextCACert" and responder.hierarchy.successor:
            if not self._disturb(exchange):
                self._deliver(exchange, "application/x-x509-next-ca-cert", responder.next_certificates())
        else:
            exchange.violations.append(f"operation {exchange.operation!r} is unknown")
            self._send(exchange, 400, "text/plain", b"unknown operation\n")

    def _message(self, exchange: Exchange, query: dict[str, list[str]]) -> bytes:
        """The message of a GET (§4.1: base64, percent-escaped)."""
        heard = self.server.capabilities
        if heard is None:
            heard = "\n".join(self.server.scep.behaviour.capabilities).encode()
        offered = {line.strip().lower() for line in heard.splitlines()}
        if not self.server.declined_post and {b"postpkioperation", b"scepstandard"} & offered:
            exchange.violations.append("PKIOperation by GET although the CA offers POST (§4.1)")
        try:
            return base64.b64decode(query.get("message", [""])[0], validate=True)
        except ValueError:
            exchange.violations.append("message= is not base64 (§4.1)")
            return b""

    def _operate(self, exchange: Exchange, body: bytes) -> None:
        post = self.server.scep.behaviour.post if exchange.method == "POST" else "accept"
        if post != "accept":
            self.server.declined_post = True
            self._send(exchange, *((200, "", b"") if post == "empty" else (int(post), "text/plain", b"GET only\n")))
        elif not self._disturb(exchange, body):
            try:
                reply = self.server.scep.responder.operate(body, exchange)
            except HTTPError as error:
                self._send(exchange, error.status, "text/plain", error.why.encode())
            else:
                self._deliver(exchange, _PKI_MESSAGE, reply)

    def _trouble(self, exchange: Exchange, *kinds: str) -> Trouble | None:
        """Takes the next trouble of these kinds that this request runs into."""
        for one in self.server.scep.behaviour.troubles:
            hits = one.kind in kinds and one.operation == exchange.operation and one.times != 0
            if hits and one.message_type in (None, exchange.message_type):
                if one.times is not None:
                    one.times -= 1
                return one
        return None

    def _disturb(self, exchange: Exchange, body: bytes = b"") -> bool:
        """Troubles that strike before a request is processed; true if it was answered."""
        if body and self.server.scep.behaviour.troubles:
            with contextlib.suppress(Refused):
                message = read(body, legacy=True)
                exchange.message_type, exchange.transaction_id = message.message_type, message.transaction_id
        trouble = self._trouble(exchange, "hold", "html", "status", "empty", "delay", "refuse")
        kind = trouble.kind if trouble else None
        if trouble and kind == "delay":
            self.server.scep.journal.touch()
            (trouble.until or self.server.scep.released).wait(trouble.seconds)
            return False
        if kind in ("hold", "refuse"):
            exchange.answer = "held" if kind == "hold" else "connection closed"
            self.server.scep.journal.touch()
            if kind == "hold":
                self.server.scep.released.wait()
            raise _Silence
        if kind == "html":
            self._send(exchange, 200, "text/html; charset=utf-8", _HTML)
        elif kind == "empty":
            self.server.declined_post = True
            self._send(exchange, 200, "", b"")
        elif trouble:
            self._send(exchange, trouble.status, "text/plain", trouble.text.encode(), retry_after=trouble.retry_after)
        return trouble is not None

    def _deliver(self, exchange: Exchange, media_type: str, body: bytes) -> None:
        """Sends a processed answer, unless it is lost or damaged on its way."""
        trouble = self._trouble(exchange, "lost", "cut", "truncate")
        kind = trouble.kind if trouble else None
        if kind == "lost":
            exchange.answer += ", lost on its way"
            raise _Silence
        if trouble and kind == "truncate":
            body = body[: trouble.cut_at]
        answer = Answer(200, media_type, body)
        forgery = self.server.scep.behaviour.forgery
        if forgery and exchange.operation in forgery.answers:
            answer = forgery.answers[exchange.operation](answer)
        cut_at = trouble.cut_at if trouble and kind == "cut" else None
        self._send(exchange, answer.status, answer.media_type, answer.body, cut_at=cut_at)

    def _send(
        self,
        exchange: Exchange,
        status: int,
        media_type: str | None,
        body: bytes,
        *,
        cut_at: int | None = None,
        retry_after: str | None = None,
    ) -> None:
        exchange.answer = f"{status} {exchange.answer}".strip()
        if cut_at is not None:
            exchange.answer += f", cut at {cut_at} bytes"
        self.server.scep.journal.touch()
        if exchange.operation == "GetCACaps" and status == 200:
            self.server.capabilities = body
        self.send_response(status)
        if media_type:
            self.send_header("Content-Type", media_type)
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:cut_at])
        if cut_at is not None and cut_at < len(body):
            self.wfile.flush()
            raise _Silence
