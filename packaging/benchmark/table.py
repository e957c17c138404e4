"""Figures for people, and what is judged."""

import statistics
from dataclasses import dataclass, field

from .processes import Run


def shown(values: list[float]) -> str:
    """The median, with the least and the most of several."""
    median = f"{statistics.median(values):.1f}"
    return f"{median} ({min(values):.1f}-{max(values):.1f})" if len(values) > 1 else median


def ratio(values: list[float], reference: list[float] | None) -> str:
    """How many times the reference's median; nothing without one."""
    if not reference or not statistics.median(reference):
        return ""
    return f"{statistics.median(values) / statistics.median(reference):.2f}x"


def heading(title: str, *columns: str) -> None:
    """The first line of a table."""
    print(f"\n\033[1m{title:<44}\033[0m" + "".join(f"{column:<28}" for column in columns), flush=True)


def row(name: str, *cells: str) -> None:
    """A line of a table."""
    print(f"{name:<44}" + "".join(f"{cell:<28}" for cell in cells).rstrip(), flush=True)


def runs_heading(title: str) -> None:
    """The first line of a table of runs."""
    heading(title, "processor time, ms", "wall time, ms", "peak memory, MB")


def runs_row(name: str, runs: list[Run], reference: list[Run] | None = None) -> None:
    """A line of a table of runs, with how many times the reference each is."""
    cells = []
    for figure in ("processor", "wall", "peak"):
        values = [getattr(one, figure) for one in runs]
        others = [getattr(one, figure) for one in reference] if reference else None
        cells.append(f"{shown(values)} {ratio(values, others)}".rstrip() if max(values) > 0 else "")
    row(name, *cells)


@dataclass
class Budgets:
    """What must hold, and what was measured."""

    _lines: list[str] = field(default_factory=list)
    exceeded: int = 0

    def judge(self, what: str, measured: float | None, limit: float, unit: str) -> None:
        """Notes one; None was not measured, which is said and not judged."""
        if measured is None:
            self._lines.append(f"  not measured   {what}: at most {limit:g} {unit}")
            return
        holds = measured <= limit
        self.exceeded += not holds
        said = "kept        " if holds else "EXCEEDED    "
        self._lines.append(f"  {said}   {what}: {measured:.4g} of at most {limit:g} {unit}".rstrip())

    def show(self) -> None:
        """Prints all of them."""
        print("\n\033[1mBudgets\033[0m")
        print("\n".join(self._lines), flush=True)
