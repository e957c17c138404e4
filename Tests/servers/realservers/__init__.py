"""Servers that others wrote, run for one test each and ended with it: Debian's nginx and scepserver."""

from .nginx import Nginx
from .scepserver import NamespacesNotPermitted, ScepServer

__all__ = ["NamespacesNotPermitted", "Nginx", "ScepServer"]
