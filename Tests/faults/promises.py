"""What must be so, whatever happened to a machine."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from machine import Machine, problem_codes
from scepd import Exchange, SCEPServer, names
from stage import Run
from syscalls.published import read_published


def judge(run: Run, server: SCEPServer) -> None:
    """Every sentence that the promise consists of."""
    if "challenge-spent" in problem_codes(run.last):
        assert may_have_spent(run, server), f"killed before call {run.kill}: it still had its challenge"
    else:
        assert run.published is not None
        judge_identity(run.published, run.key, run.certificate)
    assert asked_again_in_vain(run.operations) == []
    sent = [one for one in run.operations if one.challenge_present]
    assert server.behaviour.challenges.single_use is None or len(sent) <= 1
    for reader in run.readers:
        judge_readers(reader.published)


def judge_identity(published: dict[str, str], key: bytes, certificate: bytes) -> None:
    """What is published is the newest generation, whose key is there."""
    newest = x509.load_der_x509_certificate(certificate)
    assert are_pair(newest, key)
    assert x509.load_pem_x509_certificate(published["cert.pem"].encode()) == newest


def judge_published(machine: Machine) -> None:
    """The same of a machine."""
    published = read_published(str(machine.root / "etc/ssl/signet/access"))
    newest = max((machine.root / "var/lib/signet/profiles/access/generations").iterdir())
    assert published is not None
    judge_identity(published, (newest / "key.pem").read_bytes(), (newest / "certificate.der").read_bytes())


def may_have_spent(run: Run, server: SCEPServer) -> bool:
    """Whether a challenge that works once was in a request that may have been sent when the program was killed.

    From the state that counts it as sent on, and until all of the certificate is there. A server that knows CertPoll
    tells of every request that it heard.
    """
    if server.behaviour.challenges.single_use is None:
        return False
    renamed = [one.about.rpartition("/")[2] for one in run.log.calls[:-1] if one.name == "renameat"]
    composed = "transaction.json" in renamed and "state.json" in renamed[renamed.index("transaction.json") :]
    if not composed or "0001" in renamed:
        return False
    knows_polls = not server.behaviour.troubles
    return not (knows_polls and any(one.issued for one in run.operations))


def asked_again_in_vain(operations: list[Exchange]) -> list[Exchange]:
    """Requests for a certificate made after one was issued, although no CertPoll had failed to yield that."""
    found: list[Exchange] = []
    is_had = False
    for one in operations:
        if one.message_type == names.CERT_POLL:
            is_had = is_had and one.issued is not None
        elif is_had:
            found.append(one)
        elif one.issued is not None:
            is_had = True
    return found


_pairs: dict[tuple[str, str], bool] = {}


def judge_readers(seen: list[dict[str, str] | None]) -> None:
    """No reader ever saw two halves of different identities, nor nothing where there had been something."""
    first = next((at for at, one in enumerate(seen) if one is not None), len(seen))
    for one in seen[first:]:
        assert one is not None, "'current' was gone"
        assert "" not in one.values(), f"a file was missing: {[name for name, text in one.items() if not text]}"
        for pair in ((one["cert.pem"], one["key.pem"]), (one["combined.pem"], one["combined.pem"])):
            if pair not in _pairs:
                certificate = x509.load_pem_x509_certificate(pair[0].encode())
                _pairs[pair] = are_pair(certificate, pair[1].encode())
            assert _pairs[pair], "a key beside a certificate of another"


def are_pair(certificate: x509.Certificate, key: bytes) -> bool:
    """Whether the certificate is for that key: it verifies what that signs, which takes less than checking the key."""
    private, public = load_pem_private_key(key, None, unsafe_skip_rsa_key_validation=True), certificate.public_key()
    assert isinstance(private, rsa.RSAPrivateKey) and isinstance(public, rsa.RSAPublicKey)
    try:
        public.verify(private.sign(b"", PKCS1v15(), SHA256()), b"", PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
