/* SPDX-License-Identifier: MIT */
#include "core/drift.h"

#include <stdbool.h>

enum { LATE_MS = 600000 /* a platform does not work longer on a request */ };

/* A platform may stop short of what it was asked for: at a limit, or at workers that are busy. */
static bool is_on_the_way(int32_t from, int32_t to, int32_t size)
{
    return to >= 0 && (from < to ? size > from && size <= to : size < from && size >= to);
}

enum drift_cause drift_take_size(struct drift *drift, int32_t size, int64_t now_ms)
{
    int32_t known = drift->known;
    bool is_lost_one = is_on_the_way(known, drift->lost, size) && now_ms - drift->lost_ms < LATE_MS;
    drift->known = size;
    if (known < 0 || size == known)
        return DRIFT_NOT;
    if (!is_lost_one)
        return DRIFT_OTHERS;
    drift->lost = -1;
    return DRIFT_LATE;
}

void drift_take_applied(struct drift *drift, int32_t asked, int32_t size, int64_t now_ms)
{
    if (size >= 0) {
        drift->known = size;
        return;
    }
    drift->lost = asked;
    drift->lost_ms = now_ms;
}
