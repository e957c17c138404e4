"""The command's control endpoint: what a test does with attributes, a script does with HTTP and JSON.

GET  /journal      every exchange so far
GET  /behaviour    what the server does now
POST /behaviour    {"pending": 1, "attack": "wrong-nonce", "challenges": {"static": "…"}, "troubles": [{…}]}
POST /revoke       {"serial": "HEX"}, or {} for the certificate issued last; CRLs are written anew
"""

import dataclasses
import datetime
import json
import threading
from collections.abc import Callable
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .authority import Validity
from .behaviour import Attack, Behaviour, Challenges, FailureContent, Trouble
from .envelope import Cipher
from .server import SCEPServer

_MEANING: dict[str, Callable[[Any], Any]] = {
    "cipher": Cipher,
    "attack": lambda value: Attack(value) if value else None,
    "failure_content": FailureContent,
    "challenges": lambda value: Challenges(**value),
    "troubles": lambda value: [Trouble(**one) for one in value],
    "validity": lambda value: Validity(**{key: datetime.timedelta(seconds=seconds) for key, seconds in value.items()}),
}


def apply(behaviour: Behaviour, wanted: dict[str, Any]) -> None:
    """Sets the named fields; raises `ValueError` or `TypeError` before anything changed."""
    known = {one.name for one in dataclasses.fields(behaviour)} - {"forgery"}
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise ValueError(f"no such behaviour: {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    values = {key: _MEANING.get(key, lambda value: value)(value) for key, value in wanted.items()}
    for key, value in values.items():
        setattr(behaviour, key, value)


def shown(value: Any) -> Any:
    """The same for reading: plain JSON values, durations in seconds."""
    if dataclasses.is_dataclass(value):
        return {one.name: shown(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, list):
        return [shown(one) for one in value]
    return value.value if isinstance(value, StrEnum) else value


class Control:
    """Listens on a loopback port of its own."""

    def __init__(self, server: SCEPServer, port: int = 0) -> None:
        handler = type("Handler", (_Handler,), {"scep": server})
        self._http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Closes it."""
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    scep: SCEPServer

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: the journal tells."""

    def do_GET(self) -> None:
        if self.path == "/journal":
            self._reply(200, [one.document() for one in self.scep.journal.exchanges])
        elif self.path == "/behaviour":
            self._reply(200, shown(self.scep.behaviour))
        else:
            self._reply(404, {"error": f"nothing at {self.path}"})

    def do_POST(self) -> None:
        try:
            wanted = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
            if self.path == "/behaviour":
                apply(self.scep.behaviour, wanted)
                self._reply(200, shown(self.scep.behaviour))
            elif self.path == "/revoke":
                serial = int(wanted["serial"], 16) if "serial" in wanted else self.scep.journal.issued[-1].serial_number
                self.scep.authority.revoke(serial)
                self._reply(200, {"revoked": f"{serial:x}"})
            else:
                self._reply(404, {"error": f"nothing at {self.path}"})
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            self._reply(400, {"error": f"{type(error).__name__}: {error}"})

    def _reply(self, status: int, document: Any) -> None:
        body = json.dumps(document, indent=1).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
