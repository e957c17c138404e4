"""The small world that the containers live in: mounts and a network of this process alone, gone with it."""

import contextlib
import ctypes
import os
import subprocess
from functools import partial
from pathlib import Path

from looking import until

_CLONE_NEWNS = 0x00020000
_CLONE_NEWNET = 0x40000000


class NotPermitted(RuntimeError):
    """This user or machine may not make namespaces."""


def enter() -> None:
    """Gives the calling thread, and all that it starts, mounts and a network of their own.

    Whatever is mounted or connected afterwards ends with the last process in it, however that ends. Servers that listen
    on loopback are reached by containers that are booted into the same network, and by nobody else.
    """
    if os.geteuid() != 0:
        raise NotPermitted("these tests need root; 'packaging/test system' uses sudo")
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNS | _CLONE_NEWNET) != 0:
        why = os.strerror(ctypes.get_errno())
        raise NotPermitted(f"no namespaces: {why}; a container must allow CAP_SYS_ADMIN and CAP_NET_ADMIN")
    for command in (
        ["mount", "--make-rprivate", "/"],
        # systemd-nspawn and ip-netns(8) leave folders here, which are nobody else's business.
        ["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"],
        ["ip", "link", "set", "lo", "up"],
    ):
        subprocess.run(command, check=True, timeout=20)


def network() -> Path:
    """The network namespace, for `--network-namespace-path=`."""
    return Path(f"/proc/{os.getpid()}/ns/net")


class Layers:
    """A folder that begins as a copy of others and takes changes in memory: they stay as they are.

    The upper layer can be a lower one of the next, once nothing changes it any more.
    """

    def __init__(self, folder: Path, lower: list[Path]) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        _mount("-t", "tmpfs", "-o", "mode=755,size=1g", "tmpfs", str(folder))
        self.upper, work, self.root = folder / "upper", folder / "work", folder / "root"
        for one in (self.upper, work, self.root):
            one.mkdir()
        layers = ":".join(str(one) for one in lower)
        _mount(
            "-t", "overlay", "-o", f"lowerdir={layers},upperdir={self.upper},workdir={work}", "overlay", str(self.root)
        )

    def remove(self) -> None:
        """Unmounts both and removes the folder."""
        for mount in (self.root, self.folder):
            subprocess.run(["umount", "--lazy", str(mount)], check=True, timeout=20)
        self.folder.rmdir()


class ControlGroups:
    """Groups of its own for one container, in each hierarchy that systemd works with: a second container below the
    same group would take the first one's processes for its own.
    """

    def __init__(self, name: str) -> None:
        self.folders: list[Path] = []
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in ("", "name=systemd"):
                mount = Path("/sys/fs/cgroup")
                for below in ("systemd",) if controllers else ("unified",):
                    mount = mount / below if (mount / below).is_dir() else mount
                self.folders.append(mount / path.lstrip("/") / name)
        for folder in self.folders:
            folder.mkdir()

    def command(self, *arguments: str) -> list[str]:
        """What runs a command in them."""
        enter = "".join(f"echo $$ > {folder}/cgroup.procs && " for folder in self.folders)
        return ["/bin/sh", "-c", f'{enter}exec "$@"', "sh", *arguments]

    def remove(self, patience: float = 20.0) -> None:
        """Removes them as soon as the last process in them is gone."""

        def is_gone(folder: Path) -> bool:
            # The kernel takes a moment to bury the dead.
            with contextlib.suppress(OSError):
                folder.rmdir()
            return not folder.exists()

        for folder in self.folders:
            for below, _, _ in os.walk(folder, topdown=False):
                until(partial(is_gone, Path(below)), patience, partial("{} is in use".format, below))


class Image:
    """Runs commands in a root that is not booted."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *arguments: str) -> None:
        """Raises what the command wrote if it fails."""
        done = subprocess.run(
            ["chroot", str(self.root), "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, timeout=20)
