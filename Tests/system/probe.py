"""Run in place of a service, under its settings: tries what the service must not be able to do, and tells what it got.

Prints JSON: for each attempt, or those whose names are its arguments, `done` or the name of the error. It changes
nothing that lasts but for the shared memory that it leaves, and does no harm where everything is allowed: calls that
would are given arguments that the kernel refuses after it has looked at privileges.
"""

import ctypes
import errno
import json
import mmap
import os
import platform
import resource
import socket
import stat
import sys
from collections.abc import Callable

LIBC = ctypes.CDLL(None, use_errno=True)
NUMBERS = {
    "x86_64": {"bpf": 321, "perf_event_open": 298, "kexec_load": 246, "clock_settime": 227, "init_module": 175},
    "aarch64": {"bpf": 280, "perf_event_open": 241, "kexec_load": 104, "clock_settime": 112, "init_module": 105},
}[platform.machine()]
NOWHERE = b"/nowhere"
FOLDERS = (
    *("/", "/boot", "/dev", "/dev/shm", "/etc", "/etc/signet", "/etc/signet/profiles.d", "/etc/ssl", "/etc/ssl/certs"),
    *("/etc/ssl/signet", "/etc/systemd/system", "/home", "/home/bob", "/mnt", "/opt", "/root", "/run", "/run/signet"),
    *("/run/signet/public", "/run/systemd/system", "/srv", "/tmp", "/usr/bin", "/usr/lib/signet", "/var/cache"),
    *("/usr/local/share/ca-certificates", "/var/lib", "/var/lib/signet", "/var/log", "/var/spool", "/var/tmp"),
)
X32_GETPID = 0x40000000 | 39
"""A call of x86_64's third architecture, which most kernels do not even have."""
PR_GET_NO_NEW_PRIVS = 39
IPC_PRIVATE, IPC_CREAT = 0, 0o1000
FILES = ("/etc/shadow", "/etc/gshadow", "/etc/signet/credentials/scep-challenge", "/home/bob/.profile", "/root/.bashrc")


def call(name: str, *arguments: object) -> None:
    """A function of libc, or a system call that it has no function for."""
    given = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    ctypes.set_errno(0)
    result = LIBC.syscall(ctypes.c_long(NUMBERS[name]), *given) if name in NUMBERS else getattr(LIBC, name)(*given)
    if result == -1:
        raise OSError(ctypes.get_errno(), name)


def create(folder: str) -> None:
    """Makes a file and removes it."""
    path = f"{folder}/.signet-probe"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    os.unlink(path)


def execute(folder: str) -> None:
    """Makes a program and runs it."""
    path = f"{folder}/.signet-probe-program"
    with open(path, "w") as program:
        program.write("#!/bin/true\n")
    os.chmod(path, 0o755)
    try:
        child = os.fork()
        if child == 0:
            try:
                os.execv(path, [path])
            except OSError as error:
                os._exit(error.errno or 1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status != 0:
            raise OSError(status, path)
    finally:
        os.unlink(path)


def mark(change: Callable[[str], None]) -> None:
    """Changes a file of its own."""
    path = "/tmp/.signet-probe-file"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    try:
        change(path)
    finally:
        os.unlink(path)


def device() -> None:
    """Makes a device."""
    os.mknod("/tmp/.signet-probe-device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    os.unlink("/tmp/.signet-probe-device")


def bind(family: int, address: tuple[str, int]) -> None:
    """Listens for the network."""
    with socket.socket(family) as one:
        one.bind(address)


def text(path: str) -> str:
    """A file's content."""
    with open(path) as file:
        return file.read()


def refuse_unless(held: bool) -> None:
    """For what a process can only ask about itself."""
    if not held:
        raise PermissionError(errno.EPERM, "not so")


def keep_privileges() -> None:
    """Whether a set-user-id program would still bring its owner's privileges."""
    refuse_unless(LIBC.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)


def map_every_user() -> None:
    """Whether this is a user namespace that holds all of the machine's users."""
    refuse_unless(text("/proc/self/uid_map").split() == ["0", "0", "4294967295"])


def share_mounts() -> None:
    """Whether these are the machine's own mounts, whose number the test has written down."""
    refuse_unless(os.readlink("/proc/self/ns/mnt") == text("/usr/local/lib/probe-mounts"))


def leave_a_core() -> None:
    """Whether a core file may have more than a byte; 1 keeps it from programs as well (core(5))."""
    refuse_unless(resource.getrlimit(resource.RLIMIT_CORE)[1] not in (0, 1))


def share_a_file() -> None:
    """Makes a file that everybody may write, as far as the umask lets it."""
    path = "/tmp/.signet-probe-shared"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    mode = os.stat(path).st_mode
    os.unlink(path)
    refuse_unless(mode & 0o077 != 0)


def leave_shared_memory() -> None:
    """Makes a segment that stays when the process ends."""
    call("shmget", IPC_PRIVATE, 4096, IPC_CREAT | 0o600)


def become_executable() -> None:
    """Writes a page, and then wants to run it."""
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    address = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    call("mprotect", address, 4096, mmap.PROT_READ | mmap.PROT_EXEC)


def make_a_folder(path: str) -> None:
    """Makes it and removes it."""
    os.mkdir(path)
    os.rmdir(path)


def open_to_write(path: str) -> None:
    """Opens what is there, and writes nothing."""
    os.close(os.open(path, os.O_WRONLY))


def visible(path: str) -> None:
    """Whether something is there at all."""
    os.stat(path)


def read(path: str) -> None:
    """Opens a file to read."""
    os.close(os.open(path, os.O_RDONLY))


def attempts() -> dict[str, Callable[[], object]]:
    """By name."""
    found: dict[str, Callable[[], object]] = {
        "chroot": lambda: os.chroot("/"),
        "mount": lambda: call("mount", NOWHERE, NOWHERE, b"tmpfs", 0, None),
        "umount": lambda: call("umount2", NOWHERE, 0),
        "setuid": lambda: os.setuid(1),
        "setgid": lambda: os.setgid(1),
        "setgroups": lambda: os.setgroups([1]),
        "make a device": device,
        "set-user-id bit": lambda: mark(lambda path: os.chmod(path, 0o4755)),
        "give a file to somebody": lambda: mark(lambda path: os.chown(path, 1, 1)),
        "realtime": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
        "priority": lambda: os.setpriority(os.PRIO_PROCESS, 0, -5),
        "personality": lambda: call("personality", 0x0040000),
        "writable and executable memory": lambda: mmap.mmap(
            -1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
        ),
        "host name": lambda: call("sethostname", os.uname().nodename.encode(), len(os.uname().nodename)),
        "clock": lambda: call("clock_settime", 0, None),
        "adjust the clock": lambda: call("adjtimex", None),
        "reboot": lambda: call("reboot", 0),
        "swap": lambda: call("swapon", NOWHERE, 0),
        "accounting": lambda: call("acct", NOWHERE),
        "kernel log": lambda: call("klogctl", 10, None, 0),
        "load a module": lambda: call("init_module", None, 0, None),
        "kexec": lambda: call("kexec_load", 0, 0, None, 0x7FFFFFFF),
        "bpf": lambda: call("bpf", 999, None, 0),
        "performance counters": lambda: call("perf_event_open", None, 0, 0, -1, 0),
        "trace": lambda: call("ptrace", 0, 0, None, None),
        "the first process": lambda: visible("/proc/1"),
        "kernel settings": lambda: visible("/proc/sys/kernel"),
        "kernel modules": lambda: visible("/usr/lib/modules/probe"),
        "the kernel's log device": lambda: open_to_write("/dev/kmsg"),
        "the machine's console": lambda: visible("/dev/console"),
        "a control group": lambda: make_a_folder("/sys/fs/cgroup/signet-probe"),
        "keep privileges": keep_privileges,
        "every user": map_every_user,
        "the machine's mounts": share_mounts,
        "others' temporary files": lambda: visible("/tmp/of-others"),
        "be root": lambda: refuse_unless(os.getuid() == 0),
        "a core file": leave_a_core,
        "a file for everybody": share_a_file,
        "memory that was written": become_executable,
        "leave shared memory": leave_shared_memory,
    }
    if platform.machine() == "x86_64":
        found["another architecture's call"] = lambda: call("syscall", X32_GETPID)
    for name, flag in (
        ("user", 1 << 28),
        ("mount", 1 << 17),
        ("network", 1 << 30),
        ("process", 1 << 29),
        ("ipc", 1 << 27),
        ("host name", 1 << 26),
        ("control group", 1 << 25),
    ):
        found[f"a new {name} namespace"] = lambda flag=flag: call("unshare", flag)  # type: ignore[misc]
    for folder in FOLDERS:
        found[f"write {folder}"] = lambda folder=folder: create(folder)  # type: ignore[misc]
        found[f"execute {folder}"] = lambda folder=folder: execute(folder)  # type: ignore[misc]
    for file in FILES:
        found[f"read {file}"] = lambda file=file: read(file)  # type: ignore[misc]
    for family in range(1, 46):
        for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
            found[f"socket {family} {int(kind)}"] = lambda family=family, kind=kind: socket.socket(family, kind).close()  # type: ignore[misc]
    found["listen on IPv4"] = lambda: bind(socket.AF_INET, ("127.0.0.1", 0))
    found["listen on IPv6"] = lambda: bind(socket.AF_INET6, ("::1", 0))
    return found


def outcome(attempt: Callable[[], object]) -> str:
    """In a process of its own, which takes the change with it."""
    child = os.fork()
    if child == 0:
        code = 0
        try:
            attempt()
        except OSError as error:
            code = error.errno or 255
        except BaseException:
            code = 254
        os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return "done" if code == 0 else errno.errorcode.get(code, f"exit {code}")


wanted = {name: attempt for name, attempt in attempts().items() if name in sys.argv[1:] or len(sys.argv) == 1}
print(json.dumps({name: outcome(attempt) for name, attempt in wanted.items()}, indent=1))
