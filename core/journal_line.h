/* SPDX-License-Identifier: MIT
 * What a line of the journal is, and one as it is written: a JSON object with all that went into a
 * decision and all that came out. core/journal_read.h reads it; dynomatic-journal(5) tells every
 * member. */
#ifndef CORE_JOURNAL_LINE_H
#define CORE_JOURNAL_LINE_H

#include "core/json_scan.h"
#include "core/policy.h"

#define JOURNAL_NAME 129 /* room for a name and its NUL; longer ones are cut */

enum journal_kind {
    JOURNAL_BAD, /* no line of a journal, or not whole */
    JOURNAL_DECISION,
    JOURNAL_DRY_RUN,        /* a decision that nothing comes of, */
    JOURNAL_SHADOW,         /* since it is of a policy beside the one that decides */
    JOURNAL_SHADOW_DRY_RUN, /* or both */
    JOURNAL_APPLIED,
    JOURNAL_START,
    JOURNAL_OTHER
};

/* All times but utc_ms are of the monotonic clock of the program that decided. */
struct journal_decision {
    int64_t utc_ms;
    char pool[JOURNAL_NAME];
    char policy[17];        /* hash of the policy that decided */
    struct inputs inputs;   /* room_of points to `limit`, if it is set */
    struct history history; /* as it was before */
    struct decision decision;
    char limit[JOURNAL_NAME];
    enum journal_kind kind;
    struct json_key why; /* for people, as it stands in the line; see journal_why() */
    int32_t asked; /* of JOURNAL_APPLIED: for this; decision.size, -1 if not known, became of it */
};

/* Adds a line, with its line break. `why` is the decision for people. */
void journal_line_decision(const struct journal_decision *line, const char *why, struct text *out);

/* What the platform made of a change: size -1 is not known, why NULL as asked. */
void journal_line_applied(int64_t utc_ms, const char *pool, int32_t asked, int32_t size,
                          const char *why, struct text *out);

/* A start of the program, or a new configuration in force. */
void journal_line_start(int64_t utc_ms, const char *path, struct text *out);

/* "2026-11-24T15:00:00.123Z". */
void journal_time(int64_t utc_ms, struct text *out);

/* The kind of a line by its name, and back; what is not known is JOURNAL_OTHER. */
enum journal_kind journal_kind(const char *name);

/* Whether that is a decision, be it that nothing comes of it; and whether it is a shadow's. */
bool journal_is_decision(enum journal_kind kind);
bool journal_is_shadow(enum journal_kind kind);

/* The kind of a step from its name; false if there is none of it. */
bool journal_step_kind(const char *name, enum step_kind *kind);

/* Tells decisions apart that took other steps, or came to other sizes, whatever they saw. */
uint64_t journal_digest(const struct decision *decision);

/* A hash of all that makes a policy decide as it does. */
void journal_hash(const struct policy *policy, char hash[17]);

#endif
