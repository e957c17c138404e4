"""The server's side of NTLM over HTTP, as far as one login goes: its challenge, and the judgement of NTLMv2 answers."""

import hmac
import os
import struct
from dataclasses import dataclass, field

from .md4 import md4

_SIGNATURE = b"NTLMSSP\0"
_FLAGS = 0x00000001 | 0x00000004 | 0x00000200 | 0x00010000 | 0x00080000 | 0x00800000
"""Unicode, target wanted, NTLM, the target is a domain, extended session security, target information."""


@dataclass
class Handshake:
    """One connection's."""

    challenge: bytes = field(default_factory=lambda: os.urandom(8))

    def ask(self, domain: str) -> bytes:
        """The message of type 2."""
        target = domain.encode("utf-16-le")
        information = struct.pack("<HH", 2, len(target)) + target + bytes(4)
        at = 48
        return b"".join(
            (
                _SIGNATURE,
                struct.pack("<IHHI", 2, len(target), len(target), at),
                struct.pack("<I", _FLAGS),
                self.challenge,
                bytes(8),
                struct.pack("<HHI", len(information), len(information), at + len(target)),
                target,
                information,
            )
        )

    def accepts(self, message: bytes, login: tuple[str, str]) -> bool:
        """Whether a message of type 3 proves that login, whose name is `DOMAIN\\user`."""

        def part(at: int) -> bytes:
            length, _, offset = struct.unpack_from("<HHI", message, at)
            return message[offset : offset + length]

        domain, user, response = part(28).decode("utf-16-le"), part(36).decode("utf-16-le"), part(20)
        if f"{domain}\\{user}" != login[0]:
            return False
        key = hmac.digest(md4(login[1].encode("utf-16-le")), (user.upper() + domain).encode("utf-16-le"), "md5")
        return hmac.compare_digest(response[:16], hmac.digest(key, self.challenge + response[16:], "md5"))


def kind(message: bytes) -> int:
    """1 to 3; 0 for what is no NTLM."""
    return int(struct.unpack_from("<I", message, 8)[0]) if message.startswith(_SIGNATURE) and len(message) > 11 else 0
