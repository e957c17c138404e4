"""The agent's sockets, through the PyPI package `varlink`: a client that knows nothing of Signet but its interface."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import varlink

from closing import Closing

INTERFACE = "io.signet.Agent"


class AgentError(Exception):
    """An error that was replied."""

    def __init__(self, error: varlink.VarlinkError) -> None:
        self.name = str(error.error()).removeprefix(f"{INTERFACE}.")
        self.parameters: dict[str, Any] = error.parameters() or {}
        super().__init__(f"{self.name}: {self.parameters}")

    @property
    def problem(self) -> str:
        """The code of the problem in `Failed`."""
        return str(self.parameters["problem"]["code"])


class AgentClient(Closing):
    """One connection. Every wait has a deadline in seconds and ends with `TimeoutError`."""

    def __init__(self, path: Path, timeout: float = 20.0) -> None:
        self._path = path
        self._timeout = timeout
        self._connect()

    def _connect(self) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.settimeout(self._timeout)
        self._connection.connect(str(self._path))
        self._client = varlink.Client.new_with_address(f"unix:{self._path}")
        self._agent = self._client.open(INTERFACE, connection=self._connection)

    def status(self, profile: str | None = None) -> dict[str, Any]:
        """`GetStatus`."""
        return dict(self._one("GetStatus", profile=profile)["status"])

    def tags(self, profile: str | None = None) -> dict[str, dict[str, Any]]:
        """`EvaluateTag`, by profile."""
        return {one["profile"]: one["tag"] for one in self._one("EvaluateTag", profile=profile)["tags"]}

    def changes(self, timeout: float) -> Iterator[dict[str, Any]]:
        """`GetStatus` with `more`: the status, and again after every change."""
        for reply in self._many("GetStatus", timeout):
            yield reply["status"]

    def probe(self, url: str) -> dict[str, Any]:
        """`Probe`."""
        return dict(self._one("Probe", url=url))

    def renew(self, profile: str = "access", timeout: float = 60.0) -> list[dict[str, Any]]:
        """`Renew` with `more`, to its end."""
        return list(self._order("Renew", timeout, profile))

    def enroll(self, profile: str = "access", timeout: float = 60.0) -> list[dict[str, Any]]:
        """`Enroll` with `more`, to its end."""
        return list(self._order("Enroll", timeout, profile))

    def begin(self, method: str, profile: str = "access") -> Iterator[dict[str, Any]]:
        """`Renew` or `Enroll` with `more`, reply by reply."""
        return self._order(method, 60.0, profile)

    def _order(self, method: str, timeout: float, profile: str) -> Iterator[dict[str, Any]]:
        """As signetctl gives it: what a process has not begun with when it ends is asked of the next one."""
        is_ordered = False
        try:
            for reply in self._many(method, timeout, profile=profile):
                is_ordered = True
                yield reply
        except AgentError as error:
            if is_ordered or error.name != "Failed" or error.problem != "agent-stopped":
                raise
            self.close()
            self._connect()
            yield from self._many(method, timeout, profile=profile)

    def _one(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._connection.settimeout(self._timeout)
        given = {key: value for key, value in parameters.items() if value is not None}
        try:
            return dict(getattr(self._agent, method)(**given))
        except varlink.VarlinkError as error:
            raise AgentError(error) from error

    def _many(self, method: str, timeout: float, **parameters: Any) -> Iterator[dict[str, Any]]:
        deadline = time.monotonic() + timeout
        replies = getattr(self._agent, method)(_more=True, **parameters)
        while True:
            self._connection.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                yield dict(next(replies))
            except StopIteration:
                return
            except varlink.VarlinkError as error:
                raise AgentError(error) from error

    def close(self) -> None:
        """Goes away."""
        self._connection.close()
