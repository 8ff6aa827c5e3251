/* SPDX-License-Identifier: MIT
 * The dyno sizes that can be had, and which of them an app may mix. Names, families and prices as
 * the official client lists them (its command ps:type), one-dyno sizes as Heroku documents them. */
#ifndef FAKE_SIZE_H
#define FAKE_SIZE_H

#include <stdbool.h>
#include <stddef.h>

enum family { FAMILY_ECO, FAMILY_BASIC, FAMILY_COMMON, FAMILY_PRIVATE, FAMILY_FIR };

struct size {
    const char *name;
    const char *tier; /* the app's process_tier when it uses this size */
    enum family family;
    double memory_gb;
    int compute;
    bool is_dedicated;
    int dollars; /* a month */
};

/* The size with this name in any case, or with this id; NULL if there is none. */
const struct size *size_find(const char *name_or_id);
/* The size that the dynos of an app of this tier have when nothing else is said; NULL: no tier. */
const struct size *size_of_tier(const char *tier);
/* All names, separated by commas: the caller's, free(). */
char *size_names(void);
/* The names of all tiers, likewise. */
const char *size_tiers(void);

size_t size_count(void);
const struct size *size_at(size_t i);

#endif
