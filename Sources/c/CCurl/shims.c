#include "library.h"

#include <string.h>

CURLcode signet_curl_set_policy(CURL *easy) {
    CURLcode result = CURLE_OK;
#define SET(option, value) \
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, option, value)
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L);
#endif
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_NONE);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    // A resumed session would not show the server's certificates again.
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
    SET(CURLOPT_CERTINFO, 1L);
#undef SET
    return result;
}

CURLcode signet_curl_set_long(CURL *easy, CURLoption option, long value) {
    return signet_curl.easy_setopt(easy, option, value);
}

CURLcode signet_curl_set_text(CURL *easy, CURLoption option, const char *value) {
    return signet_curl.easy_setopt(easy, option, value);
}

CURLcode signet_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *list) {
    return signet_curl.easy_setopt(easy, option, list);
}

CURLcode signet_curl_set_limit(CURL *easy, curl_off_t limit) {
    return signet_curl.easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, limit);
}

CURLcode signet_curl_set_body(CURL *easy, const void *bytes, size_t count) {
    CURLcode result = signet_curl.easy_setopt(easy, CURLOPT_POST, 1L);
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, count ? bytes : "");
    return result;
}

CURLcode signet_curl_set_authorities(CURL *easy, const void *bytes, size_t count) {
    struct curl_blob blob = {.data = (void *)bytes, .len = count, .flags = CURL_BLOB_COPY};
    CURLcode result = signet_curl.easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    // The blob replaces the distribution's file of authorities, but not its folder.
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_CAPATH, NULL);
    return result;
}

CURLcode signet_curl_set_identity(
    CURL *easy, const void *certificates, size_t certificates_count, const void *key, size_t key_count) {
    struct curl_blob certificate = {
        .data = (void *)certificates, .len = certificates_count, .flags = CURL_BLOB_COPY};
    struct curl_blob secret = {.data = (void *)key, .len = key_count, .flags = CURL_BLOB_NOCOPY};
    CURLcode result = signet_curl.easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &secret);
    return result;
}

void signet_curl_forget_key(CURL *easy) { signet_curl.easy_setopt(easy, CURLOPT_SSLKEY_BLOB, NULL); }

CURLcode signet_curl_set_proxy(CURL *easy, const char *url, struct curl_slist *headers) {
    CURLcode result = signet_curl.easy_setopt(easy, CURLOPT_PROXY, url);
    // What the environment exempts concerns the environment's proxy.
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_NOPROXY, "");
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_PROXYHEADER, headers);
    return result;
}

CURLcode signet_curl_set_login(CURL *easy, const char *user, const char *password) {
    CURLcode result = signet_curl.easy_setopt(easy, CURLOPT_HTTPAUTH, (long)(CURLAUTH_BASIC | CURLAUTH_NTLM));
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_USERNAME, user);
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_PASSWORD, password);
    return result;
}

void signet_curl_forget_login(CURL *easy) {
    signet_curl.easy_setopt(easy, CURLOPT_USERNAME, NULL);
    signet_curl.easy_setopt(easy, CURLOPT_PASSWORD, NULL);
}

void signet_curl_wipe_list(struct curl_slist *list) {
    for (struct curl_slist *item = list; item; item = item->next)
        if (item->data) explicit_bzero(item->data, strlen(item->data));
    signet_curl.slist_free_all(list);
}

CURLcode signet_curl_set_callbacks(
    CURL *easy, void *context, signet_curl_data body, signet_curl_data header, signet_curl_sending sending,
    char *error) {
    CURLcode result = signet_curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, body);
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_WRITEDATA, context);
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, header);
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_HEADERDATA, context);
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_PREREQFUNCTION, sending);
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_PREREQDATA, context);
    if (result == CURLE_OK) result = signet_curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
    return result;
}

long signet_curl_get_long(CURL *easy, CURLINFO info) {
    long value = 0;
    return signet_curl.easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

curl_off_t signet_curl_get_retry_after(CURL *easy) {
    curl_off_t value = 0;
    return signet_curl.easy_getinfo(easy, CURLINFO_RETRY_AFTER, &value) == CURLE_OK ? value : 0;
}

time_t signet_curl_date(const char *text) { return signet_curl.getdate(text, NULL); }

const char *signet_curl_get_text(CURL *easy, CURLINFO info) {
    const char *value = NULL;
    return signet_curl.easy_getinfo(easy, info, &value) == CURLE_OK ? value : NULL;
}

const struct curl_certinfo *signet_curl_get_certificates(CURL *easy) {
    struct curl_certinfo *value = NULL;
    return signet_curl.easy_getinfo(easy, CURLINFO_CERTINFO, &value) == CURLE_OK ? value : NULL;
}

int signet_curl_multi_result(CURLM *multi) {
    int left = 0;
    CURLMsg *message;
    while ((message = signet_curl.multi_info_read(multi, &left)))
        if (message->msg == CURLMSG_DONE) return (int)message->data.result;
    return -1;
}

CURLMcode signet_curl_multi_keep(CURLM *multi, long connections) {
    return signet_curl.multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections);
}
