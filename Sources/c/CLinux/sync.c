#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>

void signet_begin_sync(int descriptor) { sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE); }
