/* SPDX-License-Identifier: MIT
 * One opened plugin with its options: the host table it sees, what it answered, how it fares. The
 * only caller of plugins.
 *
 * A call is prepared on the main thread, run on any thread, and read on the main thread when it is
 * over; the instance must be idle to be prepared. Whoever hands it from thread to thread (crew.h)
 * does so under a lock, so that no member needs one. */
#ifndef CORE_INSTANCE_H
#define CORE_INSTANCE_H

#include "core/error.h"
#include "core/policy.h"
#include "core/settings.h"

#include <dynomatic/plugin.h>

#include <stdbool.h>

/* What one element of a call's array was answered. */
#define ANSWER_VALUES 8
struct answer {
    struct value values[ANSWER_VALUES]; /* read with answer_value() */
    char *unknown;                      /* why values are missing; NULL: not said */
    char **busy;                        /* host names of busy workers */
    size_t n_busy;
};

/* The value of a metric of the contract, unknown if it was not put. */
struct value answer_value(const struct answer *answer, int32_t metric);

enum call_kind {
    CALL_NONE,
    CALL_MEASURE,
    CALL_WORKERS,
    CALL_READ,
    CALL_APPLY,
    CALL_NAMES,
    CALL_WATCH,
    CALL_ADVISE
};

/* "measure", "workers", ...: for texts. */
const char *call_name(enum call_kind kind);

struct instance;

/* Opens a plugin: no I/O. The spec must outlive the instance. NULL with an error. */
struct instance *instance_open(const struct instance_spec *spec, struct error *error);

/* Whose instance it is: any pointer, NULL at first. */
void instance_set_owner(struct instance *instance, void *owner);
void *instance_owner(const struct instance *instance);

/* Closes it; it must not be in a call. Takes NULL. */
void instance_close(struct instance *instance);

const char *instance_name(const struct instance *instance);
const struct instance_spec *instance_spec(const struct instance *instance);

/* Prepares a call. `groups`, `names`, `changes` and what they point to are copied except for their
 * texts, which must live until the call is over (they are the settings'). */
void instance_prepare_measure(struct instance *instance, const struct dyn_group *groups, size_t n);
void instance_prepare_workers(struct instance *instance, const struct dyn_group *groups, size_t n);
void instance_prepare_read(struct instance *instance, const char *const *names, size_t n);
void instance_prepare_apply(struct instance *instance, const struct dyn_change *changes, size_t n);
void instance_prepare_names(struct instance *instance);
void instance_prepare_watch(struct instance *instance, const struct dyn_group *groups, size_t n);
void instance_prepare_advise(struct instance *instance, int32_t topic); /* DYN_ADVICE_... */

/* After a prepare of another call: if that succeeds, a watch for these groups follows in the same
 * run. */
void instance_then_watch(struct instance *instance, const struct dyn_group *groups, size_t n);

/* Runs the prepared call, until `deadline_ms` (clock.h). On any thread. */
void instance_run(struct instance *instance, int64_t deadline_ms);

/* Makes the call that runs end soon, if the plugin keeps the contract. On the main thread. */
void instance_cancel(struct instance *instance);

/* What the call that is over returned (DYN_OK ...), why it failed ("" if it did not), and what
 * element i was answered: nothing if it failed. */
enum call_kind instance_call(const struct instance *instance);
int32_t instance_code(const struct instance *instance);
const char *instance_failure(const struct instance *instance);
const struct answer *instance_answer(const struct instance *instance, size_t i);

/* Frees what the call that is over was about and was answered, so that an instance between two
 * calls takes no room for each of its pools. */
void instance_forget(struct instance *instance);

/* Whether this is a queue instance that can name the workers that are busy. */
bool instance_names_busy(const struct instance *instance);

/* Takes the host names of busy workers out of the answer for element i; they are the caller's. */
char **instance_take_busy(struct instance *instance, size_t i, size_t *n);

/* The pools that a call for names found, "web (1), worker (?)"; "" if there are none. */
const char *instance_listed(const struct instance *instance);

/* Whether this instance may tell of events. */
bool instance_can_watch(const struct instance *instance);

/* Whether the watch that followed a call failed; instance_advice() has why. */
bool instance_watch_failed(const struct instance *instance);

/* The descriptor of the last watch, the plugin's until the next call; -1: there is none. */
int instance_watch_fd(const struct instance *instance);

/* What the last call for a watch or for advice said, in lines without a newline at the end; after a
 * watch that failed, why. "" if nothing was said. */
const char *instance_advice(const struct instance *instance);

/* The most that a name can be set to at this scaler, INT32_MAX if it tells none. Idle only. */
int32_t instance_limit(struct instance *instance, const char *name);

#endif
