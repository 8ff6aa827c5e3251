/* SPDX-License-Identifier: MIT
 * A configuration file as a tree of values, each with its place in the file. Knows YAML (and so
 * JSON), ${NAME} and ${NAME:-default}, and how to report mistakes; knows no key by name.
 *
 * Every reader of the tree notes the mistakes it finds and goes on, so that one run tells all. */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;      /* a file and the mistakes found in it */
struct config_node; /* a value; the config's */

enum config_kind { CONFIG_SCALAR, CONFIG_LIST, CONFIG_MAP };

/* Reads a file, or the text of one named `path`. Never NULL: what cannot be read or is no YAML is a
 * mistake of the result, which then has no root. Freed with config_free(), which takes NULL. */
struct config *config_read(const char *path);
struct config *config_parse(const char *path, const char *chars, size_t length);
void config_free(struct config *config);

const char *config_path(const struct config *config);

/* NULL if there is none. */
const struct config_node *config_root(const struct config *config);

enum config_kind config_kind(const struct config_node *node);

/* A scalar's text with ${...} replaced, "" for null and for what is no scalar. */
const char *config_text(const struct config_node *node);

/* True for a scalar written as nothing, ~ or null. */
bool config_is_null(const struct config_node *node);

/* True if a mistake was noted instead of making its text, so that "" says nothing. */
bool config_is_broken(const struct config_node *node);

/* True if part of its text is from the environment: then a message must not repeat it. */
bool config_is_taken(const struct config_node *node);

/* True for a text such as "min:1", which was meant as a map and lacks the space that makes it one.
 */
bool config_lacks_space(const struct config_node *node);

/* Entries of a list or a map in the order of the file; 0 for a scalar. */
size_t config_count(const struct config_node *node);
const struct config_node *config_item(const struct config_node *node, size_t i);
const char *config_key(const struct config_node *node, size_t i); /* of a map */

/* The value of a map's key; NULL if node is NULL, is no map or has no such key. */
const struct config_node *config_get(const struct config_node *node, const char *key);

/* Keeps a value's part of the source lines from being shown with any mistake: "token: ***". */
void config_hide(struct config *config, const struct config_node *node);

/* Notes a mistake at a value (or, for entry i of a map, at its key): "file:line:column: text", the
 * source line and a caret. `node` NULL: of the file as a whole. The same one again is not noted. */
void config_mistake(struct config *config, const struct config_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void config_mistake_at_key(struct config *config, const struct config_node *map, size_t i,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));

size_t config_mistakes(const struct config *config);

/* Whether one of them is in this value, so that what it seems to mean is not what was meant. */
bool config_has_mistake(const struct config *config, const struct config_node *node);

/* All mistakes in the order of the file, for people. */
void config_print_mistakes(struct config *config, struct text *out);

/* "file:line" of a value, for the log; the caller frees it. */
char *config_place(struct config *config, const struct config_node *node);
uint32_t config_line_of(struct config *config, const struct config_node *node);

#endif
