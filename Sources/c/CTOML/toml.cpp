// toml++ 3.3 asserts some things of the text itself, as that a table's name begins like a key: "[/" would end the process.
// Without assertions it would go on as if they were so. Thrown, they are one more syntax error.
struct unforeseen {};
#undef NDEBUG
#define TOML_ASSERT(expression) ((expression) ? void() : throw unforeseen())
#define TOML_EXCEPTIONS 0
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "CTOML.h"

#define SIGNET_TEXT_OF(x) #x
#define SIGNET_TEXT(x) SIGNET_TEXT_OF(x)

struct signet_toml_document {
    toml::table root;  // owns the text that nodes point to
    std::vector<signet_toml_node> nodes;
    bool failed = false;
    std::string error;
    uint32_t line = 1, column = 1;

    void fail(std::string_view text, const toml::source_position &at) {
        failed = true;
        error = text;
        line = at ? at.line : 1;
        column = at ? at.column : 1;
        nodes.clear();
    }
};

// toml++ 3.3 bounds nested values but not dotted keys, and frees tables recursively: a key of a hundred thousand dots
// would end in a stack overflow. A key stands on one line, so bounding the dots of a line bounds the depth.
static const size_t dots_per_line = 256;

static bool has_too_many_dots(std::string_view text, uint32_t &line) {
    size_t dots = 0;
    line = 1;
    for (char byte : text) {
        if (byte == '\n') {
            dots = 0;
            line++;
        } else if (byte == '.' && ++dots > dots_per_line) {
            return true;
        }
    }
    return false;
}

static bool is_unforeseen(std::string_view text) {
    try {
        (void)toml::parse(text);
        return false;
    } catch (const unforeseen &) {
        return true;
    }
}

// The line of a text that holds something unforeseen. The parser goes from the start to the end, so it stumbles over every
// text that is cut off after that line, and over none that is cut off before.
static uint32_t unforeseen_line(std::string_view text) {
    std::vector<size_t> ends;
    for (size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) ends.push_back(at + 1);
    auto first = std::partition_point(
        ends.begin(), ends.end(), [&](size_t end) { return !is_unforeseen(text.substr(0, end)); });
    return static_cast<uint32_t>(first - ends.begin()) + 1;
}

static bool append(signet_toml_document &document, const toml::node &node, const toml::key *key, size_t depth) {
    const auto &at = node.source().begin;
    if (depth == 0) {
        document.fail("values are nested too deep", at);
        return false;
    }
    signet_toml_node flat{};
    flat.line = at.line;
    flat.column = at.column;
    if (key) {
        flat.key = key->str().data();
        flat.key_count = key->str().size();
        flat.key_line = key->source().begin.line;
        flat.key_column = key->source().begin.column;
    }
    const toml::table *table = node.as_table();
    const toml::array *array = node.as_array();
    if (table) {
        flat.kind = SIGNET_TOML_TABLE;
        flat.children = table->size();
    } else if (array) {
        flat.kind = SIGNET_TOML_ARRAY;
        flat.children = array->size();
    } else if (const auto *text = node.as_string()) {
        flat.kind = SIGNET_TOML_STRING;
        flat.text = text->get().data();
        flat.text_count = text->get().size();
    } else if (const auto *integer = node.as_integer()) {
        flat.kind = SIGNET_TOML_INTEGER;
        flat.integer = integer->get();
    } else if (const auto *real = node.as_floating_point()) {
        flat.kind = SIGNET_TOML_REAL;
        flat.real = real->get();
    } else if (const auto *boolean = node.as_boolean()) {
        flat.kind = SIGNET_TOML_BOOLEAN;
        flat.integer = boolean->get() ? 1 : 0;
    } else {
        flat.kind = SIGNET_TOML_TIME;
    }
    document.nodes.push_back(flat);
    if (table) {
        for (auto &&[inner_key, inner] : *table)
            if (!append(document, inner, &inner_key, depth - 1)) return false;
    } else if (array) {
        for (auto &&inner : *array)
            if (!append(document, inner, nullptr, depth - 1)) return false;
    }
    return true;
}

extern "C" const char *signet_toml_version(void) {
    return SIGNET_TEXT(TOML_LIB_MAJOR) "." SIGNET_TEXT(TOML_LIB_MINOR) "." SIGNET_TEXT(TOML_LIB_PATCH);
}

extern "C" signet_toml_document *signet_toml_parse(const char *bytes, size_t count, size_t depth) {
    auto *document = new signet_toml_document;
    std::string_view text{bytes, count};
    uint32_t line = 1;
    if (has_too_many_dots(text, line)) {
        document->fail("a line holds more than 256 dots", toml::source_position{line, 1});
        return document;
    }
    try {
        toml::parse_result result = toml::parse(text);
        if (!result) {
            document->fail(result.error().description(), result.error().source().begin);
            return document;
        }
        document->root = std::move(result).table();
        append(*document, document->root, nullptr, depth);
    } catch (const unforeseen &) {
        document->fail("a character that nothing begins with", toml::source_position{unforeseen_line(text), 1});
    }
    return document;
}

extern "C" bool signet_toml_failed(const signet_toml_document *document, signet_toml_error *error) {
    if (document->failed) *error = {document->error.c_str(), document->line, document->column};
    return document->failed;
}

extern "C" const signet_toml_node *signet_toml_nodes(const signet_toml_document *document, size_t *count) {
    *count = document->nodes.size();
    return document->failed ? nullptr : document->nodes.data();
}

extern "C" void signet_toml_free(signet_toml_document *document) { delete document; }
