// toml++ behind C: a document as a flat list of nodes, each with its line and column.
#ifndef SIGNET_CTOML_H
#define SIGNET_CTOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The version of toml++ that this program was built with, as "major.minor.patch".
const char *signet_toml_version(void);

typedef enum {
    SIGNET_TOML_TABLE,
    SIGNET_TOML_ARRAY,
    SIGNET_TOML_STRING,
    SIGNET_TOML_INTEGER,
    SIGNET_TOML_REAL,
    SIGNET_TOML_BOOLEAN,
    SIGNET_TOML_TIME,
} signet_toml_kind;

/// One node. Lines and columns count from 1, columns in characters. Bytes are UTF-8, without a closing NUL, and live
/// as long as the document.
typedef struct {
    signet_toml_kind kind;
    uint32_t line, column;
    /// The key this node stands under; NULL for the root and for elements of an array.
    const char *key;
    size_t key_count;
    uint32_t key_line, key_column;
    /// SIGNET_TOML_STRING
    const char *text;
    size_t text_count;
    /// SIGNET_TOML_INTEGER; SIGNET_TOML_BOOLEAN as 0 or 1
    int64_t integer;
    /// SIGNET_TOML_REAL
    double real;
    /// SIGNET_TOML_TABLE, SIGNET_TOML_ARRAY: how many nodes directly inside follow, each with its own inside after it.
    size_t children;
} signet_toml_node;

/// Why there are no nodes. `text` lives as long as the document.
typedef struct {
    const char *text;
    uint32_t line, column;
} signet_toml_error;

typedef struct signet_toml_document signet_toml_document;

/// Parses UTF-8 text. The caller owns the document and frees it. Values nested deeper than `depth` are an error.
signet_toml_document *signet_toml_parse(const char *text, size_t count, size_t depth);

/// Whether parsing failed; `*error` then says why.
bool signet_toml_failed(const signet_toml_document *document, signet_toml_error *error);

/// The nodes, in order, the root table first; NULL and 0 where parsing failed.
const signet_toml_node *signet_toml_nodes(const signet_toml_document *document, size_t *count);

void signet_toml_free(signet_toml_document *document);

#ifdef __cplusplus
}
#endif

#endif
