#include "CHMAC.h"

#include <dlfcn.h>
#include <openssl/evp.h>

int signet_hmac_sha256(
    const void *key, size_t key_count, const void *message, size_t message_count, unsigned char digest[32]) {
    void *library = dlopen(SIGNET_CRYPTO_SONAME, RTLD_NOW | RTLD_LOCAL);
    if (!library) return 0;
    __typeof__(&EVP_Q_mac) mac = (__typeof__(&EVP_Q_mac))dlsym(library, "EVP_Q_mac");
    size_t count = 0;
    return mac && mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_count, message, message_count, digest, 32, &count)
        && count == 32;
}
