// libsystemd: readiness, watchdog, passed sockets, journal fields, application-specific machine ids.
#ifndef SIGNET_CSYSTEMD_H
#define SIGNET_CSYSTEMD_H

#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

#endif
