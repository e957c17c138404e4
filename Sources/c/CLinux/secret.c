#define _GNU_SOURCE
#include "CLinux.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void *signet_secret_pages(size_t count) {
    void *pages = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    // As Swift's own allocations end when there is no memory.
    if (pages == MAP_FAILED) abort();
    madvise(pages, count, MADV_DONTDUMP);
    // Beyond RLIMIT_MEMLOCK the secret is still one, but its pages may be swapped out. Those that are never written to
    // take no memory, hence "on fault".
    mlock2(pages, count, MLOCK_ONFAULT);
    return pages;
}

void signet_end_secret_pages(void *pages, size_t count) {
    explicit_bzero(pages, count);
    munmap(pages, count);
}
