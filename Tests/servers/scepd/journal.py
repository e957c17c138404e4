"""What the server saw and answered, for tests to read and to wait for."""

import dataclasses
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509


@dataclass
class Exchange:
    """One HTTP request and its answer, as far as each could be read."""

    connection: int
    """Number of the TCP connection; equal numbers mean that it was kept."""
    method: str
    operation: str
    target: str = ""
    """What the request line named, as it came."""
    message_type: str | None = None
    transaction_id: str | None = None
    signer_subject: str | None = None
    signer_is_self_signed: bool | None = None
    digest: str | None = None
    cipher: str | None = None
    under_password: bool | None = None
    """The request's envelope is for who knows the challenge."""
    ahead: bool | None = None
    """The request's envelope is for the CA's successor."""
    challenge_present: bool | None = None
    challenge_right: bool | None = None
    csr_subject: str | None = None
    alternative_names: list[str] = field(default_factory=list)
    key_bits: int | None = None
    answer: str = ""
    """What was answered: an HTTP status and what was in it, e.g. `200 issued`, or `held`."""
    issued: x509.Certificate | None = None
    violations: list[str] = field(default_factory=list)
    """Rules of RFC 8894 that the client broke."""

    def document(self) -> dict[str, Any]:
        """JSON for the control endpoint."""
        shown = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        shown["issued"] = f"{self.issued.serial_number:x}" if self.issued else None
        return shown


class Journal:
    """All exchanges in the order they came in. Safe to use from several threads."""

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []
        self._changed = threading.Condition()

    def begin(self, exchange: Exchange) -> None:
        """Enters an exchange whose request has arrived."""
        with self._changed:
            self._exchanges.append(exchange)
            self._changed.notify_all()

    def touch(self) -> None:
        """Wakes whoever waits: an exchange was filled in further."""
        with self._changed:
            self._changed.notify_all()

    @property
    def exchanges(self) -> list[Exchange]:
        """A copy of what came so far."""
        with self._changed:
            return list(self._exchanges)

    @property
    def operations(self) -> list[Exchange]:
        """The PKIOperations among them."""
        return [one for one in self.exchanges if one.operation == "PKIOperation"]

    @property
    def issued(self) -> list[x509.Certificate]:
        """Certificates that went out, oldest first."""
        return [one.issued for one in self.exchanges if one.issued]

    @property
    def violations(self) -> list[str]:
        """Every rule that the client broke."""
        return [text for one in self.exchanges for text in one.violations]

    def wait_for(self, matches: Callable[[Exchange], bool], timeout: float, count: int = 1) -> Exchange:
        """The `count`-th matching exchange, waited for; raises `TimeoutError` with the journal."""
        found: list[Exchange] = []

        def ready() -> bool:
            found[:] = [one for one in self._exchanges if matches(one)]
            return len(found) >= count

        with self._changed:
            if not self._changed.wait_for(ready, timeout):
                seen = "; ".join(f"{one.operation} {one.message_type or ''} -> {one.answer}" for one in self._exchanges)
                raise TimeoutError(f"after {timeout} s the server had seen: {seen or 'nothing'}")
        return found[count - 1]
