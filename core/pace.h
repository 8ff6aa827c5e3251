/* SPDX-License-Identifier: MIT
 * How soon an instance is called again, by how its calls went: at the usual pace while it is well,
 * with growing and jittered pauses while it fails. A pause that was learned is kept until the
 * instance has stayed well for a while, since one success among failures proves little.
 * Pure: the time and the dice are given. */
#ifndef CORE_PACE_H
#define CORE_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
    int64_t next_ms;          /* not called before; 0: at the usual pace */
    int64_t pause_ms;         /* the last pause, which the next one grows from */
    int64_t failing_since_ms; /* 0: it is well */
    int64_t well_since_ms;
    int64_t told_ms; /* when its failing was last told */
    int32_t code;    /* of the last call */
};

/* What is worth a line in the log. */
enum pace_news { PACE_QUIET, PACE_FAILS, PACE_WELL_AGAIN };

/* Notes a call that returned `code` (DYN_OK ...) at now_ms after took_ms. `dice` is any number.
 * Failing is news when it begins, when its code changes, and every ten minutes. */
enum pace_news pace_note(struct pace *pace, int32_t code, int64_t took_ms, int64_t now_ms,
                         uint32_t dice);

#endif
