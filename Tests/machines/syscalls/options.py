"""What the watcher is to do, as its command line says it."""

from dataclasses import asdict, dataclass


@dataclass
class Options:
    """Everything but `log` is off by default."""

    log: str
    """Receives a line a call: its number, thread, name and what it is about; and what was done to one."""
    kill: int = 0
    """The program is killed before this call, counted from 1 over all its threads."""
    at: int = 0
    """The call that fails."""
    faults: str = ""
    """How: names of errnos, with commas; `short` for a write that does half of it. Each time that the same call is made
    for the same file again, it fails with the next of them."""
    lasting: str = ""
    """As long as this file is there, every call from the one at `at` on fails with the first of `faults`, if it can"""
    below: str = ""
    """and is about something below this folder."""
    published: str = ""
    """The published folder of a profile, looked into before every call."""

    def words(self) -> list[str]:
        """The options as a command line."""
        return [f"{name}={value}" for name, value in asdict(self).items() if value]

    @classmethod
    def read(cls, words: list[str]) -> "Options":
        """What `words` gave."""
        options = cls("")
        for word in words:
            name, _, value = word.partition("=")
            setattr(options, name, type(getattr(options, name))(value))
        return options
