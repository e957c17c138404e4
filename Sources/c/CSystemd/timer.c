#define _GNU_SOURCE
#include "CSystemd.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int signet_wall_timer_open(void) {
    int timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    return timer < 0 ? -errno : timer;
}

int signet_wall_timer_set(int timer, int64_t seconds, int64_t nanoseconds) {
    struct itimerspec value = {.it_value = {.tv_sec = seconds, .tv_nsec = nanoseconds}};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &value, NULL) < 0 ? -errno : 0;
}

int signet_wall_timer_read(int timer) {
    uint64_t fired = 0;
    if (read(timer, &fired, sizeof fired) == sizeof fired) return 1;
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}
