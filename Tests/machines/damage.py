"""What can become of a file on a disk, each way by name: what a bad block, a hurried admin or an attacker leaves."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

Damage = Callable[[Path, Path], None]
"""Does it to a file; the second path is of a file outside that nobody may touch."""


def _rewritten(change: Callable[[bytes], bytes]) -> Damage:
    def damage(file: Path, outside: Path) -> None:
        file.write_bytes(change(file.read_bytes()))

    return damage


def _replaced(put: Callable[[Path, Path], None]) -> Damage:
    def damage(file: Path, outside: Path) -> None:
        file.unlink()
        put(file, outside)

    return damage


def _folder(file: Path, outside: Path) -> None:
    file.mkdir()
    (file / "inside").write_text("somebody's\n")


def _mode(mode: int) -> Damage:
    return lambda file, outside: file.chmod(mode)


def _another(file: Path, outside: Path) -> None:
    os.chown(file, 1, 1)
    file.chmod(0o600)


DAMAGES: dict[str, Damage] = {
    "half": _rewritten(lambda content: content[: len(content) // 2]),
    "empty": _rewritten(lambda content: b""),
    "zeros": _rewritten(lambda content: bytes(len(content))),
    "garbage": _rewritten(lambda content: bytes((byte * 7 + at) % 251 for at, byte in enumerate(content))),
    "folder": _replaced(_folder),
    "link": _replaced(lambda file, outside: file.symlink_to(outside)),
    "dangling link": _replaced(lambda file, outside: file.symlink_to(outside.with_name("nothing"))),
    "another's": _another,
    "mode 0000": _mode(0),
    "mode 0666": _mode(0o666),
    "gone": lambda file, outside: file.unlink(),
}
"""What can be done to any file."""


def newer(file: Path) -> None:
    """Makes a JSON file one of a version that nobody knows yet, with a field of its own."""
    text = file.read_text()
    assert '"version" : 1' in text, text
    file.write_text(text.replace('"version" : 1', '"version" : 999,\n  "later" : "what a later version keeps"'))


class Kept:
    """Folders as they are now, to be had again as often as needed."""

    def __init__(self, root: Path, folders: list[str], store: Path) -> None:
        self._root, self._folders, self._store = root, folders, store
        for folder in folders:
            _copy(root / folder, store / folder)

    def restore(self) -> None:
        """Puts everything back, owners and modes too."""
        for folder in self._folders:
            shutil.rmtree(self._root / folder)
            _copy(self._store / folder, self._root / folder)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, target, symlinks=True)
    for one in (source, *source.rglob("*")):
        status = one.lstat()
        os.chown(target / one.relative_to(source), status.st_uid, status.st_gid, follow_symlinks=False)
