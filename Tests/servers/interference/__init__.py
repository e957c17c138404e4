"""Something between client and server that breaks connections at the level of sockets, as networks do.

One listener serves any number of routes. `route` gives each a URL of its own, and what goes wrong there: the same
server behind it sees only what was let through.
"""

from . import misdeeds
from .misdeeds import Misdeed
from .proxy import Interference, Route, Wire
from .requests import message_of
from .tls import secured, server_files

__all__ = ["Interference", "Misdeed", "Route", "Wire", "message_of", "misdeeds", "secured", "server_files"]
