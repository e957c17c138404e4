"""What the watcher is to do, and the command line that says it."""

import sys


class Options:
    """Everything but `log` is off by default."""

    def __init__(
        self,
        log: str,
        *,
        kill: int = 0,
        root: str = "",
        fails: str = "",
        time: int = 1,
        faults: str = "",
        lasting: str = "",
        published: str = "",
    ) -> None:
        self.log = log
        """Receives a line a call: its number, thread, name and what it is about; and what was done to one."""
        self.kill = kill
        """The program is killed before this call, counted from 1 over all its threads."""
        self.root = root
        """What the program takes for its root; calls are told apart by what they are about below it."""
        self.fails = fails
        """The call that fails, as `calls.identity` has it: "" for every one."""
        self.time = time
        """Which of the calls that are equal so far."""
        self.faults = faults
        """How: names of errnos, with commas; `short` for a write that does half of it, `lost` for one that does nothing
        and says that it did. Each time that the same call is made again, it fails with the next of them."""
        self.lasting = lasting
        """As long as this file is there, every call below the root fails from then on, with the first of `faults`."""
        self.published = published
        """The published folder of a profile, looked into before every call."""

    def words(self) -> list[str]:
        """The options as a command line."""
        return [f"{name}={value}" for name, value in vars(self).items() if value]

    @classmethod
    def read(cls, words: list[str]) -> "Options":
        """What `words` gave."""
        options = cls("")
        for word in words:
            name, _, value = word.partition("=")
            setattr(options, name, type(getattr(options, name))(value))
        return options


def wrap(options: Options) -> list[str]:
    """The command for `Program.wrap`."""
    folder = __file__.rpartition("/syscalls/")[0]
    # Compiled once: with the interpreter's own files, since those of the tests' folders stay as they are.
    cache = f"pycache_prefix={sys.prefix}/pycache"
    python = ["env", f"PYTHONPATH={folder}", sys.executable, "-S", "-X", cache]
    return [*python, "-c", "from syscalls.main import main; main()", *options.words(), "--"]
