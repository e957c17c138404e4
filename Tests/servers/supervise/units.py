"""Signet's own programs, as their units describe them to systemd."""

from pathlib import Path

from .child import Program


def signet(root: Path, binaries: Path) -> list[Program]:
    """Signet's programs over one root, as its units describe them."""
    return [
        Program(
            "signetd",
            [str(binaries / "signetd"), "--root", str(root)],
            {"control": 0o666, "admin": 0o660},
            at_boot=True,
            credentials=root / "etc/signet/credentials",
        ),
        Program(
            "signet-installd",
            [str(binaries / "signet-installd"), "--root", str(root)],
            {"install": 0o600},
        ),
    ]
