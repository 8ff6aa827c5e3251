/* SPDX-License-Identifier: MIT
 * Why a pool has the size it has, out of the lines of a journal: told of each in their order,
 * remembers the last decision of each pool and of each shadow, and since when it is so. */
#ifndef CORE_WHY_H
#define CORE_WHY_H

#include "core/journal_line.h"

#include <cjson/cJSON.h>

/* Whether a shadow wants another size than its pool. */
struct apart {
    bool is_apart;
    int64_t since_ms;  /* since when it does, or does not, UTC */
    int64_t before_ms; /* since when it did the other */
    int64_t first_ms;  /* since when both are known; 0: they are not */
};

/* The platform's last answer. */
struct answered {
    int64_t utc_ms; /* 0: there is none */
    int32_t asked;
    int32_t size; /* -1: not known */
};

struct why {
    struct journal_decision decision; /* the last one */
    char *words;                      /* the same for people */
    int64_t since_ms;                 /* since when it is this size, UTC */
    bool is_from_first;               /* that is the first line that there is */
    struct answered applied;
    char *refusal;          /* why it did something else; NULL: it did not */
    char *applied_words;    /* the decision that it was asked by */
    const struct why *live; /* of a shadow: its pool; NULL: not known */
    struct apart apart;     /* from that */
};

struct why_list {
    struct why **pools; /* by name; a shadow stands after its pool */
    size_t n;
};

/* Takes a line, if it is not past until_ms. Returns false once one is. */
bool why_take(struct why_list *list, const struct journal_decision *line, int64_t until_ms);
void why_list_fini(struct why_list *list);

bool why_is_shadow(const struct why *why);

/* Adds it for people, at now_ms (UTC). */
void why_add(const struct why *why, int64_t now_ms, struct text *out);

/* The same for programs. */
cJSON *why_json(const struct why *why);

/* ---- why_not.c ---- */

/* Adds what stopped another size, a line each. policy: the one that decided, to tell what more or
 * less it would take; NULL: not known. */
void why_add_not(const struct why *why, int32_t size, const struct policy *policy,
                 struct text *out);

/* ---- for both ---- */

/* Whether a step is a vote, of which the largest goes on. */
bool why_is_vote(enum step_kind kind);

/* Adds the words of step i, without the size that they end with; i -1: what was seen. */
void why_add_words(const struct why *why, int32_t i, struct text *out);

#endif
