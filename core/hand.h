/* SPDX-License-Identifier: MIT
 * What people said by hand of one pool, as it runs: logs when it begins and ends, and has its say
 * in each decision. */
#ifndef CORE_HAND_H
#define CORE_HAND_H

#include "core/override.h"
#include "core/policy.h"

struct hand {
    const char *pool;
    int32_t limit; /* the most that the back-end can run: even a person cannot have more */
    struct override *overrides[OVERRIDE_KINDS]; /* in force; NULL: none of this kind is */
    bool is_in_doubt; /* the file cannot be read: there may be another one in force */
    int64_t utc_ms;   /* of the last look */
    int64_t told_ms;  /* when those without an end were last told */
};

void hand_init(struct hand *hand, const char *pool, int32_t limit);
void hand_fini(struct hand *hand);

/* Carries over what outlasts a new configuration. */
void hand_inherit(struct hand *hand, const struct hand *old);

/* What the file says now. Whether that is something else for this pool. */
bool hand_take(struct hand *hand, const struct override_list *list, int64_t utc_ms);

/* Ends what is over, and reminds of what has no end. Whether something ended. */
bool hand_tick(struct hand *hand, int64_t utc_ms, int64_t now_ms);

/* How long until something ends, if nobody sets the clock; INT64_MAX: nothing will. */
int64_t hand_left_ms(const struct hand *hand, int64_t utc_ms);

bool hand_is(const struct hand *hand, enum override_kind kind);

/* The last step of a decision. `present` is the platform's size, -1 if it is not known. */
void hand_decide(const struct hand *hand, int32_t present, struct decision *decision);

/* What policy_explain() cannot know of that step: " until 14:30:00 UTC (deploy)". */
void hand_explain(const struct hand *hand, const struct decision *decision, struct text *out);

#endif
