// Linux calls that Swift's Glibc module lacks or imports badly.
#ifndef SIGNET_CLINUX_H
#define SIGNET_CLINUX_H

#include <stddef.h>

/// Overwrites `count` bytes with zeros; the compiler may not drop it (explicit_bzero(3)).
void signet_wipe(void *bytes, size_t count);

#endif
