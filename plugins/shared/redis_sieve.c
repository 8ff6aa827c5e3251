/* SPDX-License-Identifier: MIT */
#include "shared/redis_sieve.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the protocol only the lengths of texts ("$5\r\nhello\r\n") matter; all else are lines. */
enum { LINE, LINE_REST, TEXT, FIRST_PART, MIDDLE, LAST_PART };

/* Bytes that come in: those from `kept` to `at` are to be passed on as they are. */
struct input {
    redisReader *reader;
    const char *kept;
    const char *at;
    const char *end;
    int status;
};

static void feed(struct input *input, const char *from, const char *to)
{
    if (input->status == REDIS_OK && to > from)
        input->status = redisReaderFeed(input->reader, from, (size_t)(to - from));
}

static void pass_on(struct input *input)
{
    feed(input, input->kept, input->at);
    input->kept = input->at;
}

/* What follows the header of a text. */
static void begin_text(struct redis_sieve *sieve, const char *header)
{
    long long length = strtoll(header + 1, NULL, 10);
    sieve->length = length > 0 ? (size_t)length : 0;
    sieve->phase = length < 0 ? LINE : length <= REDIS_TEXT_MOST ? TEXT : FIRST_PART;
    sieve->left = sieve->phase == FIRST_PART ? REDIS_TEXT_PART : sieve->length + 2;
}

/* Where a part of a text is over. */
static void next_phase(struct redis_sieve *sieve, struct input *input)
{
    char digits[REDIS_TEXT_DIGITS + 1];
    switch (sieve->phase) {
    case FIRST_PART:
        pass_on(input);
        sieve->phase = MIDDLE;
        sieve->left = sieve->length - REDIS_TEXT_MOST;
        break;
    case MIDDLE:
        sieve->phase = LAST_PART;
        sieve->left = REDIS_TEXT_PART;
        break;
    case LAST_PART:
        pass_on(input);
        snprintf(digits, sizeof digits, "%0*zu", REDIS_TEXT_DIGITS, sieve->length);
        feed(input, digits, digits + REDIS_TEXT_DIGITS);
        sieve->phase = TEXT; /* only its end of a line is left */
        sieve->left = 2;
        break;
    default:
        sieve->phase = LINE;
    }
}

/* Holds back a header that comes in parts; true once it is whole. */
static bool hold_header(struct redis_sieve *sieve, struct input *input, size_t n)
{
    memcpy(sieve->line + sieve->n_line, input->at, n);
    sieve->n_line += n;
    sieve->line[sieve->n_line] = '\0';
    input->at = input->kept = input->at + n;
    return sieve->line[sieve->n_line - 1] == '\n';
}

/* Passes a header on as it is, or makes it that of a cut text. */
static void take_header(struct redis_sieve *sieve, struct input *input, size_t n)
{
    bool is_split = sieve->n_line > 0 || input->at[n - 1] != '\n';
    if (!is_split) {
        begin_text(sieve, input->at);
        if (sieve->phase != FIRST_PART) {
            input->at += n;
            return;
        }
    }
    pass_on(input);
    if (!hold_header(sieve, input, n))
        return;
    begin_text(sieve, sieve->line);
    if (sieve->phase == FIRST_PART)
        sieve->n_line =
            (size_t)snprintf(sieve->line, sizeof sieve->line, "$%d\r\n", REDIS_TEXT_CUT);
    feed(input, sieve->line, sieve->line + sieve->n_line);
    sieve->n_line = 0;
}

static void take_line(struct redis_sieve *sieve, struct input *input)
{
    const char *newline = memchr(input->at, '\n', (size_t)(input->end - input->at));
    const char *after = newline != NULL ? newline + 1 : input->end;
    size_t n = (size_t)(after - input->at);
    bool is_header = sieve->phase == LINE && (sieve->n_line > 0 || *input->at == '$');
    if (is_header && sieve->n_line + n < sizeof sieve->line) {
        take_header(sieve, input, n);
        return;
    }
    feed(input, sieve->line, sieve->line + sieve->n_line); /* too long to be a header */
    sieve->n_line = 0;
    sieve->phase = newline != NULL ? LINE : LINE_REST;
    input->at = after;
}

static void take_text(struct redis_sieve *sieve, struct input *input)
{
    size_t there = (size_t)(input->end - input->at);
    size_t n = there < sieve->left ? there : sieve->left;
    input->at += n;
    sieve->left -= n;
    if (sieve->phase == MIDDLE)
        input->kept = input->at;
    if (sieve->left == 0)
        next_phase(sieve, input);
}

int redis_sieve_feed(struct redis_sieve *sieve, redisReader *reader, const char *bytes, size_t n)
{
    struct input input = {reader, bytes, bytes, bytes + n, REDIS_OK};
    while (input.at < input.end && input.status == REDIS_OK) {
        if (sieve->phase == LINE || sieve->phase == LINE_REST)
            take_line(sieve, &input);
        else
            take_text(sieve, &input);
    }
    pass_on(&input);
    return input.status;
}
