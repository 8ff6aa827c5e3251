/* SPDX-License-Identifier: MIT
 * The first step of a decision: rules and per_dyno vote on what was measured. */
#ifndef CORE_POLICY_VOTE_H
#define CORE_POLICY_VOTE_H

#include "core/policy.h"

struct tally {
    struct decision *decision; /* gets a step for each vote */
    int32_t present;
    int32_t largest;  /* vote so far */
    bool is_booting;  /* what was ordered is not at work yet */
    bool has_voted;   /* a metric was known */
    bool is_in_doubt; /* a metric that should have voted was not, or only in part */
};

/* A value of the inputs' reading that may be believed. */
struct value policy_known(const struct policy *policy, const struct inputs *inputs,
                          struct value value);

/* Lets everything vote. Notes in `history` which rules are in force. */
void policy_vote(const struct policy *policy, struct history *history, const struct inputs *inputs,
                 struct tally *tally);

/* The next step of a decision. */
void policy_add_step(struct decision *decision, struct step step);

#endif
