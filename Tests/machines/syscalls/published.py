"""What is published, as its readers get it."""

import os
from pathlib import Path


def read_published(profile: Path) -> dict[str, str] | None:
    """What two readers get: one opens `current` once and reads both files in it, the other reads one file.

    Nil where nothing was ever published; a file that is missing from the folder is "".
    """
    try:
        folder = os.open(profile / "current", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        found = {one: _content(one, folder) for one in ("cert.pem", "key.pem")}
    finally:
        os.close(folder)
    return {**found, "combined.pem": _content(profile / "current/combined.pem", None)}


def _content(path: str | Path, folder: int | None) -> str:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return ""
    with os.fdopen(file) as opened:
        return opened.read()
