"""An HTTP server that knows whether anybody is still being served."""

import socket
import threading
from http.server import ThreadingHTTPServer
from typing import Any


class CountingServer(ThreadingHTTPServer):
    """A thread for each connection; `settle` waits for all of them."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *arguments: Any) -> None:
        self._count = 0
        self._ended = threading.Condition()
        # The class's own is IPv4.
        self.address_family = socket.AF_INET6 if ":" in arguments[0][0] else socket.AF_INET
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Counts in the thread that accepts."""
        with self._ended:
            self._count += 1
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serves the connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._ended:
                self._count -= 1
                self._ended.notify_all()

    def settle(self, timeout: float = 60.0) -> None:
        """Until all that clients sent who have gone by now, even those that nobody had accepted yet, was dealt with."""
        host, port = self.server_address[:2]
        # Connections are accepted in their order: once this one has ended, those before it are counted.
        with socket.create_connection((str(host), port), timeout) as last:
            last.shutdown(socket.SHUT_WR)
            while last.recv(4096):
                pass
        with self._ended:
            if not self._ended.wait_for(lambda: self._count == 0, timeout):
                raise TimeoutError(f"{self._count} connections are open after {timeout} s")
