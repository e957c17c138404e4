"""The functions of signetd that two enrollments run. `packaging/hot-functions` prepares and runs it."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmark.machine import Agent
from benchmark.servers import tests_server

_FEWEST = 1000  # functions: fewer cannot be a whole enrollment


def watched(binaries: Path, folder: Path) -> Path:
    """The programs, of which signetd runs under callgrind and writes folder/out.PID when it ends."""
    # Without its DWARF, which Debian 12's valgrind cannot read.
    subprocess.run(["strip", "--strip-debug", "-o", folder / "stripped", binaries / "signetd"], check=True)
    callgrind = f"--tool=callgrind --demangle=no --compress-strings=no --callgrind-out-file={folder}/out.%p"
    programs = folder / "programs"
    programs.mkdir()
    (programs / "signetd").write_text(f'#!/bin/sh\nexec valgrind -q {callgrind} {folder}/stripped "$@"\n')
    (programs / "signetd").chmod(0o755)
    for name in ("signet-installd", "signetctl"):
        (programs / name).symlink_to(binaries / name)
    return programs


def executed(profile: Path) -> Iterator[str]:
    """The program's own functions in what callgrind wrote, by their linker's names."""
    ours = False
    for line in profile.read_text(errors="replace").splitlines():
        key, _, value = line.partition("=")
        if key == "ob":
            ours = value.endswith("/stripped")
        elif key == "fn" and ours:
            yield re.sub(r"'\d+$", "", value)  # a recursive call's depth


def main() -> int:
    """Enrolls, and writes the list; 0 if it is one."""
    binaries, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    scratch = Path(tempfile.mkdtemp(prefix="signet-hot-"))
    scratch.chmod(0o755)
    try:
        with tests_server(scratch / "hierarchy") as (_, target):
            with Agent(scratch, "machine", watched(binaries, scratch), target) as agent:
                agent.enroll()
        names = {name for profile in scratch.glob("out.*") for name in executed(profile)}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if len(names) < _FEWEST:
        print(f"hot-functions: only {len(names)} functions seen, which is no enrollment", file=sys.stderr)
        return 1
    output.write_text("".join(f"{name}\n" for name in sorted(names)))
    print(f"{output}: {len(names)} functions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
