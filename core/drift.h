/* SPDX-License-Identifier: MIT
 * Tells the size that somebody else has set from the one that was asked for: an apply call whose
 * answer was lost may still have done its work, or do it later. */
#ifndef CORE_DRIFT_H
#define CORE_DRIFT_H

#include <stdint.h>

struct drift {
    int32_t known;   /* the size that the platform last told; -1: none yet */
    int32_t lost;    /* asked for without an answer; -1: nothing */
    int64_t lost_ms; /* when */
};

#define DRIFT_NONE ((struct drift){-1, -1, 0})

enum drift_cause {
    DRIFT_NOT, /* it is the one that was known, or nothing was known */
    DRIFT_LATE,
    DRIFT_OTHERS
};

/* How the size came about that was read at now_ms; from then on it is the known one. */
enum drift_cause drift_take_size(struct drift *drift, int32_t size, int64_t now_ms);

/* What became of an apply call that asked for `asked`; size -1: no answer. */
void drift_take_applied(struct drift *drift, int32_t asked, int32_t size, int64_t now_ms);

#endif
