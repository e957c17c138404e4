#define _GNU_SOURCE
#include "CLinux.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int signet_forbid_dumps(void) {
    // A limit of 0 is not enforced where cores are piped to a program (core(5)); one of 1 byte has the kernel start none.
    struct rlimit core;
    if (getrlimit(RLIMIT_CORE, &core) != 0) return -1;
    if (core.rlim_max > 1) core.rlim_max = 1;
    core.rlim_cur = core.rlim_max;
    if (setrlimit(RLIMIT_CORE, &core) != 0) return -1;
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void signet_share_heap(void) { mallopt(M_ARENA_MAX, 1); }
