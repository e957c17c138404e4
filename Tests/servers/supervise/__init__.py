"""Stands for systemd in tests and the demo: binds Signet's sockets, starts its programs, passes the sockets on.

It follows what the units ask of systemd: a program starts at boot (`signetd`), when somebody connects, at a tick, and
when a profile, anchor or credential changes; it may exit when idle, and starts again when it is needed. Sockets are
passed as sd_listen_fds(3) says, credentials as `LoadCredential=signet:/etc/signet/credentials` gives them, readiness
is read from `NOTIFY_SOCKET`. It ends its own children only, by their process ids.

As a command: ``python -m supervise --root DIR --bin DIR``.
"""

from .child import Child, Program
from .supervisor import NotReached, Supervisor
from .units import signet

__all__ = ["Child", "NotReached", "Program", "Supervisor", "signet"]
