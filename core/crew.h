/* SPDX-License-Identifier: MIT
 * A bounded set of threads that run the calls into plugins, so that a slow one holds up only
 * itself. A call that hangs keeps its thread; the crew takes on another as long as it may.
 * All functions are for the main thread; what is handed over is handed over under a lock. */
#ifndef CORE_CREW_H
#define CORE_CREW_H

#include "core/instance.h"

#include <stdbool.h>
#include <stddef.h>

struct crew;

/* At most `most` threads, started as they are needed. NULL with an error. */
struct crew *crew_new(size_t most, struct error *error);

/* Ends the idle threads. With calls still running the crew is left as it is, since they use it;
 * the program may end all the same. Takes NULL. */
void crew_free(struct crew *crew);

/* Runs the prepared call of an instance, until `deadline_ms`. It is the crew's until taken. */
void crew_submit(struct crew *crew, struct instance *instance, int64_t deadline_ms);

/* A thread is lost to a call that hangs, or that nobody waits for any more: the others get one
 * more. */
void crew_note_hang(struct crew *crew);

/* A descriptor that is readable while calls wait to be taken; now and then when none does any more.
 */
int crew_fd(const struct crew *crew);

/* An instance whose call is over; NULL if there is none. */
struct instance *crew_take(struct crew *crew);

/* Whether a call that is submitted now starts at once. Hung ones have threads of their own. */
bool crew_has_room(const struct crew *crew);

/* Calls submitted and not yet taken. */
size_t crew_running(const struct crew *crew);

#endif
