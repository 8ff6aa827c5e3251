/* SPDX-License-Identifier: MIT
 * A second policy beside the one of a pool: decides whenever the pool does, on what is known then,
 * and nothing comes of it. It is a pool of its own, with the spec's shadow for a spec, at a
 * platform that takes each size at once: `size` is the one that it would have set so far. */
#ifndef CORE_SHADOW_H
#define CORE_SHADOW_H

#include "core/pool.h"

/* NULL if the spec has none; freed with shadow_free(), which takes NULL. */
struct pool *shadow_new(const struct pool_spec *spec, int32_t limit, bool names_busy);
void shadow_free(struct pool *shadow);

/* What the store is asked for both: `own` is what the pool alone would ask for. */
struct dyn_group shadow_widen(struct dyn_group own, const struct dyn_group *shadow);

/* The part of a reading, of what was asked for both, that would have come for `own` alone. */
struct reading shadow_narrow(struct reading reading, const struct dyn_group *own,
                             const struct dyn_group *asked);

/* Decides, after the pool has. A size that the platform does not tell is unknown to both. */
void shadow_decide(struct pool *shadow, const struct pool *pool, int64_t now_ms,
                   struct decided *decided);

#endif
