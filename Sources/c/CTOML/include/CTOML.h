// toml++ behind C: every node with its line and column.
#ifndef SIGNET_CTOML_H
#define SIGNET_CTOML_H

#ifdef __cplusplus
extern "C" {
#endif

/// The version of toml++ that this program was built with, as "major.minor.patch".
const char *signet_toml_version(void);

#ifdef __cplusplus
}
#endif

#endif
