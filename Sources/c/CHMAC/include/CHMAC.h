// HMAC-SHA256 by libcrypto, which is opened when it is asked for: a program that needs nothing else of it, as signetctl,
// starts without it, in four fifths of the time.
#ifndef SIGNET_CHMAC_H
#define SIGNET_CHMAC_H

#include <stddef.h>

#define SIGNET_CRYPTO_SONAME "libcrypto.so.3"

/// HMAC-SHA256 of a message (RFC 2104). Answers 0 where the library is not there or knows no HMAC, else 1.
int signet_hmac_sha256(
    const void *key, size_t key_count, const void *message, size_t message_count, unsigned char digest[32]);

#endif
