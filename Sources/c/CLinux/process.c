#define _GNU_SOURCE
#include "CLinux.h"

#include <malloc.h>
#include <sys/prctl.h>

int signet_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

void signet_share_heap(void) { mallopt(M_ARENA_MAX, 1); }
