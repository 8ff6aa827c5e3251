/* SPDX-License-Identifier: MIT
 * What dynos cost, from a file of lists, each with its source and its date. */
#ifndef CORE_PRICES_H
#define CORE_PRICES_H

#include "core/text.h"

struct price {
    char *size;     /* "Standard-1X", as the file writes it */
    double a_month; /* US dollars for one dyno that runs all month */
    char *source;
    char *date;
};

/* The price of a size, whose case does not matter; NULL with all mistakes of the file, or the
 * nearest size there is. Freed with price_free(), which takes NULL. */
struct price *price_read(const char *path, const char *size, struct text *mistakes);
void price_free(struct price *price);

#endif
