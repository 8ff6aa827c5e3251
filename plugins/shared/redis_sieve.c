/* SPDX-License-Identifier: MIT */
#include "shared/redis_sieve.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the protocol only the lengths of texts ("$5\r\nhello\r\n") matter; all else are lines. */
enum { LINE, LINE_REST, TEXT, FIRST_PART, MIDDLE, LAST_PART };

static int feed(redisReader *reader, const char *from, const char *to)
{
    return to > from ? redisReaderFeed(reader, from, (size_t)(to - from)) : REDIS_OK;
}

/* What follows the header of a text, which is passed on as it is, or made that of a cut one. */
static int begin_text(struct redis_sieve *sieve, redisReader *reader, const char *line, size_t n)
{
    char cut[16];
    long long length = strtoll(line + 1, NULL, 10);
    sieve->length = length > 0 ? (size_t)length : 0;
    sieve->phase = length < 0 ? LINE : length <= REDIS_TEXT_MOST ? TEXT : FIRST_PART;
    sieve->left = sieve->phase == FIRST_PART ? REDIS_TEXT_PART : sieve->length + 2;
    if (sieve->phase != FIRST_PART)
        return redisReaderFeed(reader, line, n);
    int n_cut = snprintf(cut, sizeof cut, "$%d\r\n", REDIS_TEXT_CUT);
    return redisReaderFeed(reader, cut, (size_t)n_cut);
}

/* Where a phase of a cut text is over. */
static int next_phase(struct redis_sieve *sieve, redisReader *reader)
{
    char digits[REDIS_TEXT_DIGITS + 1];
    switch (sieve->phase) {
    case FIRST_PART:
        sieve->phase = MIDDLE;
        sieve->left = sieve->length - REDIS_TEXT_MOST;
        return REDIS_OK;
    case MIDDLE:
        sieve->phase = LAST_PART;
        sieve->left = REDIS_TEXT_PART;
        return REDIS_OK;
    case LAST_PART:
        sieve->phase = TEXT; /* only its end of a line is left */
        sieve->left = 2;
        snprintf(digits, sizeof digits, "%0*zu", REDIS_TEXT_DIGITS, sieve->length);
        return redisReaderFeed(reader, digits, REDIS_TEXT_DIGITS);
    default:
        sieve->phase = LINE;
        return REDIS_OK;
    }
}

/* A line, or as much of it as there is; returns where it ends. */
static const char *take_line(struct redis_sieve *sieve, redisReader *reader, const char *at,
                             const char *end, int *status)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    const char *after = newline != NULL ? newline + 1 : end;
    size_t n = (size_t)(after - at);
    bool is_header = sieve->phase == LINE && (sieve->n_line > 0 || *at == '$') &&
                     sieve->n_line + n < sizeof sieve->line;
    if (is_header) {
        memcpy(sieve->line + sieve->n_line, at, n);
        sieve->n_line += n;
        sieve->line[sieve->n_line] = '\0';
        if (newline == NULL)
            return after;
        *status = begin_text(sieve, reader, sieve->line, sieve->n_line);
        sieve->n_line = 0;
        return after;
    }
    *status = feed(reader, sieve->line, sieve->line + sieve->n_line);
    if (*status == REDIS_OK)
        *status = feed(reader, at, after);
    sieve->n_line = 0;
    sieve->phase = newline != NULL ? LINE : LINE_REST;
    return after;
}

int redis_sieve_feed(struct redis_sieve *sieve, redisReader *reader, const char *bytes, size_t n)
{
    const char *end = bytes + n;
    int status = REDIS_OK;
    while (bytes < end && status == REDIS_OK) {
        if (sieve->phase == LINE || sieve->phase == LINE_REST) {
            bytes = take_line(sieve, reader, bytes, end, &status);
            continue;
        }
        size_t part = (size_t)(end - bytes) < sieve->left ? (size_t)(end - bytes) : sieve->left;
        if (sieve->phase != MIDDLE)
            status = redisReaderFeed(reader, bytes, part);
        bytes += part;
        sieve->left -= part;
        if (sieve->left == 0 && status == REDIS_OK)
            status = next_phase(sieve, reader);
    }
    return status;
}
