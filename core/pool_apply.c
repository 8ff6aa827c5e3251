/* SPDX-License-Identifier: MIT
 * What the platform says of a pool, and whom a shrink spares. */
#include "core/log.h"
#include "core/memory.h"
#include "core/pool_inside.h"

#include <stdlib.h>

enum {
    CRASHES_STALE_MS = 600000,
    BUSY_STALE_MS = 2000, /* who was busy so long ago may not be, and the other way round */
    SPARED_MS = 5000      /* a shrink that busy workers hold back is tried again after this */
};

/* ---- Whom a shrink spares ---- */

void pool_forget_busy(struct source *source)
{
    for (size_t i = 0; i < source->n_busy; i++)
        free(source->busy[i]);
    free(source->busy);
    source->busy = NULL;
    source->n_busy = 0;
    source->busy_ms = 0;
}

static bool knows_busy(const struct source *source, int64_t now_ms)
{
    return source->busy_ms != 0 && now_ms - source->busy_ms < BUSY_STALE_MS;
}

bool pool_asks_busy(const struct pool *pool, size_t source, int64_t now_ms)
{
    return pool->wanted >= 0 && pool->applying < 0 && pool->spares_busy &&
           !knows_busy(&pool->sources[source], now_ms);
}

bool pool_is_ready(const struct pool *pool, int64_t now_ms)
{
    for (size_t i = 0; i < pool->spec->n_sources; i++)
        if (pool_asks_busy(pool, i, now_ms))
            return false;
    return pool->wanted >= 0;
}

void pool_take_busy(struct pool *pool, size_t source_index, char **hosts, size_t n, int64_t now_ms)
{
    struct source *source = &pool->sources[source_index];
    pool_forget_busy(source);
    source->busy = hosts;
    source->n_busy = n;
    source->busy_ms = now_ms;
}

static void gather_busy(struct pool *pool)
{
    struct spared *spared = &pool->spared;
    for (size_t i = 0; i < pool->spec->n_sources; i++) {
        const struct source *source = &pool->sources[i];
        spared->hosts =
            memory_resize(spared->hosts, spared->n + source->n_busy, sizeof *spared->hosts);
        for (size_t k = 0; k < source->n_busy; k++)
            spared->hosts[spared->n++] = source->busy[k];
    }
}

/* They were of one apply call: the next asks again. */
static void forget_all_busy(struct pool *pool)
{
    for (size_t i = 0; i < pool->spec->n_sources; i++)
        pool_forget_busy(&pool->sources[i]);
    free(pool->spared.hosts);
    pool->spared.hosts = NULL;
    pool->spared.n = 0;
}

static void tell_spared(const struct pool *pool, int32_t size)
{
    enum { MOST_NAMED = 5 };
    const struct spared *spared = &pool->spared;
    struct text names = {0};
    for (size_t i = 0; i < spared->n && i < MOST_NAMED; i++)
        text_add_format(&names, "%s%s", i > 0 ? ", " : "", spared->hosts[i]);
    if (spared->n > MOST_NAMED)
        text_add_format(&names, " and %zu others", spared->n - MOST_NAMED);
    log_write(LOG_INFO, pool->spec->name,
              "%d rather than %d while busy: %s (%lld dynos spared so far)", size, pool->applying,
              text_chars(&names), (long long)spared->total);
    text_fini(&names);
}

/* The back-end has kept more than was wanted, because they are busy. */
static void note_spared(struct pool *pool, int32_t size, int64_t now_ms)
{
    struct spared *spared = &pool->spared;
    if (spared->again_ms == 0) {
        spared->total += size - pool->applying;
        tell_spared(pool, size);
    }
    spared->again_ms = now_ms + SPARED_MS;
}

/* ---- Apply ---- */

/* The size in an answer, -1 if there is none. */
static int32_t size_in(const struct answer *answer)
{
    struct value size = answer_value(answer, DYN_SIZE);
    return size.doubt == KNOWN_EXACT && size.number <= INT32_MAX ? (int32_t)size.number : -1;
}

/* A pool whose dynos crash in a loop needs a person, and no more dynos. */
static void take_crashes(struct pool *pool, const struct answer *answer, int32_t size,
                         int64_t now_ms)
{
    struct value crashed = answer_value(answer, DYN_CRASHED);
    if (crashed.doubt == KNOWN_EXACT)
        pool->crashes_ms = now_ms;
    else if (now_ms - pool->crashes_ms < CRASHES_STALE_MS)
        crashed.number = pool->crashed; /* not told this time */
    else
        crashed.number = 0; /* it may not be told any more, which must not stop growth for ever */
    bool was = pool->is_crashing;
    pool->crashed = crashed.number < size ? (int32_t)crashed.number : size;
    pool->is_crashing = policy_is_crashing(pool->crashed, size);
    if (pool->is_crashing && !was)
        log_write(LOG_ERROR, pool->spec->name,
                  "%d of its %d dynos have crashed: no more are added until most of them run",
                  pool->crashed, size);
    else if (was && !pool->is_crashing)
        log_write(LOG_INFO, pool->spec->name, "most of its dynos run again");
}

static void respect(struct pool *pool, int64_t until_ms)
{
    struct history history = past_open(pool->past);
    history.drift_until_ms = until_ms;
    past_keep(&pool->past, &history);
}

/* A size that is not the one that was known. While one is held, what others set is corrected. */
static void take_drift(struct pool *pool, int32_t size, int64_t now_ms)
{
    int32_t known = pool->drift.known;
    struct text text = {0};
    switch (drift_take_size(&pool->drift, size, now_ms)) {
    case DRIFT_NOT:
        return;
    case DRIFT_LATE:
        text_add(&text, "as was asked for; the answer was lost");
        break;
    case DRIFT_OTHERS:
        text_add(&text, "changed by somebody else; the platform does not tell who");
        if (pool->spec->respect_ms == 0 || hand_is(&pool->hand, OVERRIDE_HOLD))
            break;
        respect(pool, now_ms + pool->spec->respect_ms);
        text_add(&text, "; stays so for ");
        text_add_ms(&text, pool->spec->respect_ms);
        break;
    }
    log_write(LOG_INFO, pool->spec->name, "%d -> %d, %s", known, size, text_chars(&text));
    text_fini(&text);
}

void pool_take_size(struct pool *pool, const struct answer *answer, int64_t now_ms)
{
    int32_t size = size_in(answer);
    const char *trouble = answer->unknown;
    if (size < 0 && trouble == NULL)
        trouble = "the platform does not tell its size";
    if (size >= 0 &&
        (size == pool->refused.size || (pool->refused.is_growth && size > pool->refused.size)))
        pool->refused = NOT_REFUSED;
    if (size < 0 || pool->refused.size < 0) /* a refusal stands until the platform takes a change */
        pool_note_trouble(pool, &pool->size_trouble, trouble);
    if (size >= 0)
        take_crashes(pool, answer, size, now_ms);
    if (size >= 0)
        take_drift(pool, size, now_ms);
    pool->size = size;
    pool_note_held(pool);
}

struct dyn_change pool_start_apply(struct pool *pool)
{
    const struct spared *spared = &pool->spared;
    if (pool->spares_busy)
        gather_busy(pool);
    free(pool->applying_why);
    pool->applying_why = pool->why;
    pool->why = NULL;
    pool->applying = pool->wanted;
    pool->wanted = -1;
    pool_note_held(pool);
    return (struct dyn_change){
        .name = pool->spec->process,
        .keep = spared->n > 0 ? spared->hosts : NULL,
        .n_keep = (uint32_t)spared->n,
        .size = pool->applying,
    };
}

/* The platform did something else than it was asked for. */
static void note_refusal(struct pool *pool, const char *why, int32_t size, int64_t now_ms,
                         int64_t gap_ms)
{
    enum { GAP_MOST_MS = 300000 };
    bool is_growth = pool->size >= 0 && pool->applying > pool->size;
    bool is_again = pool->refused.gap_ms > 0 && (pool->refused.size == pool->applying ||
                                                 (is_growth && pool->refused.is_growth));
    int64_t next_ms = is_again ? 2 * pool->refused.gap_ms : gap_ms;
    struct text trouble = {0};
    text_add_format(&trouble, "asked for %d", pool->applying);
    if (size >= 0)
        text_add_format(&trouble, ", the platform runs %d", size);
    text_add_format(&trouble, ": %s", why != NULL ? why : "it does not say why");
    pool_note_trouble(pool, &pool->size_trouble, text_chars(&trouble));
    text_fini(&trouble);
    if (is_again && next_ms > GAP_MOST_MS)
        next_ms = GAP_MOST_MS;
    pool->refused = (struct refused){pool->applying, now_ms + next_ms, next_ms, is_growth};
}

void pool_take_applied(struct pool *pool, const struct answer *answer, int64_t now_ms,
                       int64_t gap_ms)
{
    int32_t size = answer != NULL ? size_in(answer) : -1;
    if (size >= 0 && size != pool->size)
        log_write(LOG_INFO, pool->spec->name, "%d -> %d (%s)", pool->size, size,
                  pool->applying_why);
    bool is_spared = pool->spared.n > 0 && size > pool->applying;
    if (answer != NULL && is_spared) {
        note_spared(pool, size, now_ms);
    } else if (answer != NULL && size != pool->applying) {
        note_refusal(pool, answer->unknown, size, now_ms, gap_ms);
    } else if (size >= 0) {
        pool->spared.again_ms = 0;
        pool->refused = NOT_REFUSED;
        pool_note_trouble(pool, &pool->size_trouble, NULL);
    }
    forget_all_busy(pool);
    drift_take_applied(&pool->drift, pool->applying, size, now_ms);
    pool->size = size;
    pool->applying = -1;
    pool_note_held(pool);
}
