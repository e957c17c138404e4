"""What a machine needs before probe.py can tell anything of it."""

import os
import stat
from pathlib import Path

from device import Device

PROBE = Path(__file__).with_name("probe.py")
COMMAND = ("/usr/bin/python3", "/usr/local/lib/probe.py")
_KERNEL_LOG = os.makedev(1, 11)


def prepare(container: Device) -> None:
    """Before it is booted: the probe, and what it looks for that a container has not."""
    container.write("usr/local/lib/probe.py", PROBE.read_bytes())
    (container.root / "usr/lib/modules/probe").mkdir(parents=True)


def prepare_booted(container: Device) -> None:
    """After it was booted: what is new with each boot."""
    (container.inside / "tmp/of-others").touch()
    # Every machine has it, a container has not.
    device = container.inside / "dev/kmsg"
    os.mknod(device, stat.S_IFCHR | 0o666, _KERNEL_LOG)
    device.chmod(0o666)
    mounts = Path(f"/proc/{container.init}/ns/mnt").readlink()
    container.write("usr/local/lib/probe-mounts", str(mounts))
