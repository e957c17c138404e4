// libcurl, loaded when it is first needed, and plain functions for its variadic setters.
#ifndef SIGNET_CCURL_H
#define SIGNET_CCURL_H

#include <curl/curl.h>
#include <stddef.h>
#include <time.h>

#define SIGNET_CURL_SONAME "libcurl.so.4"

/// Loads libcurl and sets it up; once, before anything else here. NULL, or why not.
const char *signet_curl_load(void);

/// Options that hold for every exchange: HTTP/1.1 over plain TCP or TLS 1.2 and later, peers verified, no redirects, no
/// cookies, no credentials, no signals, no waiting for a resolver that was given up.
CURLcode signet_curl_set_policy(CURL *easy);

CURLcode signet_curl_set_long(CURL *easy, CURLoption option, long value);
CURLcode signet_curl_set_text(CURL *easy, CURLoption option, const char *value);
CURLcode signet_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *list);

/// Most bytes that the answer may announce.
CURLcode signet_curl_set_limit(CURL *easy, curl_off_t limit);

/// A POST body, which is copied.
CURLcode signet_curl_set_body(CURL *easy, const void *bytes, size_t count);

/// CA certificates (PEM, copied) in place of all that libcurl knows by itself.
CURLcode signet_curl_set_authorities(CURL *easy, const void *bytes, size_t count);

/// A client's certificate with its chain (PEM, copied) and its key (PEM, not copied: it must stay until the exchange has
/// ended and `signet_curl_forget_key` was called).
CURLcode signet_curl_set_identity(
    CURL *easy, const void *certificates, size_t certificates_count, const void *key, size_t key_count);
void signet_curl_forget_key(CURL *easy);

/// The proxy of every exchange, in place of the environment's, and headers for it alone, which stay the caller's.
CURLcode signet_curl_set_proxy(CURL *easy, const char *url, struct curl_slist *headers);

/// The login of a server that asks for one, by NTLM where it can, else by Basic. Both copy, and free without wiping.
CURLcode signet_curl_set_login(CURL *easy, const char *user, const char *password);
void signet_curl_forget_login(CURL *easy);

/// Frees a list whose texts may be secret, overwriting them first.
void signet_curl_wipe_list(struct curl_slist *list);

typedef size_t (*signet_curl_data)(char *bytes, size_t size, size_t count, void *context);
typedef int (*signet_curl_sending)(void *context, char *to, char *from, int to_port, int from_port);

/// Called with each piece of the body, each header line, and before a request is sent over a connection that stands;
/// they stop the exchange by returning another count than they were given, or CURL_PREREQFUNC_ABORT. `error` receives
/// libcurl's own words, CURL_ERROR_SIZE bytes.
CURLcode signet_curl_set_callbacks(
    CURL *easy, void *context, signet_curl_data body, signet_curl_data header, signet_curl_sending sending,
    char *error);

long signet_curl_get_long(CURL *easy, CURLINFO info);

/// Seconds of Retry-After; 0 where it is absent or past.
curl_off_t signet_curl_get_retry_after(CURL *easy);

/// Seconds since 1970 of a date as HTTP writes it; -1 for what is none.
time_t signet_curl_date(const char *text);

/// libcurl's own text, or NULL.
const char *signet_curl_get_text(CURL *easy, CURLINFO info);

/// The certificates of the handshake; libcurl's own until the next exchange. NULL where there was none.
const struct curl_certinfo *signet_curl_get_certificates(CURL *easy);

/// The result of the exchange that has ended, or -1 while none has.
int signet_curl_multi_result(CURLM *multi);

/// Keeps that many idle connections.
CURLMcode signet_curl_multi_keep(CURLM *multi, long connections);

#endif
