/* SPDX-License-Identifier: MIT
 * A check runs in a process of its own, so that a crash or a hang of the plugin is a check that
 * failed and not the end of the run. There it ends at the first thing that does not hold:
 *
 *     trial_doing("close(NULL)");
 *     plugin->table.close(NULL);
 *     if (...)
 *         trial_fail("it ...");
 *
 * and has passed if it returns. */
#ifndef KIT_TRIAL_H
#define KIT_TRIAL_H

#include "core/text.h"
#include "kit/subject.h"

#include <stdbool.h>

enum verdict_kind { VERDICT_NONE, VERDICT_PASSED, VERDICT_FAILED, VERDICT_SKIPPED };

/* What came of a check. Lies in memory that both processes see, so it owns nothing. */
struct verdict {
    enum verdict_kind kind;
    unsigned plays;    /* of the check that asks what the plugin is: bits of enum plays */
    char doing[160];   /* what ran last: "measure() of 10000 groups" */
    char text[4096];   /* why it failed or was skipped; what is worth telling of one that passed */
    char printed[512]; /* the first of what it wrote to standard output and error */
};

/* Runs a check in a child, at most for `limit_ms`. */
struct verdict trial_run(void (*check)(const struct subject *subject, const void *argument),
                         const struct subject *subject, const void *argument, int64_t limit_ms);

/* ---- In the child ---- */

void trial_doing(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Tells something of a check that passes. */
void trial_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

void trial_plays(unsigned plays);

_Noreturn void trial_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void trial_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How many bytes were written to standard output and error so far. */
long trial_printed(void);

#endif
