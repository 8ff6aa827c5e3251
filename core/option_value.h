/* SPDX-License-Identifier: MIT
 * The inside of option.h, shared by its files: option.c (a table and a map of the file),
 * option_value.c (one option), option_print.c (for people). */
#ifndef CORE_OPTION_VALUE_H
#define CORE_OPTION_VALUE_H

#include "core/option.h"

#include <stdbool.h>
#include <stdint.h>

/* Leaves the member absent, whatever was there. */
void option_set_absent(const struct dyn_option *row, void *values);

/* The same, after freeing what it owns. */
void option_clear(const struct dyn_option *row, void *values);

/* An empty list is as good as none. */
bool option_is_absent(const struct dyn_option *row, const void *values);

void *option_member(const struct dyn_option *row, void *values);
const void *option_member_of(const struct dyn_option *row, const void *values);

struct option_limits {
    int64_t least;
    int64_t most;
};

/* Of a number or a duration. -1 if the row's limits cannot be read. */
int option_parse_limits(const struct dyn_option *row, struct option_limits *limits);

/* The words of a choice; given back to option_free_choices(). */
char **option_choices(const struct dyn_option *row, size_t *n);
void option_free_choices(char **words, size_t n);

#endif
