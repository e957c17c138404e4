#define _DEFAULT_SOURCE
#include "CLinux.h"

#include <string.h>

void signet_wipe(void *bytes, size_t count) { explicit_bzero(bytes, count); }
