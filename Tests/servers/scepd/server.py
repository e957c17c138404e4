"""The server: one hierarchy, one behaviour, one journal, on one port of loopback."""

import itertools
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from .authority import Authority
from .behaviour import Behaviour
from .hierarchy import Hierarchy
from .http import Listener
from .journal import Journal
from .responder import Responder


class SCEPServer:
    """One SCEP server on an address of loopback. A context manager: it ends with every connection it holds."""

    def __init__(
        self,
        hierarchy: Hierarchy | None = None,
        behaviour: Behaviour | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        crl_folder: Path | None = None,
    ) -> None:
        self.hierarchy = hierarchy or Hierarchy()
        self.behaviour = behaviour or Behaviour()
        self.journal = Journal()
        self.authority = Authority(self.hierarchy, crl_folder)
        self.responder = Responder(self.hierarchy, self.behaviour, self.authority)
        self.released = threading.Event()
        """Set at the end, or by a test: lets go of every request that is held."""
        self._connections = itertools.count(1)
        self._host = host
        self._http = Listener((host, port), self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """What a profile names."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}/scep"

    @property
    def fingerprint(self) -> str:
        """The issuing CA's, as a profile pins it."""
        return self.hierarchy.issuing.fingerprint

    def start(self) -> Self:
        """Starts to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Lets go of what is held and closes."""
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def settle(self) -> None:
        """Until all that clients sent who have gone by now was dealt with."""
        self._http.settle()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def next_connection(self) -> int:
        """The number of a connection that was just made."""
        return next(self._connections)
