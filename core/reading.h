/* SPDX-License-Identifier: MIT
 * What several stores say of one pool, as one reading. */
#ifndef CORE_READING_H
#define CORE_READING_H

#include "core/policy.h"

/* Nothing was measured. */
#define READING_NONE \
    ((struct reading){0, VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN})

/* Jobs are added up, and the oldest is the oldest of all. Where one of them does not know, or was
 * asked more than stale_ms before now_ms, the rest is a lower bound. One alone stays as it is. */
struct reading reading_join(const struct reading *readings, size_t n, int64_t stale_ms,
                            int64_t now_ms);

/* a + b: unknown if both are, at least what is known if one is. */
struct value value_sum(struct value a, struct value b);

#endif
