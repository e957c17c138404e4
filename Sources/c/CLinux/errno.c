#define _GNU_SOURCE
#include "CLinux.h"

#include <string.h>

const char *signet_errno_name(int number) { return strerrorname_np(number); }

const char *signet_errno_text(int number) { return strerrordesc_np(number); }
