"""What the programs of a machine opened, ran and called, as strace(1) saw it: in the words of AppArmor's rules."""

import contextlib
import re
import shutil
import signal
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from looking import until

# Each changes what its paths name, or who may do what with it.
_CHANGES = (
    *("unlink", "unlinkat", "rename", "renameat", "renameat2", "symlink", "symlinkat", "link", "linkat", "chmod"),
    *("fchmodat", "chown", "lchown", "fchownat", "truncate", "mknod", "mknodat"),
)
_FOLDERS = ("mkdir", "mkdirat", "rmdir")
_BY_DESCRIPTOR = ("fchmod", "fchown", "ftruncate")
_OPENS = ("open", "openat", "openat2", "creat")
_CALLS = (
    *(*_CHANGES, *_FOLDERS, *_BY_DESCRIPTOR, *_OPENS, "execve", "execveat", "mmap", "connect", "sendto", "sendmsg"),
    *("socket", "chdir", "clone", "clone3", "fork", "vfork"),
)
OPTIONS = (
    *("strace", "--quiet=all", "--follow-forks", "--output-separately", "--decode-fds=path", "--pidns-translation"),
    *("--string-limit=4096", f"--trace={','.join(f'?{one}' for one in _CALLS)}"),
)

_LINE = re.compile(r"^(\w+)\((.*)\) += (\d+)(?:<(/[^>]*)>)?(?: /\* (\d+) in strace's PID NS \*/)?")
_NAMED = re.compile(r'(?:(?:AT_FDCWD|\d+)<(/[^>]*)>, )?"([^"]*)"')
_CWD = re.compile(r'AT_FDCWD<(/[^>]*)>|^chdir\("([^"]*)"\) += 0')
_DESCRIPTOR = re.compile(r"^\d+<(/[^>]*)>")
_SOCKET_PATH = re.compile(r'sun_path="(/[^"]*)"')
_MAPPED = re.compile(r"PROT_EXEC[^<]*<(/[^>]*)>")
_NETWORK = re.compile(r"^AF_(\w+), SOCK_(\w+)")


@dataclass
class Traced:
    """What a program did, and whatever it started."""

    needs: set[tuple[str, str]] = field(default_factory=set)
    """Letters of apparmor.d(5), and a path; a folder's ends with a slash."""
    networks: set[str] = field(default_factory=set)


@contextlib.contextmanager
def attached(process: int, trace: Path) -> Iterator[None]:
    """Follows a process and all that it starts meanwhile, into a folder that is whole afterwards."""
    tracer = subprocess.Popen([*OPTIONS, f"--output={trace}/trace", f"--attach={process}"])
    status, traced = Path(f"/proc/{process}/status"), f"TracerPid:\t{tracer.pid}\n"
    try:
        until(lambda: traced in status.read_text() or tracer.poll() is not None, 40, lambda: "strace does not attach")
        if tracer.poll() is not None:
            raise RuntimeError("strace does not attach")
        yield
    finally:
        # It lets go of what it follows, which goes on.
        tracer.send_signal(signal.SIGINT)
        tracer.wait(40)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A place for traces."""
    made = Path(tempfile.mkdtemp(prefix="signet-trace-"))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def read(trace: Path, programs: dict[str, str]) -> dict[str, Traced]:
    """What each program did, by its name.

    Args:
        trace: the folder, with one file for each thread.
        programs: names by path. What they start is theirs.
    """
    threads = {int(file.suffix[1:]): file.read_text(errors="replace").splitlines() for file in trace.glob("trace.*")}
    found: dict[str, Traced] = defaultdict(Traced)

    def follow(thread: int, program: str | None, cwd: str) -> None:
        for line in threads.get(thread, []):
            if shown := _CWD.search(line):
                cwd = shown[1] or shown[2]
            # What failed needed no permission, or got none.
            if not (match := _LINE.match(line)):
                continue
            call, arguments, _, result, child = match.groups()
            if child is not None:
                follow(int(child), program, cwd)
            elif call in ("execve", "execveat") and (named := _names(arguments, cwd)) and named[0] in programs:
                program = programs[named[0]]
            elif program is not None:
                _note(found[program], call, arguments, result, cwd)

    # From those that nobody started, which were there before.
    matches = (_LINE.match(line) for lines in threads.values() for line in lines)
    started = {int(match[5]) for match in matches if match and match[5]}
    for thread in threads.keys() - started:
        follow(thread, None, "/")
    # Some open a folder without saying that it is one.
    folders = {path for one in found.values() for _, path in one.needs if path.endswith("/")}
    for one in found.values():
        one.needs = {(letters, f"{path}/" if f"{path}/" in folders else path) for letters, path in one.needs}
    return found


def _names(arguments: str, cwd: str) -> list[str]:
    """The paths that a call names, each below the folder that it starts from."""
    return [str(PurePosixPath(base or cwd, name)) for base, name in _NAMED.findall(arguments)]


def _note(traced: Traced, call: str, arguments: str, result: str | None, cwd: str) -> None:
    if call in _OPENS:
        if result and "O_PATH" not in arguments:
            writes = call == "creat" or re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", arguments)
            reads = call != "creat" and "O_WRONLY" not in arguments
            slash = "/" if "O_DIRECTORY" in arguments and not result.endswith("/") else ""
            letters = ("r" if reads else "") + ("w" if writes else "")
            traced.needs.add((letters, result.removesuffix(" (deleted)") + slash))
    elif call in ("execve", "execveat"):
        traced.needs.add(("x", _names(arguments, cwd)[0]))
    elif call == "mmap":
        traced.needs |= {("m", path) for path in _MAPPED.findall(arguments)}
    elif call == "socket" and (match := _NETWORK.match(arguments)):
        traced.networks.add(f"{match[1].lower()} {match[2].lower()}")
    elif call in ("connect", "sendto", "sendmsg"):
        traced.needs |= {("w", path) for path in _SOCKET_PATH.findall(arguments)}
    elif call in _BY_DESCRIPTOR:
        traced.needs |= {("w", path.removesuffix(" (deleted)")) for path in _DESCRIPTOR.findall(arguments)}
    elif call in _FOLDERS or "AT_REMOVEDIR" in arguments:
        traced.needs |= {("w", f"{path}/") for path in _names(arguments, cwd)}
    elif call.startswith("symlink"):
        # What a link says is no path that anybody opens now.
        traced.needs.add(("w", _names(arguments, cwd)[-1]))
    elif call in _CHANGES:
        traced.needs |= {("w", path) for path in _names(arguments, cwd)}
