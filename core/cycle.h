/* SPDX-License-Identifier: MIT
 * Measure, decide, apply, for all pools that are due: one measure call for each queue instance, one
 * read or apply call for each scaler instance, never two at once on one instance. Told the time;
 * the calls run on the crew. A failing or hanging instance holds up only its own pools. */
#ifndef CORE_CYCLE_H
#define CORE_CYCLE_H

#include "core/crew.h"
#include "core/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* A change waits so long for the other pools of its app, to go in one request. */
enum { CYCLE_GATHER_MS = 100 };

struct cycle;

struct cycle_options {
    bool dry_run; /* decide and log, apply nothing */
    bool once;    /* each pool once, each call tried once */
};

/* Opens all instances; the settings are the cycle's from then on. NULL, with the settings freed and
 * a line for each instance that does not open. */
struct cycle *cycle_new(struct settings *settings, struct cycle_options options,
                        struct text *errors);

/* Closes the instances and frees all. With a call still running everything is left as it is, since
 * the call uses it. Takes NULL. */
void cycle_free(struct cycle *cycle);

/* Carries over from the cycle before what outlasts a new configuration, by the pools' names. */
void cycle_inherit(struct cycle *cycle, const struct cycle *old, int64_t now_ms);

/* Tells how far UTC, in milliseconds since 1970, is ahead of the clock of now_ms; schedules and
 * what people say by hand go by it. */
void cycle_set_clock(struct cycle *cycle, int64_t utc_ahead_ms);

/* After cycle_set_clock(), before the first step: takes up what the journal has of the pools. */
void cycle_restore(struct cycle *cycle, int64_t now_ms);

/* Starts what can be started at now_ms. Returns when to come back at the latest (or when the crew
 * has something), INT64_MAX if nothing is planned. */
int64_t cycle_step(struct cycle *cycle, struct crew *crew, int64_t now_ms);

/* Takes the outcome of a call. */
void cycle_finish(struct cycle *cycle, struct instance *instance, int64_t now_ms);

/* A descriptor that is readable when stores tell of something; then it is to be taken, and stepped.
 */
int cycle_events_fd(const struct cycle *cycle);
void cycle_take_events(struct cycle *cycle);

/* Makes the calls that run end soon; and how many there are. */
void cycle_cancel(struct cycle *cycle);
size_t cycle_running(const struct cycle *cycle);

/* The calls that run are waited for no more: others get threads in their place. */
void cycle_abandon(struct cycle *cycle, struct crew *crew);

/* The names of the instances whose calls run, for people; the caller frees it. */
char *cycle_running_names(const struct cycle *cycle);

/* With `once`: whether every pool was measured, and has the size that was decided for it. */
bool cycle_is_settled(const struct cycle *cycle);

#endif
