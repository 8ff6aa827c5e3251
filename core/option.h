/* SPDX-License-Identifier: MIT
 * One table of options, for the host's keys and the plugins': a row is parser, check, default, help
 * and sample. The rows are those of the contract (struct dyn_option). */
#ifndef CORE_OPTION_H
#define CORE_OPTION_H

#include "core/config.h"
#include "core/error.h"
#include "core/text.h"

#include <dynomatic/plugin.h>

struct option_table {
    const struct dyn_option *rows;
    size_t n;
};

/* Whether a table can be used as it is: names, types, members inside a struct of `values_size`,
 * limits, defaults. The functions below count on it. -1 with an error that names the row. */
int option_check(struct option_table table, size_t values_size, struct error *error);

/* Sets every member to absent. `values` is the struct that the rows' offsets are of; its members
 * are the options' until option_fini(). */
void option_init(struct option_table table, void *values);

/* Frees what the members own and leaves them absent. `values` NULL is allowed. */
void option_fini(struct option_table table, void *values);

/* Sets one member from texts as a person types them: one, or several for a DYN_LIST. The error
 * names the option and never repeats its value. */
int option_set(const struct dyn_option *row, const char *const *texts, size_t n, void *values,
               struct error *error);

/* Sets members from a map of the file; a null sets the member back to absent. Notes a mistake for
 * each value that does not fit, and keeps the values of secrets, URLs and unknown keys from being
 * shown with any mistake. With `others`, keys that no row names and `others` does not list are
 * mistakes too, with the nearest known key; the keys of `others` are the caller's to read. */
void option_fill(struct option_table table, struct config *config, const struct config_node *map,
                 const char *const *others, size_t n_others, void *values);

/* After all fills: takes absent members from the environment, then from their defaults, and notes a
 * mistake at `map` for each required one that is still absent, unless `map` has it with a mistake.
 */
void option_complete(struct option_table table, struct config *config,
                     const struct config_node *map, void *values);

/* The member as a person would type it, lists as "[a, b]", secrets as "***", passwords in URLs
 * masked; "" if absent. */
void option_print(const struct dyn_option *row, const void *values, struct text *out);

/* As option_print with nothing masked, for telling two sets of values apart; never to be shown. */
void option_print_whole(const struct dyn_option *row, const void *values, struct text *out);

/* Help for people: a row each with type, default, limits, environment; and a commented sample. */
void option_help(struct option_table table, struct text *out);
void option_sample(struct option_table table, struct text *out);

/* The parsers behind it: "10s" to ms, and ms to "10s". */
int option_parse_duration(const char *text, int64_t *ms, struct error *error);
void option_print_duration(int64_t ms, struct text *out);

#endif
