/* SPDX-License-Identifier: MIT
 * The environment variables that may hold the URL of a job store. */
#ifndef CORE_DETECT_URL_H
#define CORE_DETECT_URL_H

#include "core/text.h"

#include <stddef.h>

struct detect_url {
    char *name;
    const char *value; /* the environment's; holds a password */
    struct text also;  /* other variables of the same value: "A, B" */
};

/* Those that are set, in the order in which they are asked; a value that two of them have once.
 * Freed by detect_urls_free(). */
struct detect_url *detect_urls(size_t *n);
void detect_urls_free(struct detect_url *urls, size_t n);

/* Which ones are looked for, for texts. */
#define DETECT_URL_NAMES \
    "DATABASE_URL, REDIS_URL, REDIS_TLS_URL, HEROKU_POSTGRESQL_*_URL, HEROKU_REDIS_*_URL"

#endif
