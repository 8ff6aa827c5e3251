/* SPDX-License-Identifier: MIT
 * What is left of an account's calls to Heroku's API, and what may be spent of it. The account is
 * shared by all its programs and people, so what the platform said last decides: reading slows
 * down first, then shrinking waits; growth goes on to the end. Facts: "Platform API Reference",
 * Rate limits: 4500 calls, 75 of them back each minute. */
#ifndef PLUGINS_SHARED_BUDGET_H
#define PLUGINS_SHARED_BUDGET_H

#include "shared/http.h"

#include <stdbool.h>
#include <stdint.h>

struct budget {
    bool is_told;
    int64_t left;      /* calls, as last told */
    int64_t closed_ns; /* until then the platform takes none; 0: it does */
};

/* Takes from any reply what it says of calls. `now_ns` is of the clock of deadlines, also below. */
void budget_note(struct budget *budget, const struct http_reply *reply, int64_t now_ns);

/* ms until the platform takes calls again; 0: it does. */
int64_t budget_closed_ms(const struct budget *budget, int64_t now_ns);

/* ms that should lie between two readings of what nobody may have changed; 0: any. */
int64_t budget_gap_ms(const struct budget *budget);

/* Whether what is left is kept for growth. */
bool budget_is_low(const struct budget *budget);

/* What Retry-After says, in ms from now: seconds, a date, or seconds since 1970, which the API
 * once sent. Never more than 5 minutes; -1: it says nothing. */
int64_t budget_retry_after_ms(const struct http_reply *reply, int64_t wall_s);

#endif
