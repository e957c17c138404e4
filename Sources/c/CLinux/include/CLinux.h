// Linux calls that Swift's Glibc module lacks or imports badly.
#ifndef SIGNET_CLINUX_H
#define SIGNET_CLINUX_H

#include <stddef.h>
#include <stdint.h>

/// Overwrites `count` bytes with zeros; the compiler may not drop it (explicit_bzero(3)).
void signet_wipe(void *bytes, size_t count);

/// Zeroed pages that nothing else lies in, for secrets: left out of core dumps, and kept out of swap as far as
/// RLIMIT_MEMLOCK goes (mlock2(2)). Ends the process where there is no memory. `count` is above 0.
void *signet_secret_pages(size_t count);

/// Overwrites what `signet_secret_pages` gave for this count, and gives it back.
void signet_end_secret_pages(void *pages, size_t count);

/// An errno's symbolic name, "ENOSPC"; NULL where glibc knows none. Never freed.
const char *signet_errno_name(int number);

/// An errno's text in English, whatever the locale; NULL where glibc knows none. Never freed.
const char *signet_errno_text(int number);

/// Keeps the process' memory from other processes of the same user and from core dumps (PR_SET_DUMPABLE, prctl(2)), and
/// has what it starts leave no core dump either (RLIMIT_CORE). 0, or -1 with errno.
int signet_forbid_dumps(void);

/// Has all threads take memory from one heap (M_ARENA_MAX, mallopt(3)), where glibc would give each its own. Call it
/// before there is a second thread.
void signet_share_heap(void);

/// O_PATH: a descriptor that names a file or folder without a right to read it (open(2)).
extern const int signet_open_path;

/// Has the kernel begin to write a file to the disk, and waits for nothing (sync_file_range(2)). Not every file system
/// knows how; fsync(2) is needed in any case.
void signet_begin_sync(int descriptor);

/// Writes the six bytes of an Ethernet interface's permanent hardware address (ETHTOOL_GPERMADDR). 0 or -errno.
int signet_permanent_address(const char *interface, uint8_t address[6]);

/// Accepts a connection, closed on exec and never blocking (accept4(2)). The descriptor, or -1 with errno.
int signet_accept(int listener);

/// A new event descriptor, closed on exec and never blocking (eventfd(2)), or -1 with errno.
int signet_event(void);

/// Who is at the other end of a local socket (SO_PEERCRED, unix(7)). 0, or -1 with errno.
int signet_peer(int socket, int *process, unsigned *user, unsigned *group);

#endif
