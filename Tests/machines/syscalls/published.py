"""What is published, as its readers get it."""

import os


def read_published(profile: str) -> dict[str, str] | None:
    """What two readers get: one opens `current` once and reads both files in it, the other reads one file.

    Nil where nothing was ever published; a file that is missing from the folder is "".
    """
    try:
        folder = os.open(f"{profile}/current", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        found = {one: _content(one, folder) for one in ("cert.pem", "key.pem")}
    finally:
        os.close(folder)
    return {**found, "combined.pem": _content(f"{profile}/current/combined.pem", None)}


def _content(path: str, folder: int | None) -> str:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return ""
    with os.fdopen(file) as opened:
        return opened.read()
