/* SPDX-License-Identifier: MIT */
#include "core/shadow.h"

#include "core/memory.h"

#include <stdlib.h>

struct pool *shadow_new(const struct pool_spec *spec, int32_t limit, bool names_busy)
{
    if (spec->shadow == NULL)
        return NULL;
    struct pool *shadow = memory_new(1, sizeof *shadow);
    pool_init(shadow, spec->shadow, limit, names_busy);
    return shadow;
}

void shadow_free(struct pool *shadow)
{
    if (shadow != NULL)
        pool_fini(shadow);
    free(shadow);
}

/* ---- What is measured ---- */

/* A cap of 0 is none. */
struct dyn_group shadow_widen(struct dyn_group own, const struct dyn_group *shadow)
{
    own.metrics |= shadow->metrics;
    if (shadow->cap == 0 || (own.cap != 0 && shadow->cap > own.cap))
        own.cap = shadow->cap;
    return own;
}

/* Else the shadow might show in what the pool decides: by a word in the log, by when it has learned
 * how long a dyno boots. */
struct reading shadow_narrow(struct reading reading, const struct dyn_group *own,
                             const struct dyn_group *asked)
{
    uint32_t others = asked->metrics & ~own->metrics;
    bool is_past = own->cap != asked->cap && reading.waiting.number >= own->cap;
    if (is_past && reading.waiting.doubt != KNOWN_NOT)
        reading.waiting = (struct value){own->cap, KNOWN_AT_LEAST};
    if ((others & DYN_BIT(DYN_LATENCY)) != 0)
        reading.latency = VALUE_UNKNOWN;
    if ((others & DYN_BIT(DYN_BUSY)) != 0)
        reading.busy = VALUE_UNKNOWN;
    return reading;
}

/* ---- Decide ---- */

void shadow_decide(struct pool *shadow, const struct pool *pool, int64_t now_ms,
                   struct decided *decided)
{
    int32_t size = shadow->size >= 0 ? shadow->size : pool->size;
    shadow->size = pool->size >= 0 ? size : -1;
    shadow->crashed = pool->crashed;
    shadow->room = pool->room;
    shadow->room_of = pool->room_of;
    pool_decide(shadow, now_ms, decided);
    shadow->size = pool->size >= 0 ? decided->decision.size : size;
}
