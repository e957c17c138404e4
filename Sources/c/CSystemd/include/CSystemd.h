// libsystemd: readiness, watchdog, passed sockets, journal fields, application-specific machine ids; and the kernel's
// wall-clock timers and process handles, which Swift's Glibc module lacks.
#ifndef SIGNET_CSYSTEMD_H
#define SIGNET_CSYSTEMD_H

// The journal's callers name their own fields; C file and line of a shim would tell nobody anything.
#define SD_JOURNAL_SUPPRESS_LOCATION

#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

/// A timer on CLOCK_REALTIME that is readable when it has fired; -errno where there is none to be had.
int signet_wall_timer_open(void);

/// Arms the timer for a point in time, or for a jump of the clock, whichever is first. 0 or -errno.
int signet_wall_timer_set(int timer, int64_t seconds, int64_t nanoseconds);

/// 1 where the time has come, 0 where nothing happened, -ECANCELED where the clock jumped, else -errno.
int signet_wall_timer_read(int timer);

/// A descriptor that is readable once the process has ended (pidfd_open(2)); -errno.
int signet_process_open(pid_t process);

/// A pipe that is closed on exec: ends[0] to read, ends[1] to write. 0 or -errno.
int signet_pipe(int ends[2]);

/// Starts argv[0], an absolute path, leading a process group of its own: working directory /, standard input and error
/// /dev/null, standard output `output`, no other descriptor, default signals, this environment only. 0 or -errno.
int signet_spawn(pid_t *process, int output, const char *const argv[], const char *const environment[]);

#endif
