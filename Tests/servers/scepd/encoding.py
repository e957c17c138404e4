"""Writes DER, and BER with indefinite lengths where asked; checks that what a client sent is DER.

A library's encoder would refuse most of what a hostile or merely old server sends, so replies are put together here.
"""

from collections.abc import Iterable

from asn1crypto import core

SEQUENCE, SET, INTEGER, OCTETS, NULL, UTF8, PRINTABLE = 0x30, 0x31, 0x02, 0x04, 0x05, 0x0C, 0x13


def tlv(tag: int, content: bytes) -> bytes:
    """One element with a definite length."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def indefinite(tag: int, content: bytes) -> bytes:
    """One constructed element of indefinite length (X.690 §8.1.3.6)."""
    return bytes([tag | 0x20, 0x80]) + content + b"\0\0"


def nest(tag: int, *parts: bytes, ber: bool = False) -> bytes:
    """A constructed element around its parts, of indefinite length if `ber`."""
    return indefinite(tag, b"".join(parts)) if ber else tlv(tag, b"".join(parts))


def octets(content: bytes, *, ber: bool = False, tag: int = OCTETS, piece: int = 1000) -> bytes:
    """A string of octets; with `ber` a constructed one, in pieces, as old servers stream it."""
    if not ber:
        return tlv(tag, content)
    pieces = (tlv(OCTETS, content[at : at + piece]) for at in range(0, len(content), piece))
    return indefinite(tag, b"".join(pieces))


def integer(value: int) -> bytes:
    """An INTEGER."""
    return bytes(core.Integer(value).dump())


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    return bytes(core.ObjectIdentifier(dotted).dump())


def printable(text: str) -> bytes:
    """A PrintableString."""
    return tlv(PRINTABLE, text.encode("ascii"))


def set_of(parts: Iterable[bytes], tag: int = SET) -> bytes:
    """A SET OF in DER's order."""
    return tlv(tag, b"".join(sorted(parts)))


class NotDER(ValueError):
    """The bytes are not one DER element."""


def check_der(data: bytes, depth: int = 0) -> None:
    """Walks every constructed element; raises `NotDER` at an indefinite or overlong length or bytes left over."""
    end = _element(data, 0, depth)
    if end != len(data):
        raise NotDER(f"{len(data) - end} bytes after the outermost element")


def _element(data: bytes, at: int, depth: int) -> int:
    if depth > 40:
        raise NotDER("nested more than 40 deep")
    if at + 2 > len(data):
        raise NotDER(f"cut short at offset {at}")
    tag, first = data[at], data[at + 1]
    at += 2
    if tag & 0x1F == 0x1F:
        raise NotDER(f"high tag number at offset {at - 2}")
    if first == 0x80:
        raise NotDER(f"indefinite length at offset {at - 1}")
    if first > 0x80:
        count = first & 0x7F
        length = int.from_bytes(data[at : at + count], "big")
        if length < 0x80 or data[at] == 0:
            raise NotDER(f"overlong length at offset {at - 1}")
        at += count
    else:
        length = first
    end = at + length
    if end > len(data):
        raise NotDER(f"length beyond the end at offset {at}")
    if tag & 0x20:
        while at < end:
            at = _element(data[:end], at, depth + 1)
    return end
