/* SPDX-License-Identifier: MIT
 * Who calls: accounts, their tokens, and the bucket of calls that each account has. */
#ifndef FAKE_ACCOUNT_H
#define FAKE_ACCOUNT_H

#include "tests/fake-heroku/digest.h"

#include <stdbool.h>
#include <stdint.h>

/* Tokens of the rate limit. All that is asked of it takes the time, so that tests need no clock. */
struct bucket {
    double size;
    double per_second;
    double drain_per_second; /* what others of the account take meanwhile */
    double left;
    int64_t last_ms;
};

void bucket_init(struct bucket *bucket, double size, double per_second, int64_t now_ms);
/* Takes one; false if there is none. */
bool bucket_take(struct bucket *bucket, int64_t now_ms);
/* Whole tokens left. */
long bucket_left(struct bucket *bucket, int64_t now_ms);
/* Milliseconds until there is one. */
int64_t bucket_wait_ms(struct bucket *bucket, int64_t now_ms);

struct account {
    char *email;
    char id[UUID_SIZE];
    struct bucket bucket;
};

struct account *account_new(const char *email);
void account_free(struct account *account);

struct token {
    char *text;
    const char *scope; /* one word: global, read, write, ... */
    struct account *account;
    int64_t expires_ms; /* monotonic; WHEN_NEVER */
};

/* The token in a value of the header Authorization, Bearer or Basic (the password): the caller's,
 * free(); NULL if there is none. */
char *token_of(const char *authorization);

#endif
