/* SPDX-License-Identifier: MIT
 * The log of requests: one JSON object a line, each by one write(2), with no token in it. */
#ifndef FAKE_RECORD_H
#define FAKE_RECORD_H

#include "core/error.h"
#include "tests/fake-heroku/account.h"
#include "tests/fake-heroku/message.h"

struct record;

/* Appends to the file; NULL: standard output. */
struct record *record_new(const char *file, struct error *error);
void record_free(struct record *record);

/* One answered request. */
struct record_entry {
    const struct request *request;
    int64_t wall_us;   /* when the request was there whole */
    int status;        /* 0: it got no answer */
    const char *fault; /* what was done to it; NULL: nothing */
    long tokens_left;  /* of the caller's account */
    cJSON *before;     /* quantities; taken */
    cJSON *after;      /* likewise */
};

/* The tokens are those that must not be seen, beside what the request has to authorise itself. */
void record_write(struct record *record, const struct record_entry *entry,
                  const struct token *tokens, size_t n_tokens);

#endif
