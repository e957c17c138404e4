"""Servers that hand out challenges: NDES's page `mscep_admin`, and an endpoint that answers with one."""

from .dispenser import LOGIN, Asked, Dispenser

__all__ = ["LOGIN", "Asked", "Dispenser"]
