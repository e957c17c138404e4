"""What a watcher wrote, read back."""

import ast
from dataclasses import dataclass, field
from pathlib import Path

from .calls import identity


@dataclass(frozen=True)
class Call:
    """One counted call."""

    index: int
    thread: int
    name: str
    about: str

    def identity(self, root: Path) -> str:
        """The same for the same call of another run; several of one run may have it."""
        return identity(self.name, self.about, str(root))


@dataclass
class Log:
    """All of one file, of one process of the program or of several in a row."""

    calls: list[Call] = field(default_factory=list)
    killed: list[int] = field(default_factory=list)
    """The calls before which it was killed."""
    injected: list[str] = field(default_factory=list)
    """What was made to fail, and how: `INDEX FAULT NAME ABOUT`."""
    published: list[dict[str, str] | None] = field(default_factory=list)
    """What readers saw, change by change."""

    @classmethod
    def read(cls, path: Path) -> "Log":
        """The file's content; nothing where there is none. A line that is still being written is left out."""
        log = cls()
        text = path.read_text() if path.exists() else ""
        for line in text[: text.rfind("\n") + 1].splitlines():
            word, _, rest = line.partition(" ")
            if word == "killed":
                log.killed.append(int(rest))
            elif word == "failed":
                log.injected.append(rest)
            elif word == "published":
                log.published.append(ast.literal_eval(rest))
            else:
                thread, name, about = rest.split(" ", 2)
                log.calls.append(Call(int(word), int(thread), name, about))
        return log
