#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "CTOML.h"

#define SIGNET_TEXT_OF(x) #x
#define SIGNET_TEXT(x) SIGNET_TEXT_OF(x)

extern "C" const char *signet_toml_version(void) {
    return SIGNET_TEXT(TOML_LIB_MAJOR) "." SIGNET_TEXT(TOML_LIB_MINOR) "." SIGNET_TEXT(TOML_LIB_PATCH);
}
