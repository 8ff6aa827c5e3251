/* SPDX-License-Identifier: MIT
 * A set of texts that are numbered as they come, 0, 1, 2...; it keeps copies. {0} is an empty one.
 */
#ifndef PLUGINS_SHARED_NAMES_H
#define PLUGINS_SHARED_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define NAMES_NONE SIZE_MAX

struct names {
    char *chars; /* of all, each with its NUL */
    size_t length;
    size_t chars_room;
    size_t *starts; /* in chars */
    size_t n;
    size_t starts_room;
    size_t *slots; /* number + 1 of the text whose hash leads there, 0: free */
    size_t n_slots;
};

/* The number of a text, which is added if it is new; NAMES_NONE: out of memory. */
size_t names_add(struct names *names, const char *text);

/* NAMES_NONE: it is not there. */
size_t names_find(const struct names *names, const char *text);

/* Until the next names_add(). */
const char *names_at(const struct names *names, size_t number);

void names_fini(struct names *names);

#endif
