/* SPDX-License-Identifier: MIT
 * Keeps memory bounded whatever a server sends: a text longer than REDIS_TEXT_MOST bytes reaches
 * hiredis without its middle. */
#ifndef PLUGINS_SHARED_REDIS_SIEVE_H
#define PLUGINS_SHARED_REDIS_SIEVE_H

#include <hiredis/hiredis.h>
#include <stddef.h>

enum {
    REDIS_TEXT_MOST = 8192,
    REDIS_TEXT_PART = REDIS_TEXT_MOST / 2, /* what is left of each end of a longer one */
    REDIS_TEXT_DIGITS = 20,                /* of its length, which follows the two parts */
    REDIS_TEXT_CUT = REDIS_TEXT_MOST + REDIS_TEXT_DIGITS /* so a cut text is known by its length */
};

struct redis_sieve {
    int phase;
    size_t left;   /* bytes until the next phase */
    size_t length; /* of the text at hand */
    size_t n_line; /* bytes of a header that came in parts */
    char line[32];
};

/* Feeds bytes to the reader. Returns what redisReaderFeed() returns. */
int redis_sieve_feed(struct redis_sieve *sieve, redisReader *reader, const char *bytes, size_t n);

#endif
