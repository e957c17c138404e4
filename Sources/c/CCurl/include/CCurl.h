// libcurl, and plain functions for its variadic setters.
#ifndef SIGNET_CCURL_H
#define SIGNET_CCURL_H

#include <curl/curl.h>

#endif
