"""Which system calls are counted: all that write, sync, rename, link, unlink, connect, send or receive.

Numbers are x86-64's, from asm/unistd_64.h.
"""

import os

NUMBERS = {
    "read": 0,
    "write": 1,
    "open": 2,
    "pwrite64": 18,
    "readv": 19,
    "writev": 20,
    "sendfile": 40,
    "socket": 41,
    "connect": 42,
    "accept": 43,
    "sendto": 44,
    "recvfrom": 45,
    "sendmsg": 46,
    "recvmsg": 47,
    "bind": 49,
    "fsync": 74,
    "fdatasync": 75,
    "truncate": 76,
    "ftruncate": 77,
    "rename": 82,
    "mkdir": 83,
    "rmdir": 84,
    "creat": 85,
    "link": 86,
    "unlink": 87,
    "symlink": 88,
    "chmod": 90,
    "fchmod": 91,
    "chown": 92,
    "fchown": 93,
    "lchown": 94,
    "openat": 257,
    "mkdirat": 258,
    "fchownat": 260,
    "unlinkat": 263,
    "renameat": 264,
    "linkat": 265,
    "symlinkat": 266,
    "fchmodat": 268,
    "sync_file_range": 277,
    "fallocate": 285,
    "accept4": 288,
    "pwritev": 296,
    "recvmmsg": 299,
    "syncfs": 306,
    "sendmmsg": 307,
    "renameat2": 316,
    "copy_file_range": 326,
    "pwritev2": 328,
}
NAMES = {number: name for name, number in NUMBERS.items()}

PATHS = {
    "open": (None, 0),
    "truncate": (None, 0),
    "mkdir": (None, 0),
    "rmdir": (None, 0),
    "creat": (None, 0),
    "unlink": (None, 0),
    "chmod": (None, 0),
    "chown": (None, 0),
    "lchown": (None, 0),
    "rename": (None, 1),
    "link": (None, 1),
    "symlink": (None, 1),
    "openat": (0, 1),
    "mkdirat": (0, 1),
    "unlinkat": (0, 1),
    "fchownat": (0, 1),
    "fchmodat": (0, 1),
    "symlinkat": (1, 2),
    "renameat": (2, 3),
    "renameat2": (2, 3),
    "linkat": (2, 3),
}
"""For those about a path: which arguments are the folder's descriptor and the path. Of two paths the new one counts."""

DESCRIPTOR = frozenset(NUMBERS) - frozenset(PATHS) - {"socket", "copy_file_range"}
"""Those whose first argument is the descriptor that they are about."""

FAMILIES = {1: "unix", 2: "inet", 10: "inet6", 16: "netlink"}
TYPES = {1: "stream", 2: "datagram", 3: "raw"}
"""What a socket is made for (socket(2))."""

OPEN_FLAGS = {"open": 1, "openat": 2}
"""Which argument of an open are its flags."""

_WRITING = os.O_CREAT | os.O_WRONLY | os.O_RDWR | os.O_TRUNC

_WRITES = frozenset(["write", "pwrite64", "writev", "pwritev", "pwritev2", "fallocate", "ftruncate"])
_SYNCS = frozenset(["fsync", "fdatasync", "syncfs"])
_OPENS = frozenset(["open", "openat", "creat"])
_ENTRIES = frozenset(["mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"])
_REMOVALS = frozenset(["unlink", "unlinkat", "rmdir"])
_MODES = frozenset(["chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat", "lchown"])

POSSIBLE: dict[str, frozenset[str]] = {
    "ENOSPC": _WRITES | _SYNCS | _OPENS | _ENTRIES,
    "EDQUOT": _WRITES | _SYNCS | _OPENS | _ENTRIES,
    "EIO": _WRITES | _SYNCS | _OPENS | _ENTRIES | _REMOVALS | _MODES,
    "EROFS": _OPENS | _ENTRIES | _REMOVALS | _MODES,
    "EMFILE": _OPENS | {"socket", "accept", "accept4"},
    "short": frozenset(["write", "pwrite64", "writev"]),
    "lost": frozenset(["write", "pwrite64"]),
}
"""For each fault the calls that can end so, by their manual pages."""


def identity(name: str, about: str, root: str) -> str:
    """The same for the same call of another run, or at another try."""
    about = about.removeprefix(root)
    replaced, temporary, _ = about.rpartition(".tmp-")
    if temporary:
        about = replaced
    return f"{name} {'socket' if about.startswith('socket:') else about}"


def is_counted(name: str, flags: int, about: str) -> bool:
    """Whether a call changes something outside the process, or takes something in from there.

    Reads count on sockets alone; opening counts where it makes a file, or is for writing. Writing to an eventfd does
    not count: it wakes another thread of the same process, and is gone with it.
    """
    if name in ("read", "readv"):
        return about.startswith("socket:")
    if name in OPEN_FLAGS:
        return bool(flags & _WRITING)
    return not about.startswith("anon_inode:")
