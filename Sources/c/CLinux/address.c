#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int signet_permanent_address(const char *interface, uint8_t address[6]) {
    // The kernel writes the address behind the request's head, up to `size` bytes.
    union {
        struct ethtool_perm_addr head;
        uint8_t bytes[sizeof(struct ethtool_perm_addr) + 32];
    } request;
    memset(&request, 0, sizeof request);
    request.head.cmd = ETHTOOL_GPERMADDR;
    request.head.size = 32;

    struct ifreq call;
    memset(&call, 0, sizeof call);
    if (strlen(interface) >= sizeof call.ifr_name) return -ENAMETOOLONG;
    strcpy(call.ifr_name, interface);
    call.ifr_data = (void *)&request;

    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    int failure = ioctl(descriptor, SIOCETHTOOL, &call) == 0 ? 0 : -errno;
    close(descriptor);
    if (failure == 0 && request.head.size != 6) failure = -EADDRNOTAVAIL;
    if (failure == 0) memcpy(address, request.bytes + sizeof(struct ethtool_perm_addr), 6);
    return failure;
}
