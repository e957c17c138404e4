"""A management endpoint: HTTPS that may demand a client certificate, and takes CloudEvents."""

from .events import EventSchemas
from .receiver import Delivery, Receiver

__all__ = ["Delivery", "EventSchemas", "Receiver"]
