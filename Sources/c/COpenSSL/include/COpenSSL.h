// libcrypto's headers, and plain functions for what Swift cannot import: stacks, macros, varargs.
#ifndef SIGNET_COPENSSL_H
#define SIGNET_COPENSSL_H

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/// A BIO that reads bytes which the caller keeps alive. Takes none at all too, where BIO_new_mem_buf(3) wants an address.
BIO *signet_bio_reading(const void *bytes, size_t count);

/// EVP_PKEY_KEYPAIR of EVP_PKEY_fromdata(3).
static const int signet_key_pair = EVP_PKEY_KEYPAIR;

/// Has a BIO hand on what it holds back (BIO_flush(3) is a macro).
int signet_bio_flush(BIO *bio);

/// How many bytes a memory BIO holds, and where (BIO_get_mem_data(3) is a macro). They end with the next call on it.
size_t signet_bio_contents(BIO *bio, const unsigned char **bytes);

#endif
