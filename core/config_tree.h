/* SPDX-License-Identifier: MIT
 * The inside of config.h, shared by its files: config.c (the file, and looking at values),
 * config_yaml.c (text to tree), config_syntax.c (what is no YAML), config_env.c (${NAME}),
 * config_mistake.c (notes and prints). */
#ifndef CORE_CONFIG_TREE_H
#define CORE_CONFIG_TREE_H

#include "core/config.h"

#include <glib.h>

/* Bounds of a file that a person could have meant. They keep a hostile one cheap. */
enum {
    CONFIG_MOST_BYTES = 8 << 20,
    CONFIG_MOST_DEPTH = 16,      /* of lists and maps in each other */
    CONFIG_MOST_VALUES = 500000, /* with everything that aliases repeat counted again */
    CONFIG_MOST_ANCHORS = 256,
    CONFIG_MOST_MISTAKES = 50 /* that are printed; the rest is counted */
};

struct config_entry {
    char *key;     /* NULL in a list */
    size_t key_at; /* where it stands */
    const struct config_node *value;
};

/* Where something stands in the source, in bytes. */
struct config_span {
    size_t from;
    size_t to;
};

struct config_node {
    enum config_kind kind;
    bool is_null;
    bool is_broken; /* a mistake was noted instead of a text */
    bool is_taken;  /* from the environment, in part or whole */
    char *text;     /* of a scalar */
    struct config_entry *entries;
    size_t n_entries;
    size_t n_values; /* in it, itself too; repeated ones are counted again */
    struct config_span span;
    struct config_node *next; /* in the order in which they were made */
};

struct config_mistake {
    bool has_place;
    size_t at;
    char *text;
};

struct config {
    char *path;
    char *source;
    size_t length;
    struct config_node *nodes; /* all of them: an alias makes two maps share one */
    const struct config_node *root;
    char *hidden; /* for each byte of the source: whether it must not be shown */
    struct config_mistake mistakes[CONFIG_MOST_MISTAKES];
    size_t n_mistakes;   /* those past the array too */
    GHashTable *noted;   /* a text for each of them, so that none is noted twice */
    GArray *line_starts; /* of each line the first byte; NULL until somebody asks for a line */
};

/* Makes the tree of config->source. */
void config_parse_yaml(struct config *config);

/* What to do about what the parser says of a byte of the source; its own words if that is not
 * known.
 */
const char *config_syntax_advice(const struct config *config, size_t at, const char *message);

/* Sets a scalar's text, with ${...} replaced. */
void config_set_text(struct config *config, struct config_node *node, const char *chars,
                     size_t length);

/* Notes a mistake at a byte of the source. */
void config_mistake_at(struct config *config, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Keeps a part of the source from ever being shown. */
void config_hide_span(struct config *config, struct config_span span);

/* Hides all values in the lines of the mistakes so far: for a file that was not understood to its
 * end, in which no reader can tell what is a secret. */
void config_hide_mistaken_lines(struct config *config);

/* The line of a byte, counted from 1. */
size_t config_line(struct config *config, size_t at);

/* Where the line of a byte ends, without its line break. */
size_t config_line_end(const struct config *config, size_t at);

#endif
