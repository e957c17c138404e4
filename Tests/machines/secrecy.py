"""Secrets: the forms in which they could have been written down, where each belongs, and where it was found."""

import base64
import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SHORTEST = 8
"""Bytes below which a challenge is a word that may stand anywhere."""
_ALIGNABLE = 12
"""Bytes from which on a secret's base64 is telling at each alignment."""
_EC_LINES = 5
"""No EC key's PEM has more lines."""
_CREDENTIALS = re.compile(r"etc/signet/credentials/[^/]+|var/lib/signet/profiles/[^/]+/pending/\.?challenge[^/]*")
_KEYS = re.compile(
    r"(var/lib/signet/profiles|etc/ssl/signet)/.+/\.?(key|combined)\.pem[^/]*"
    r"|var/lib/signet/profiles/[^/]+/pending/\.?transport\.pem[^/]*"
)


def forms(secret: bytes) -> list[bytes]:
    """The secret plain, in hex, and in base64 at each alignment."""
    found = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    if len(secret) >= _ALIGNABLE:
        found += (base64.b64encode(bytes(shift) + secret)[(4 if shift else 0) : -4] for shift in range(3))
    return found


def numbers(pem: bytes) -> list[bytes]:
    """What makes a key: an RSA one's primes and exponents, an EC one's number, most significant byte first."""
    key = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return [key.private_numbers().private_value.to_bytes((key.key_size + 7) // 8, "big")]
    assert isinstance(key, rsa.RSAPrivateKey)
    own = key.private_numbers()
    values = (own.p, own.q, own.d, own.dmp1, own.dmq1)
    return [one.to_bytes((one.bit_length() + 7) // 8, "big") for one in values]


def lines(pem: bytes) -> list[bytes]:
    """The lines of a key's PEM that tell something: its frame does not, nor an RSA key's first third, the public key.

    Of an EC key's few lines the first two hold its number, and the others the public key alone.
    """
    body = [line for line in pem.splitlines() if not line.startswith(b"-----")]
    return body[len(body) // 3 : -1] if len(body) > _EC_LINES else body[:2]


def key_forms(pem: bytes) -> list[bytes]:
    """The numbers that make the key in all forms, and the lines of its PEM."""
    return [form for value in numbers(pem) for form in forms(value)] + lines(pem)


def where(found: Mapping[str, bytes], wanted: Iterable[bytes]) -> set[str]:
    """The places in which one of the forms stands."""
    listed = list(wanted)
    return {place for place, content in found.items() if any(form in content for form in listed)}


def files(root: Path) -> Iterator[tuple[str, Path]]:
    """Every plain file below a folder, by its path from there; a folder that is gone meanwhile has none."""
    for folder, _, names in os.walk(root):
        for file in (Path(folder) / name for name in names):
            if file.is_file() and not file.is_symlink():
                yield str(file.relative_to(root)), file


def misplaced(root: Path, logs: Path, challenges: Iterable[str]) -> list[str]:
    """Where a challenge or a private key stands and does not belong, in a machine's files and its programs' logs.

    Everything that lies where keys belong is searched for; a challenge is one of those given, or a credential's file.
    """
    found: dict[str, bytes] = {}
    open_to_others = []
    for path, file in files(root):
        # A file that is being replaced has a temporary name for a moment; its content is found under the other.
        with contextlib.suppress(FileNotFoundError):
            found[path] = file.read_bytes()
            if (_KEYS.fullmatch(path) or _CREDENTIALS.fullmatch(path)) and file.stat().st_mode & 0o007:
                open_to_others.append(f"{path}: readable by everybody")
    secrets = {content.strip() for path, content in found.items() if _CREDENTIALS.fullmatch(path)}
    secrets |= {one.encode() for one in challenges}
    words = [form for one in secrets if len(one) >= SHORTEST for form in forms(one)]
    keys: list[bytes] = []
    for path, content in found.items():
        if _KEYS.fullmatch(path) and b"PRIVATE KEY" in content:
            # One that a test has damaged is no key.
            with contextlib.suppress(ValueError):
                keys += key_forms(content[: content.index(b"-----END PRIVATE KEY-----") + 25])
    found |= {file.name: file.read_bytes() for file in logs.glob("*.log")}
    astray = {f"{path}: a challenge" for path in where(found, words) if not _CREDENTIALS.fullmatch(path)}
    astray |= {f"{path}: a private key" for path in where(found, keys) if not _KEYS.fullmatch(path)}
    return sorted([*astray, *open_to_others])


# Memory.


def regions(process: int) -> Iterator[tuple[set[str], bytes]]:
    """What a process has written to its memory: each region's flags (VmFlags, proc(5)) and content."""
    header = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) ")
    span, access = (0, 0), ""
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{process}/smaps").read_text().splitlines():
            if match := header.match(line):
                span, access = (int(match[1], 16), int(match[2], 16)), match[3]
            elif line.startswith("VmFlags:") and access.startswith("rw"):
                # A region that is gone meanwhile, or whose pages cannot be had, holds nothing.
                with contextlib.suppress(OSError):
                    memory.seek(span[0])
                    yield set(line.split()[1:]), memory.read(span[1] - span[0])


def pieces(secret: bytes) -> list[bytes]:
    """Parts of a secret that are found although an allocator has written over the begin of what was given back."""
    return [secret[start : start + 16] for start in range(16, len(secret) - 15, 48)]


def key_pieces(pem: bytes) -> list[bytes]:
    """Such parts of a key's numbers in both byte orders, and of its PEM's lines."""
    values = [order for value in numbers(pem) for order in (value, value[::-1])]
    return [piece for one in [*values, *lines(pem)] for piece in pieces(one)]
