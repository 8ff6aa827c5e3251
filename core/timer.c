/* SPDX-License-Identifier: MIT */
#include "core/timer.h"

#include "core/memory.h"

#include <stdbool.h>
#include <stdlib.h>

void timers_fini(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){0};
}

static bool is_before(const struct timer *a, const struct timer *b)
{
    return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && (uintptr_t)a < (uintptr_t)b);
}

static void put(struct timers *timers, size_t place, struct timer *timer)
{
    timers->heap[place - 1] = timer;
    timer->place = place;
}

static struct timer *at(const struct timers *timers, size_t place)
{
    return timers->heap[place - 1];
}

static void rise(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;
    for (; place > 1 && is_before(timer, at(timers, place / 2)); place /= 2)
        put(timers, place, at(timers, place / 2));
    put(timers, place, timer);
}

static void sink(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;
    for (size_t child; (child = place * 2) <= timers->n; place = child) {
        if (child < timers->n && is_before(at(timers, child + 1), at(timers, child)))
            child++;
        if (!is_before(at(timers, child), timer))
            break;
        put(timers, place, at(timers, child));
    }
    put(timers, place, timer);
}

static void settle(struct timers *timers, struct timer *timer)
{
    rise(timers, timer);
    sink(timers, timer);
}

static void add(struct timers *timers, struct timer *timer)
{
    if (timers->n == timers->room) {
        timers->room = timers->room * 2 + 1;
        timers->heap = memory_resize(timers->heap, timers->room, sizeof(struct timer *));
    }
    put(timers, ++timers->n, timer);
}

/* The last one takes its place. */
static void take_out(struct timers *timers, struct timer *timer)
{
    struct timer *last = at(timers, timers->n--);
    size_t place = timer->place;
    timer->place = 0;
    if (last == timer)
        return;
    put(timers, place, last);
    settle(timers, last);
}

void timers_set(struct timers *timers, struct timer *timer, int64_t at_ms)
{
    timer->at_ms = at_ms;
    if (at_ms == INT64_MAX) {
        if (timer->place != 0)
            take_out(timers, timer);
        return;
    }
    if (timer->place == 0)
        add(timers, timer);
    settle(timers, timer);
}

int64_t timers_next(const struct timers *timers)
{
    return timers->n > 0 ? timers->heap[0]->at_ms : INT64_MAX;
}

struct timer *timers_take(struct timers *timers, int64_t now_ms)
{
    if (timers_next(timers) > now_ms)
        return NULL;
    struct timer *timer = timers->heap[0];
    take_out(timers, timer);
    return timer;
}
