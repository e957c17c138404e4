"""Whoever has taken over signetd talks to signet-installd with all that signetd may: it gains nothing.

After each request every file of the machine is what it was, and an honest request is answered as before.
"""

import base64
import contextlib
import dataclasses
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from counts import count
from installer import HOSTILE, SIGNET, Publication, TakenOver, device, identity, pem
from machine import SERIAL
from scepd import Hierarchy
from scepd.hierarchy import Holder, certificate, key_usage, name
from scepd.keys import rsa_key

MALFORMED = {"malformed-request", "InvalidParameter", "closed"}
UNTRUSTED = {"untrusted-path"}
UNFIT = {"unfit-certificate"}
RecordProperty = Callable[[str, object], None]


@dataclasses.dataclass
class Case:
    """What is sent in place of an honest second generation, and the codes with which it may be refused."""

    name: str
    codes: set[str]
    make: Callable[[TakenOver], Publication]


def changed(name: str, codes: set[str], **changes: Any) -> Case:
    """An honest request with something else in it."""
    return Case(name, codes, lambda taken: second(taken).but(**changes))


def issued(name: str, codes: set[str], **wrong: Any) -> Case:
    """A certificate that the profile's own CA has issued, wrong in one way, with its key."""
    return Case(name, codes, lambda taken: identity(device(taken.hierarchy, **wrong), taken.hierarchy, generation=2))


def second(taken: TakenOver) -> Publication:
    """An honest second generation."""
    return identity(device(taken.hierarchy), taken.hierarchy, generation=2)


def foreign(taken: TakenOver) -> Publication:
    """This device's certificate from somebody else's hierarchy, with its chain."""
    hierarchy = Hierarchy(label="stranger")
    return identity(device(hierarchy), hierarchy, generation=2)


def namesake(taken: TakenOver) -> Publication:
    """The same from one whose certificates bear the names of root's."""
    root, issuing = rsa_key("stranger-root"), rsa_key("stranger-issuing")
    known = taken.hierarchy
    authority: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (key_usage("key_cert_sign"), True),
    ]
    false_root = certificate(
        known.root.certificate.subject, root.public_key(), (known.root.certificate.subject, root), authority
    )
    false_issuing = certificate(
        known.issuing.certificate.subject, issuing.public_key(), Holder(false_root, root), authority
    )
    leaf = device(known, issuer=Holder(false_issuing, issuing))
    chain = [one.public_bytes(Encoding.DER) for one in (false_issuing, false_root)]
    return identity(leaf, known, generation=2).but(chain=chain)


def from_an_insider(taken: TakenOver) -> Publication:
    """Issued by another honest device's key, whose certificate is in the chain."""
    insider = taken.hierarchy.device()
    leaf = device(taken.hierarchy, issuer=insider)
    return identity(leaf, taken.hierarchy, generation=2).but(chain=[insider.der, taken.hierarchy.issuing.der])


def forged(taken: TakenOver) -> Publication:
    """Names the CA as its issuer, and is signed by its own key."""
    issuer = (taken.hierarchy.issuing.certificate.subject, rsa_key("device"))
    return identity(device(taken.hierarchy, issuer=issuer), taken.hierarchy, generation=2)


def self_signed(taken: TakenOver) -> Publication:
    """Signed by itself."""
    leaf = device(taken.hierarchy, issuer=(name("laptop-7"), rsa_key("device")))
    return Publication("access", 2, pem(leaf), leaf.der, [])


def with_chain(*extra: Callable[[TakenOver], bytes], in_front: bool = False) -> Callable[[TakenOver], Publication]:
    """An honest identity with more certificates in its chain."""

    def make(taken: TakenOver) -> Publication:
        honest, more = second(taken), [one(taken) for one in extra]
        return honest.but(chain=more + honest.chain if in_front else honest.chain + more)

    return make


def stranger_root(taken: TakenOver) -> bytes:
    """An anchor that root did not name."""
    return Hierarchy(label="stranger").root.der


def der_length(content: bytes) -> bytes:
    """A DER length in its long form of two bytes."""
    return b"\x82" + len(content).to_bytes(2)


def slow_key() -> bytes:
    """A DSA key whose public half takes minutes to compute, and which is no larger than a request may be."""
    bits = 46_000

    def integer(value: int) -> bytes:
        content = value.to_bytes(value.bit_length() // 8 + 1)
        return b"\x02" + der_length(content) + content

    def sequence(content: bytes) -> bytes:
        return b"\x30" + der_length(content) + content

    modulus, private = 1 << bits | secrets.randbits(bits) | 1, 1 << bits | secrets.randbits(bits)
    parameters = sequence(integer(modulus) + integer(1 << 255 | 1) + integer(2))
    algorithm = sequence(bytes.fromhex("06072a8648ce380401") + parameters)
    octets = integer(private)
    return pem_block(sequence(integer(0) + algorithm + b"\x04" + der_length(octets) + octets))


def pem_block(der: bytes, label: str = "PRIVATE KEY") -> bytes:
    """PEM as signetd writes it."""
    text = base64.b64encode(der).decode()
    lines = "".join(f"{text[at : at + 64]}\n" for at in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}-----END {label}-----\n".encode()


def key_in(format: PrivateFormat, encryption: Any = None) -> bytes:
    """The device's key in another form."""
    return rsa_key("device").private_bytes(Encoding.PEM, format, encryption or NoEncryption())


def pkcs8(key: Any) -> bytes:
    """Another kind of key."""
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


IDENTITIES = [
    Case("of another CA", UNTRUSTED, foreign),
    Case("of a CA that bears the same names", UNTRUSTED, namesake),
    Case("that only names its issuer", UNTRUSTED, forged),
    Case("signed by itself", UNTRUSTED, self_signed),
    Case("issued by another device", UNTRUSTED, from_an_insider),
    Case("another profile's", UNTRUSTED, lambda taken: taken.honest_other.but(profile="access", generation=2)),
    Case("of a profile that there is not", {"unknown-profile"}, lambda taken: second(taken).but(profile="ghost")),
    issued("another subject's", UNFIT, subject=name("laptop-8")),
    issued("another organization's", UNFIT, subject=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "laptop-7")])),
    issued("the subject turned around", UNFIT, subject=x509.Name(reversed(list(name("laptop-7"))))),
    issued(
        "the subject and more", UNFIT, subject=x509.Name([*name("laptop-7"), x509.NameAttribute(NameOID.TITLE, "root")])
    ),
    issued("nobody's", UNFIT, subject=x509.Name([])),
    issued("a CA", UNFIT, authority=True),
    issued("one that may sign certificates", UNFIT, usages=("digital_signature", "key_cert_sign")),
    issued("a server's", UNFIT, purposes=[ExtendedKeyUsageOID.SERVER_AUTH]),
    issued("for every purpose", UNFIT, purposes=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
    issued("for no purpose that it tells", UNFIT, purposes=[]),
    issued("expired", UNTRUSTED, ends=-0.5),
    issued("not yet valid", UNTRUSTED, begins=7),
    issued("older than the published one", {"older-than-published"}, begins=-2),
    issued("of a key that is too short", UNFIT, key=rsa_key("short", 1024)),
    Case(
        "the issuing CA's own",
        UNFIT,
        lambda taken: Publication("access", 2, pem(taken.hierarchy.issuing), taken.hierarchy.issuing.der, []),
    ),
    Case(
        "the root's own",
        UNFIT,
        lambda taken: Publication("access", 2, pem(taken.hierarchy.root), taken.hierarchy.root.der, []),
    ),
]

KEYS = [
    changed("another key", {"key-mismatch"}, key=pkcs8(rsa_key("another"))),
    changed("one of another kind", {"key-mismatch"}, key=pkcs8(ec.generate_private_key(ec.SECP256R1()))),
    changed("one of yet another kind", {"key-mismatch"}, key=pkcs8(ed25519.Ed25519PrivateKey.generate())),
    changed("none", MALFORMED, key=b""),
    changed("no PEM", MALFORMED, key=b"hello"),
    changed("nothing in PEM", MALFORMED, key=pem_block(b"")),
    changed("garbage in PEM", MALFORMED, key=pem_block(bytes(range(256)))),
    changed("the form before PKCS#8", MALFORMED, key=key_in(PrivateFormat.TraditionalOpenSSL)),
    changed("encrypted", MALFORMED, key=key_in(PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))),
    changed(
        "a public one",
        MALFORMED,
        key=rsa_key("device").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ),
    Case("twice", MALFORMED, lambda taken: second(taken).but(key=second(taken).key * 2)),
    Case(
        "a certificate in front",
        MALFORMED,
        lambda taken: second(taken).but(key=stranger_pem() + second(taken).key),
    ),
    Case(
        "other lines' ends", MALFORMED, lambda taken: second(taken).but(key=second(taken).key.replace(b"\n", b"\r\n"))
    ),
    Case("a NUL in it", MALFORMED, lambda taken: second(taken).but(key=second(taken).key.replace(b"\n", b"\0\n", 1))),
    changed("a long one", MALFORMED, key=pem_block(bytes(100_000))),
    changed("one that takes minutes to look at", MALFORMED, key=slow_key()),
]


def stranger_pem() -> bytes:
    """A certificate of somebody else's in PEM."""
    return Hierarchy(label="stranger").root.pem.encode()


CHAINS = [
    Case("an anchor that root did not name", UNTRUSTED, with_chain(stranger_root)),
    Case("the same in front", UNTRUSTED, with_chain(stranger_root, in_front=True)),
    Case("a stranger beside the path", UNTRUSTED, with_chain(lambda taken: taken.hierarchy.device().der)),
    Case("the leaf itself", UNTRUSTED, with_chain(lambda taken: second(taken).certificate, in_front=True)),
    Case("another profile's CA", UNTRUSTED, with_chain(lambda taken: taken.other.issuing.der)),
    Case("another profile's root", UNTRUSTED, with_chain(lambda taken: taken.other.root.der)),
    Case("doubled", MALFORMED, with_chain(lambda taken: taken.hierarchy.issuing.der)),
    Case("a hundred", MALFORMED, lambda taken: second(taken).but(chain=[taken.hierarchy.issuing.der] * 100)),
    changed("a hundred thousand of nothing", MALFORMED, chain=[b""] * 80_000),
    changed("garbage", MALFORMED, chain=[b"garbage"]),
    changed("nothing at all", MALFORMED, chain=[b""]),
]

CERTIFICATES = [
    changed("no certificate", MALFORMED, certificate=b""),
    changed("garbage for a certificate", MALFORMED, certificate=bytes(range(256)) * 4),
    changed("a long certificate", MALFORMED, certificate=bytes(65_537)),
    Case("a cut certificate", MALFORMED, lambda taken: second(taken).but(certificate=second(taken).certificate[:-1])),
    Case(
        "more than a certificate",
        MALFORMED,
        lambda taken: second(taken).but(certificate=second(taken).certificate + b"\0"),
    ),
    Case(
        "a certificate in PEM",
        MALFORMED,
        lambda taken: second(taken).but(certificate=taken.hierarchy.root.pem.encode()),
    ),
    Case(
        "a flipped bit in the signature",
        UNTRUSTED,
        lambda taken: second(taken).but(certificate=flipped(second(taken).certificate)),
    ),
]


def flipped(certificate: bytes) -> bytes:
    """The last bit, which is the signature's, is another."""
    return certificate[:-1] + bytes([certificate[-1] ^ 1])


NUMBERS: list[Any] = [0, -1, 10**9, 2**63, -(2**63), 10**400, 1.5, "1", "../1", None, True, [1], {}]
GENERATIONS = [changed(f"generation {number!r}", MALFORMED, generation=number) for number in NUMBERS]

NAMES = [
    *(
        "",
        ".",
        "..",
        "/",
        "-",
        "_",
        " ",
        "*",
        "%2e%2e",
        "access ",
        " access",
        "access/",
        "./access",
        "access/.",
        "..%00",
    ),
    *("../access", "access/../other", "../../../etc", "/etc/passwd", "//access", "access\\..\\other", "access/current"),
    *("current/", "access\0", "access\0.toml", "\0", "access\n", "access\x1b[31m", "ACCESS", "Access", "access\x7f"),
    *(
        "\u00e0ccess",
        "access\u0301",
        "\uff41ccess",
        "access\u200b",
        "\u202eaccess",
        "\ud83d",
        "\U0001f600",
        "\ufeffaccess",
    ),
    *("-access", ".access", "access.toml", "access;id", "$(id)", "`id`", "access'", 'access"', "~root", "gen_0001"),
    *("a" * 64, "a" * 255, "a" * 4096, "a" * 200_000),
]
"""Names that are no profile's, though some of them look like one's."""


def publish_all(taken: TakenOver, record_property: RecordProperty, cases: list[Case]) -> None:
    """Sends them all; each is refused for its reason, and changes nothing."""
    before, sent = taken.tree(), taken.sent
    for case in cases:
        code = taken.refusal(taken.send(case.make(taken).frame))
        assert code in case.codes, case.name
        assert taken.tree() == before, case.name
        taken.expect_well()
    assert taken.sent - sent == len(cases) > 0
    record_property(count(HOSTILE), len(cases))


def test_an_honest_second_generation_would_be_published() -> None:
    """What the others differ from in one thing each."""
    with TakenOver() as taken:
        assert taken.machine.published().readlink() == Path("gen-0001")
        taken.expect_success(second(taken).frame)
        assert taken.machine.published().readlink() == Path("gen-0002")


def test_identities_that_are_not_this_profiles(taken: TakenOver, record_property: RecordProperty) -> None:
    publish_all(taken, record_property, IDENTITIES)


def test_keys_that_are_not_the_certificates(taken: TakenOver, record_property: RecordProperty) -> None:
    publish_all(taken, record_property, KEYS)


def test_chains_with_strangers_in_them(taken: TakenOver, record_property: RecordProperty) -> None:
    publish_all(taken, record_property, CHAINS)


def test_certificates_and_generations_that_are_none(taken: TakenOver, record_property: RecordProperty) -> None:
    publish_all(taken, record_property, CERTIFICATES + GENERATIONS)


@pytest.mark.parametrize("method", ["Publish", "Withdraw"])
def test_names_that_are_paths_or_no_names(taken: TakenOver, record_property: RecordProperty, method: str) -> None:
    before = taken.tree()
    for given in NAMES:
        parameters = second(taken).but(profile=given).parameters if method == "Publish" else {"profile": given}
        assert taken.refusal(taken.ask(method, parameters)) in MALFORMED, given[:100]
        assert taken.tree() == before, given[:100]
    taken.expect_well()
    record_property(count(HOSTILE), len(NAMES))


def test_what_root_names_is_not_withdrawn(taken: TakenOver, record_property: RecordProperty) -> None:
    """Not even where root's file says nothing that counts: an error in it must not cost an identity."""
    before = taken.tree()
    sent = taken.sent
    with roots_files(taken) as folder:
        (folder / "profiles.d/broken.toml").write_text("[scep]\nurl = 1\n")
        (folder / "profiles.d/empty.toml").write_text("")
        (folder / "profiles.d/open.toml").write_text("")
        (folder / "profiles.d/open.toml").chmod(0o666)
        for name in ("access", "other", "broken", "empty", "open"):
            assert taken.refusal(taken.ask("Withdraw", {"profile": name})) == "still-configured"
        for parameters in ({}, {"profile": None}, {"profile": 1}, {"profile": ["access"]}, {"profiles": "access"}):
            assert taken.refusal(taken.ask("Withdraw", parameters)) == "InvalidParameter"
    # What nobody has published is no longer there when it was withdrawn.
    for name in ("ghost", "ssl", "current", "ca-certificates", "signet", "a" * 63):
        assert taken.ask("Withdraw", {"profile": name}) == {"parameters": {}}
    assert taken.tree() == before
    taken.expect_well()
    record_property(count(HOSTILE), taken.sent - sent)


def test_what_is_said_beside_the_parameters_counts_for_nothing(
    taken: TakenOver, record_property: RecordProperty
) -> None:
    """No path, no owner and no anchor is taken from whoever calls."""
    before = taken.tree()
    stranger = Hierarchy(label="stranger")
    anchor = base64.b64encode(stranger.root.der).decode()
    more = {
        "anchors": [anchor],
        "install": {"anchors": [anchor], "group": "root"},
        "trust": True,
        "ca_fingerprint": [stranger.issuing.fingerprint],
        "subject": "CN=laptop-8",
        **dict.fromkeys(("path", "root", "folder", "destination", "target"), "/etc/signet/profiles.d"),
        **{"owner": SIGNET, "mode": 0o777, "group": "signet", "command": ["/bin/sh"], "hook": "/bin/sh"},
    }
    for word, value in more.items():
        answer = taken.ask("Publish", {**taken.honest.parameters, word: value})
        assert answer is not None and answer["parameters"]["generation"] == 1, word
        assert taken.tree() == before, word
    facts = [taken.ask("GetDeviceFacts", parameters) for parameters in ({}, {"path": "/etc/shadow"}, more)]
    assert facts == [{"parameters": {"product_serial": SERIAL}}] * 3
    assert taken.tree() == before
    record_property(count(HOSTILE), len(more) + len(facts))


@contextlib.contextmanager
def roots_files(taken: TakenOver) -> Iterator[Path]:
    """/etc/signet, to be changed; as it was afterwards, and /etc too."""
    etc = taken.machine.root / "etc"
    folder, kept = etc / "signet", etc / "signet.kept"
    status, parent = folder.stat(), etc.stat()
    folder.rename(kept)
    shutil.copytree(kept, folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
        kept.rename(folder)
        os.chown(etc, 0, 0)
        etc.chmod(0o755)
        for path, was in ((folder, status), (etc, parent)):
            os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


def writable_by_group(path: Path) -> None:
    path.chmod(path.stat().st_mode | 0o020)


def writable_by_all(path: Path) -> None:
    path.chmod(path.stat().st_mode | 0o002)


def owned_by_signet(path: Path) -> None:
    os.chown(path, SIGNET, -1)


def link_to_signets(path: Path) -> None:
    """The same content, but where user signet can change it."""
    root = next(above for above in path.parents if (above / "var/lib/signet").is_dir())
    lair = root / "var/lib/signet/lair"
    moved = Path(shutil.copytree(path, lair)) if path.is_dir() else Path(shutil.copyfile(path, lair))
    os.chown(moved, SIGNET, SIGNET)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.symlink_to(moved)


def link_to_roots(path: Path) -> None:
    """Root's own, but by way of a link: whose link it is, is not asked."""
    moved = path.rename(path.with_name("elsewhere"))
    path.symlink_to(moved)


def pipe(path: Path) -> None:
    """Nobody ever writes to it."""
    path.unlink()
    os.mkfifo(path, 0o644)


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o755)


def endless(path: Path) -> None:
    """A file without end, of which nothing is on the disk."""
    os.truncate(path, 1 << 40)


FILES = ("profiles.d/access.toml", "anchors/root.pem", "anchors/issuing.pem")
FOLDERS = ("profiles.d", "anchors", ".", "..")
WRITABLE = (writable_by_group, writable_by_all, owned_by_signet)
ELSEWHERE = (link_to_signets, link_to_roots)
TAMPERED = [
    *((file, change) for file in FILES for change in (*WRITABLE, *ELSEWHERE, pipe, folder_instead, endless)),
    *((file, change) for file in FOLDERS for change in WRITABLE),
    *((file, change) for file in FOLDERS[:2] for change in ELSEWHERE),
]


def test_roots_files_that_others_can_write_are_refused(taken: TakenOver, record_property: RecordProperty) -> None:
    """A new generation is not published by what they say, and nothing is withdrawn for what they do not say."""
    good = taken.tree()
    sent = taken.sent
    for file, change in TAMPERED:
        lair = taken.machine.root / "var/lib/signet/lair"
        with roots_files(taken) as folder:
            change(Path(os.path.normpath(folder / file)))
            before = taken.tree()
            what = f"{file}: {change.__name__}"
            assert taken.refusal(taken.send(second(taken).frame)) == "configuration-refused", what
            code = taken.refusal(taken.ask("Withdraw", {"profile": "access"}))
            assert code in {"still-configured", "configuration-refused"}, what
            # What is wrong with one profile's files is no other's trouble.
            if file in FILES:
                taken.expect_success(taken.honest_other.frame)
            assert taken.tree() == before, what
        if lair.is_dir():
            shutil.rmtree(lair)
        lair.unlink(missing_ok=True)
    assert taken.sent - sent == 2 * len(TAMPERED) > 70
    taken.expect_well()
    assert {path: one for path, one in taken.tree().items() if path != "var/lib/signet"} == {
        path: one for path, one in good.items() if path != "var/lib/signet"
    }
    record_property(count(HOSTILE), taken.sent - sent)
