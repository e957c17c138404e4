#include "COpenSSL.h"

#include <limits.h>

BIO *signet_bio_reading(const void *bytes, size_t count) {
    if (count > INT_MAX) return NULL;
    return BIO_new_mem_buf(count > 0 ? bytes : "", (int)count);
}

int signet_bio_flush(BIO *bio) { return BIO_flush(bio); }

size_t signet_bio_contents(BIO *bio, const unsigned char **bytes) {
    long count = BIO_get_mem_data(bio, (char **)bytes);
    return count > 0 && *bytes != NULL ? (size_t)count : 0;
}
