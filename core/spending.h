/* SPDX-License-Identifier: MIT
 * How many dyno-hours all pools have had in this month (UTC), and what a budget makes of it. Kept
 * in the state folder, as FOLDER/spending.json. */
#ifndef CORE_SPENDING_H
#define CORE_SPENDING_H

#include "core/pool.h"

struct spending {
    const struct settings *settings;
    int32_t month;      /* 12 * year + month from 0 on */
    int64_t dyno_ms;    /* so far in it */
    int64_t dynos;      /* that ran when it was last noted */
    int64_t noted_ms;   /* until when, UTC; 0: nothing was counted yet */
    int64_t written_ms; /* when the file was, UTC */
    int32_t told;       /* in hundredths of the budget, what was logged this month */
    bool is_failing;    /* the file, as was logged */
};

/* Carries over what was counted under the configuration before. */
void spending_inherit(struct spending *spending, const struct spending *old);

/* Takes up what the file has of this month, if nothing was carried over. Without a budget all of
 * this does nothing. */
void spending_init(struct spending *spending, const struct settings *settings, int64_t utc_ms);

/* Adds what ran since the last time, and tells of 80 % and of all of the budget. */
void spending_note(struct spending *spending, const struct pool *pools, size_t n, int64_t utc_ms);

/* Whether nothing more may be started this month. */
bool spending_is_over(const struct spending *spending);

/* Writes what is not written yet. */
void spending_write(struct spending *spending, int64_t utc_ms);

#endif
