"""What installing each takes on the disk, counted from Debian's own figures (Installed-Size)."""

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .processes import NotMeasured

_FIELDS = ("Package", "Priority", "Essential", "Installed-Size", "Depends", "Pre-Depends", "Provides")


@dataclass(frozen=True)
class Size:
    """MB of 10^6 bytes."""

    own: float
    pulled: float
    """Of the packages that it brings to a system which has none but the required and important ones."""
    packages: list[str]
    """Their names."""


class Sizes:
    """The packages that are installed here."""

    def __init__(self) -> None:
        form = "\t".join(f"${{{field}}}" for field in _FIELDS) + "\n"
        listed = subprocess.run(
            ["dpkg-query", "-W", "-f", form], stdout=subprocess.PIPE, text=True, check=True, timeout=60
        )
        rows = [dict(zip(_FIELDS, line.split("\t"), strict=True)) for line in listed.stdout.splitlines()]
        self._packages = {row["Package"]: row for row in rows}
        self._provided = {name: row["Package"] for row in rows for name in _names(row["Provides"])}
        base = [name for name, row in self._packages.items() if row["Priority"] in ("required", "important")]
        self._base = self._closure(base)

    def installed(self, *names: str) -> Size:
        """Of installed packages, the first of which is the one meant."""
        missing = [name for name in names if name not in self._packages]
        if missing:
            raise NotMeasured(f"not installed: {', '.join(missing)}")
        return self._size(self._kib(names[0]), self._closure(names) - {names[0]})

    def of_file(self, package: Path) -> Size:
        """Of a .deb, whose dependencies are installed."""
        command = ["dpkg-deb", "--field", str(package), "Installed-Size", "Depends", "Pre-Depends"]
        shown = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout
        fields = dict(line.split(": ", 1) for line in shown.splitlines())
        needed = f"{fields.get('Depends', '')},{fields.get('Pre-Depends', '')}"
        return self._size(int(fields["Installed-Size"]), self._closure(self._chosen(needed)))

    def _size(self, own: int, others: set[str]) -> Size:
        pulled = sorted(others - self._base, key=self._kib, reverse=True)
        return Size(own * 1024 / 1e6, sum(map(self._kib, pulled)) * 1024 / 1e6, pulled)

    def _kib(self, name: str) -> int:
        return int(self._packages[name]["Installed-Size"] or 0)

    def _chosen(self, needed: str) -> list[str]:
        """Of each dependency the first alternative that is installed."""
        found = []
        for group in needed.split(","):
            for name in _names(group.replace("|", ",")):
                there = name if name in self._packages else self._provided.get(name)
                if there:
                    found.append(there)
                    break
        return found

    def _closure(self, names: Iterable[str]) -> set[str]:
        found, waiting = set[str](), list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                row = self._packages[name]
                waiting += self._chosen(f"{row['Depends']},{row['Pre-Depends']}")
        return found


def _names(relations: str) -> list[str]:
    """The names in a field like `libc6 (>= 2.34), dbus:any`."""
    return [found[0] for one in relations.split(",") if (found := re.match(r"[a-z0-9][a-z0-9+.-]*", one.strip()))]
