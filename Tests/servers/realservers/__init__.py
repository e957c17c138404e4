"""Servers that others wrote, run for one test each: Debian's nginx, scepserver, tinyproxy and squid."""

from .nginx import Nginx
from .proxies import Proxy, Squid, Tinyproxy
from .scepserver import NamespacesNotPermitted, ScepServer

__all__ = ["NamespacesNotPermitted", "Nginx", "Proxy", "ScepServer", "Squid", "Tinyproxy"]
