#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>

const int signet_open_path = O_PATH;
