#define _GNU_SOURCE
#include "CLinux.h"

#include <sys/prctl.h>

int signet_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
