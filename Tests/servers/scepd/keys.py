"""Keys by label, generated once a process: making RSA keys anew for every test costs more than the tests do."""

import functools

from cryptography.hazmat.primitives.asymmetric import ec, rsa

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@functools.cache
def rsa_key(label: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The process's key of that label and size."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@functools.cache
def ec_key(label: str) -> ec.EllipticCurvePrivateKey:
    """The process's key of that label on P-256, which signs and cannot be encrypted to."""
    return ec.generate_private_key(ec.SECP256R1())
