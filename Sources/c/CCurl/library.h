#ifndef SIGNET_CURL_LIBRARY_H
#define SIGNET_CURL_LIBRARY_H

#include "CCurl.h"

/// The functions of libcurl that are used, without their `curl_`.
#define SIGNET_CURL_FUNCTIONS(each)                                                                           \
    each(global_init) each(easy_init) each(easy_reset) each(easy_cleanup) each(easy_setopt) each(easy_getinfo) \
    each(easy_strerror) each(getdate) each(slist_append) each(slist_free_all) each(multi_init)                 \
    each(multi_setopt) each(multi_add_handle) each(multi_remove_handle) each(multi_perform) each(multi_poll)   \
    each(multi_wakeup) each(multi_info_read) each(multi_cleanup)

/// Where they lie once `signet_curl_load` has found them all.
struct signet_curl_library {
#define SIGNET_CURL_POINTER(name) __typeof__(&curl_##name) name;
    SIGNET_CURL_FUNCTIONS(SIGNET_CURL_POINTER)
#undef SIGNET_CURL_POINTER
};
extern struct signet_curl_library signet_curl;

#endif
