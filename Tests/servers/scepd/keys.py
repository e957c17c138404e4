"""RSA keys by label, generated once a process: making them anew for every test costs more than the tests do."""

import functools

from cryptography.hazmat.primitives.asymmetric import rsa


@functools.cache
def rsa_key(label: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """The process's key of that label and size."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)
