"""The envelope of an authentic SUCCESS and what it holds: admitted by its structure before any of it is opened.

Every forged envelope could be opened by whoever did not look: it holds what an honest one would.
"""

import os
import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4, RC2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher as StreamCipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

import envelopes
from envelopes import NULL, RSA_OAEP, Envelope, algorithm, encrypt, info, transport, wrap
from machine import moment
from scepd import Cipher, Draft, Forgery, Hierarchy, names
from scepd.attacks import stranger
from scepd.encoding import SEQUENCE, SET, integer, nest, octets, oid, tlv
from scepd.envelope import seal
from scepd.lies import bag, der
from scepd.password import wrap as stretch
from scepd.signed import Signer, degenerate, sign
from victim import UNTRUSTED, MakeVictim, Victim

CLOSED = "undecipherable"
PASSWORD_KEK, PBKDF2 = "1.2.840.113549.1.9.16.3.9", "1.2.840.113549.1.5.12"
AES_WRAP, ECDH = "2.16.840.1.101.3.4.1.5", "1.3.132.1.11.1"

Change = Callable[[Envelope], object]


def enveloped(change: Change) -> Forgery:
    """An honest envelope, but for the change."""

    def content(draft: Draft) -> bytes:
        envelope = Envelope.of(draft)
        change(envelope)
        return envelope.der()

    return Forgery(content=content)


def put(**parts: object) -> Change:
    """Parts of an envelope that are something else."""
    return lambda envelope: vars(envelope).update(parts)


def cut(start: int, end: int | None) -> Change:
    """A part of what is encrypted."""

    def change(envelope: Envelope) -> None:
        assert envelope.sealed
        envelope.sealed = envelope.sealed[start:end]

    return change


def refuses(victim: Victim, what: str, forgery: Forgery, *faults: str) -> str:
    """The reply is authentic, and its envelope is not opened or not believed; what the problem says."""
    return str(victim.refuses(what, forgery, UNTRUSTED, CLOSED, *faults)["text"])


def test_what_is_changed_here_opens_if_nothing_is_changed(victim: Victim) -> None:
    """A lie that would be refused for something else proves nothing."""
    victim.accepts("nothing", enveloped(lambda _: None))


def test_n60_an_envelope_for_somebody_else(victim: Victim) -> None:
    other, issuing = stranger().certificate, victim.server.hierarchy.issuing.certificate
    for what, recipient in {"a stranger": other, "the CA": issuing}.items():

        def content(draft: Draft) -> bytes:
            return seal(draft.payload, recipient, Cipher.AES_128)  # noqa: B023

        text = refuses(victim, what, Forgery(content=content))
        # libcrypto has no words for it.
        assert not text.rstrip().endswith((CLOSED, ":")), text
    victim.enrolls()


def test_n61_a_key_that_is_not_what_it_was_wrapped_as(victim: Victim) -> None:
    """Two thousand more: `EnvelopeTests`. libcrypto goes on with a key of its own making, and one time in 256 what it
    makes of the content has a padding.
    """

    def garbled(envelope: Envelope) -> None:
        wrapped = b"\0" + os.urandom(255)
        envelope.recipients = [transport(envelope.draft, wrapped)]

    def another_key(envelope: Envelope) -> None:
        envelope.recipients = [transport(envelope.draft, wrap(envelope.draft, os.urandom(16)))]

    for number in range(6):
        refuses(victim, f"random {number}", enveloped(garbled))
    for number in range(2):
        refuses(victim, f"another key {number}", enveloped(another_key))
    for size in (0, 1, 128, 255, 257, 3000):

        def sized(envelope: Envelope) -> None:
            envelope.recipients = [transport(envelope.draft, os.urandom(size))]  # noqa: B023

        refuses(victim, f"of {size} bytes", enveloped(sized))
    victim.enrolls()


@pytest.mark.parametrize("security", ["compatible", "rfc8894"])
def test_n62_q05_q20_weak_ciphers(make_victim: MakeVictim, security: str) -> None:
    """Single DES is what many servers send unless they are told otherwise: `compatible` reads it and says so."""
    victim = make_victim(scep_security=security)

    def rc2(envelope: Envelope) -> None:
        key, iv = os.urandom(16), os.urandom(8)
        envelope.sealed = encrypt(RC2(key), CBC(iv), envelope.draft.payload, 8)
        envelope.cipher = algorithm("1.2.840.113549.3.2", nest(SEQUENCE, integer(58), octets(iv)))
        envelope.recipients = [transport(envelope.draft, wrap(envelope.draft, key))]

    def rc4(envelope: Envelope) -> None:
        key = os.urandom(16)
        envelope.sealed = StreamCipher(ARC4(key), None).encryptor().update(envelope.draft.payload)
        envelope.cipher = algorithm("1.2.840.113549.3.4", NULL)
        envelope.recipients = [transport(envelope.draft, wrap(envelope.draft, key))]

    def none(envelope: Envelope) -> None:
        envelope.sealed, envelope.cipher = envelope.draft.payload, algorithm(names.DATA)

    for what, change in {"RC2": rc2, "RC4": rc4, "no cipher": none}.items():
        text = refuses(victim, what, enveloped(change), "cipher-refused")
        assert "expected AES-128-CBC" in text, what
    victim.server.behaviour.cipher = Cipher.DES
    if security == "compatible":
        victim.accepts("DES", None, "weak-server")
    else:
        found = victim.refuses("DES", None, UNTRUSTED, "weak-algorithm")
        assert "DES-CBC" in found["text"] and "content encryption" in found["text"]
        # It is what the PKI issues: each further request would have it issue one more that is of no use.
        assert victim.status().get("transaction") is None
        assert moment(victim.status()["next"]["at"]) > time.time() + 80_000
    victim.server.behaviour.cipher = Cipher.AES_256
    victim.enrolls()


@pytest.mark.parametrize("security", ["compatible", "rfc8894"])
def test_n63_triple_des(make_victim: MakeVictim, security: str) -> None:
    victim = make_victim(scep_security=security)
    victim.server.behaviour.cipher = Cipher.TRIPLE_DES
    if security == "compatible":
        victim.accepts("3DES", None, "weak-server")
    else:
        found = victim.refuses("3DES", None, UNTRUSTED, "weak-algorithm")
        assert "3DES-CBC" in found["text"]
    victim.server.behaviour.cipher = Cipher.AES_128
    victim.enrolls()


def test_n64_q21_what_is_no_envelope_of_scep(victim: Victim) -> None:
    def authenticated_cipher(draft: Draft) -> bytes:
        envelope, nonce = Envelope.of(draft), os.urandom(12)
        envelope.sealed = AESGCM(envelope.key).encrypt(nonce, draft.payload, None)
        envelope.cipher = algorithm(envelopes.AES_GCM, nest(SEQUENCE, octets(nonce), integer(16)))
        return envelope.der()

    def authenticated_envelope(draft: Draft) -> bytes:
        envelope, nonce = Envelope.of(draft), os.urandom(12)
        sealed = AESGCM(envelope.key).encrypt(nonce, draft.payload, None)
        envelope.sealed, envelope.more = sealed[:-16], octets(sealed[-16:])
        envelope.cipher = algorithm(envelopes.AES_GCM, nest(SEQUENCE, octets(nonce), integer(16)))
        return envelope.der(envelopes.AUTHENTICATED_ENVELOPE)

    def encrypted(draft: Draft) -> bytes:
        envelope = Envelope.of(draft)
        inner = nest(SEQUENCE, oid(names.DATA), envelope.cipher, octets(envelope.sealed or b"", tag=0x80))
        return info(envelopes.ENCRYPTED, nest(SEQUENCE, integer(0), inner))

    for what, content, fault in (
        ("GCM in EnvelopedData", authenticated_cipher, "authenticated-cipher"),
        ("AuthEnvelopedData", authenticated_envelope, "authenticated-envelope"),
        ("AuthenticatedData", lambda draft: Envelope.of(draft).der(envelopes.AUTHENTICATED), "unexpected-content-type"),
        ("EncryptedData", encrypted, "encrypted-data"),
        ("Data", lambda draft: info(names.DATA, octets(draft.payload)), "plain-data"),
        ("certificates", lambda draft: draft.payload, "plain-signed-data"),
        ("a certificate", lambda draft: der(draft.certificates[0]), "malformed"),
        ("the request's own envelope", lambda draft: draft.message.content, None),
    ):
        refuses(victim, what, Forgery(content=content), *([fault] if fault else []))
    victim.enrolls()


def test_n65_recipients_of_other_kinds_and_too_many(victim: Victim) -> None:
    """None of it gets to where a password is stretched two thousand million times, or a key is looked for in a heap."""
    iterations = nest(SEQUENCE, octets(bytes(16)), integer(2**31))
    wrapped = algorithm(PASSWORD_KEK, algorithm(envelopes.AES_128, octets(bytes(16)))) + octets(bytes(32))
    password = tlv(0xA3, integer(0) + tlv(0xA0, oid(PBKDF2) + iterations) + wrapped)
    key = tlv(0xA2, integer(4) + nest(SEQUENCE, octets(b"key")) + algorithm(AES_WRAP) + octets(bytes(24)))
    originator = tlv(0xA0, tlv(0x80, bytes(20)))
    agreement = tlv(0xA1, integer(3) + originator + algorithm(ECDH) + tlv(SEQUENCE, b""))
    other = tlv(0xA4, oid("1.2.840.113549.1.9.16.13.3") + NULL)
    stranger = nest(SEQUENCE, tlv(SEQUENCE, b""), integer(1))
    nobody = nest(SEQUENCE, integer(0), stranger, envelopes.RSA_PLAIN, octets(b"k"))
    kinds = {"a password": password, "a key": key, "an agreement": agreement, "another kind": other}
    for what, one in kinds.items():
        for version in (0, 2, 3):
            refuses(victim, what, enveloped(put(recipients=[one], version=version)), "recipient-kind")

        def beside(envelope: Envelope) -> None:
            envelope.recipients.append(one)  # noqa: B023

        refuses(victim, f"{what} beside ours", enveloped(beside), "recipient-kind")

    def crowd(envelope: Envelope) -> None:
        envelope.recipients += [nobody] * 10_000

    refuses(victim, "ten thousand", enveloped(crowd), "recipient-count")
    refuses(victim, "none", enveloped(put(recipients=[])), "recipient-count")
    assert victim.machine.memory() < 64 * 1024
    victim.accepts("one that is nobody's beside ours", enveloped(lambda one: one.recipients.insert(0, nobody)))


def test_n65_a_password_that_takes_for_ever(make_victim: MakeVictim) -> None:
    """Where the challenge was agreed on, too, nobody who lies has it stretched as often as they please."""
    victim = make_victim(Hierarchy(elliptic=True), key_type="ec")
    challenge = victim.server.behaviour.challenges.static
    assert challenge is not None

    def under(password: str, claimed: int | None = None) -> Forgery:
        def content(draft: Draft) -> bytes:
            key, iv = os.urandom(16), os.urandom(16)
            sealed = encrypt(AES(key), CBC(iv), draft.payload)
            recipients = [stretch(key, password, claimed=claimed)]
            return Envelope(draft, algorithm(envelopes.AES_128, octets(iv)), sealed, key, recipients, version=3).der()

        return Forgery(content=content)

    victim.accepts("as often as an honest server", under(challenge))
    for claimed in (0, -1, 10_000_001, 2**31 - 1, 2**31, 2**64):
        refuses(victim, f"{claimed} times", under(challenge, claimed), "key-derivation-refused")
    refuses(victim, "another word", under("another that nobody guesses"))
    victim.enrolls()


def test_n66_content_that_is_missing_or_no_whole_blocks(victim: Victim) -> None:
    victim.refuses("no content", Forgery(content=lambda _: None), UNTRUSTED, "bad-status")
    victim.refuses("empty content", Forgery(content=lambda _: b""), UNTRUSTED, "bad-status")
    for what, change, fault in (
        ("nothing encrypted", put(sealed=None), "content-length"),
        ("no bytes encrypted", put(sealed=b""), "content-length"),
        ("fifteen bytes", cut(0, 15), "content-length"),
        ("a byte too few", cut(0, -1), "content-length"),
        ("all but fifteen bytes", cut(15, None), "content-length"),
        ("no vector", put(cipher=algorithm(envelopes.AES_128)), "initialisation-vector"),
        ("NULL for a vector", put(cipher=algorithm(envelopes.AES_128, NULL)), "initialisation-vector"),
        ("a vector of 8 bytes", put(cipher=algorithm(envelopes.AES_128, octets(bytes(8)))), "initialisation-vector"),
        ("a vector of 17 bytes", put(cipher=algorithm(envelopes.AES_128, octets(bytes(17)))), "initialisation-vector"),
        ("an empty vector", put(cipher=algorithm(envelopes.AES_128, octets(b""))), "initialisation-vector"),
    ):
        refuses(victim, what, enveloped(change), fault)
    # Whole blocks that are not what was encrypted.
    refuses(victim, "the last block gone", enveloped(cut(0, -16)))
    refuses(victim, "another vector", enveloped(put(cipher=algorithm(envelopes.AES_128, octets(bytes(16))))))
    victim.enrolls()


def test_n67_oaep_whose_parameters_say_something_else(victim: Victim) -> None:
    """Each key is wrapped as PKCS #1 v1.5, which must not be tried for parameters that nobody understands."""
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    label = tlv(0xA2, algorithm("1.2.840.113549.1.1.9", octets(b"label")))
    md5 = tlv(0xA0, algorithm(names.DIGESTS["md5"], NULL))
    for what, parameters in {
        "NULL": NULL,
        "absent": b"",
        "text": tlv(0x0C, b"sha1"),
        "an INTEGER for the digest": nest(SEQUENCE, tlv(0xA0, integer(1))),
        "a digest without its wrapping": nest(SEQUENCE, oid(names.DIGESTS["sha256"])),
        "MD5": nest(SEQUENCE, md5),
        "a label": nest(SEQUENCE, label),
        "a mask that is none": nest(SEQUENCE, tlv(0xA1, algorithm(names.DATA, algorithm(names.DIGESTS["sha1"], NULL)))),
        "a part too many": nest(SEQUENCE, tlv(0xA3, integer(1))),
        "parts in another order": nest(SEQUENCE, label, md5),
        "bytes behind": nest(SEQUENCE) + NULL,
    }.items():

        def change(envelope: Envelope) -> None:
            wrapped = wrap(envelope.draft, envelope.key)
            envelope.recipients = [transport(envelope.draft, wrapped, algorithm(RSA_OAEP, parameters))]  # noqa: B023

        refuses(victim, what, enveloped(change))

    def plain(envelope: Envelope) -> None:
        wrapped = wrap(envelope.draft, envelope.key, oaep)
        envelope.recipients = [transport(envelope.draft, wrapped, algorithm(RSA_OAEP, nest(SEQUENCE)))]

    victim.accepts("OAEP as it should be", enveloped(plain))


def test_n68_an_envelope_that_holds_something_else(victim: Victim) -> None:
    holder = victim.server.hierarchy.signer

    def signed(draft: Draft) -> bytes:
        return sign(None, [Signer(holder.certificate, holder.key)], draft.certificates)

    for what, payload in (
        ("garbage", lambda _: os.urandom(1000)),
        ("nothing", lambda _: b""),
        ("the certificate alone", lambda draft: der(draft.certificates[0])),
        ("its PEM", lambda _: victim.server.hierarchy.issuing.pem.encode()),
        ("certificates that somebody signed", signed),
        ("certificates with content", lambda draft: sign(draft.payload, [], draft.certificates)),
        ("another envelope", lambda draft: seal(draft.payload, draft.recipient, Cipher.AES_128)),
        ("a byte behind them", lambda draft: draft.payload + b"\0"),
        ("a byte missing", lambda draft: draft.payload[:-1]),
        ("a page", lambda _: b"<html></html>"),
        ("seventeen certificates", lambda draft: bag(*[der(draft.certificates[0])] * 17)),
        ("something that is no certificate", lambda draft: bag(der(draft.certificates[0]), tlv(SET, b""))),
        ("bytes that are no certificate", lambda draft: bag(der(draft.certificates[0]), tlv(SEQUENCE, b"x"))),
    ):
        refuses(victim, what, Forgery(payload=payload))
    victim.accepts("each certificate twice", Forgery(payload=lambda draft: degenerate(draft.certificates * 2)))
