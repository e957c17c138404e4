#include "library.h"

#include <dlfcn.h>

// The library is opened by whoever sends something, and linked by nobody: it brings 30 others along, and most processes
// of an agent look at the clock and end.
struct signet_curl_library signet_curl;

const char *signet_curl_load(void) {
    void *library = dlopen(SIGNET_CURL_SONAME, RTLD_NOW | RTLD_LOCAL);
    if (!library) return dlerror();
#define FIND(name)                                                \
    signet_curl.name = (__typeof__(signet_curl.name))dlsym(library, "curl_" #name); \
    if (!signet_curl.name) return dlerror();
    SIGNET_CURL_FUNCTIONS(FIND)
#undef FIND
    return signet_curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? NULL : "libcurl cannot be set up";
}

// What Swift calls by libcurl's own names.

CURL *curl_easy_init(void) { return signet_curl.easy_init(); }
void curl_easy_reset(CURL *easy) { signet_curl.easy_reset(easy); }
void curl_easy_cleanup(CURL *easy) { signet_curl.easy_cleanup(easy); }
const char *curl_easy_strerror(CURLcode code) { return signet_curl.easy_strerror(code); }

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *text) {
    return signet_curl.slist_append(list, text);
}

CURLM *curl_multi_init(void) { return signet_curl.multi_init(); }
CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy) { return signet_curl.multi_add_handle(multi, easy); }
CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *easy) { return signet_curl.multi_remove_handle(multi, easy); }
CURLMcode curl_multi_perform(CURLM *multi, int *running) { return signet_curl.multi_perform(multi, running); }

CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd extra[], unsigned int count, int limit, int *ready) {
    return signet_curl.multi_poll(multi, extra, count, limit, ready);
}

CURLMcode curl_multi_wakeup(CURLM *multi) { return signet_curl.multi_wakeup(multi); }
CURLMcode curl_multi_cleanup(CURLM *multi) { return signet_curl.multi_cleanup(multi); }
