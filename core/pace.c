/* SPDX-License-Identifier: MIT */
#include "core/pace.h"

#include <dynomatic/plugin.h>

enum {
    RETRY_LEAST_MS = 1000,
    RETRY_MOST_MS = 60 * 1000,
    BROKEN_LEAST_MS = 10 * 1000,
    BROKEN_MOST_MS = 300 * 1000,
    STAYED_WELL_MS = 60 * 1000, /* then a learned pause is forgotten */
    TELL_AGAIN_MS = 600 * 1000
};

static int64_t within(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* From three quarters to five quarters of ms, so that those who failed together do not come back
 * together. */
static int64_t jittered(int64_t ms, uint32_t dice)
{
    return ms * 3 / 4 + ms * (int64_t)(dice % 1001) / 2000;
}

static enum pace_news note_success(struct pace *pace, int64_t now_ms)
{
    bool was_failing = pace->failing_since_ms != 0;
    if (was_failing || pace->well_since_ms == 0)
        pace->well_since_ms = now_ms;
    if (now_ms - pace->well_since_ms >= STAYED_WELL_MS)
        pace->pause_ms = 0;
    pace->next_ms = 0;
    pace->failing_since_ms = 0;
    pace->code = DYN_OK;
    return was_failing ? PACE_WELL_AGAIN : PACE_QUIET;
}

/* A late call is asked again at the usual pace, but so that a slow store spends at most half of its
 * time on us. A call that hung for an hour says nothing of the next one. */
static int64_t pause_after(struct pace *pace, int32_t code, int64_t took_ms, uint32_t dice)
{
    if (code == DYN_LATE)
        return within(took_ms, 0, RETRY_MOST_MS);
    if (code == DYN_BROKEN)
        pace->pause_ms = within(pace->pause_ms * 2, BROKEN_LEAST_MS, BROKEN_MOST_MS);
    else
        pace->pause_ms = within(pace->pause_ms * 2, RETRY_LEAST_MS, RETRY_MOST_MS);
    return jittered(pace->pause_ms, dice);
}

enum pace_news pace_note(struct pace *pace, int32_t code, int64_t took_ms, int64_t now_ms,
                         uint32_t dice)
{
    if (code == DYN_OK)
        return note_success(pace, now_ms);
    pace->next_ms = now_ms + pause_after(pace, code, took_ms, dice);
    bool is_news = pace->failing_since_ms == 0 || code != pace->code ||
                   now_ms - pace->told_ms >= TELL_AGAIN_MS;
    if (pace->failing_since_ms == 0)
        pace->failing_since_ms = now_ms;
    pace->code = code;
    if (is_news)
        pace->told_ms = now_ms;
    return is_news ? PACE_FAILS : PACE_QUIET;
}
