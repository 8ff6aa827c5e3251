/* SPDX-License-Identifier: MIT
 * Times to come, the earliest first. They are kept in a heap, so that ten thousand of them cost no
 * more than a few steps whenever one is set or taken, and nothing while they wait. */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include <stddef.h>
#include <stdint.h>

/* A member of what is to be reminded, which must not move while it waits. {0} does not wait. */
struct timer {
    int64_t at_ms;
    size_t place; /* in the heap, from 1; 0: it does not wait */
};

struct timers {
    struct timer **heap;
    size_t n;
    size_t room;
};

void timers_fini(struct timers *timers);

/* Sets or moves a timer; INT64_MAX: it waits no more. */
void timers_set(struct timers *timers, struct timer *timer, int64_t at_ms);

/* When the next one is due, INT64_MAX if none waits. */
int64_t timers_next(const struct timers *timers);

/* Takes out one that is due at now_ms, NULL if none is: the earliest, of several that are due at
 * one time the one that comes first in memory, so that what happens at once happens in one order.
 */
struct timer *timers_take(struct timers *timers, int64_t now_ms);

#endif
