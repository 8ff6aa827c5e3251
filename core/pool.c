/* SPDX-License-Identifier: MIT */
#include "core/pool.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/number.h"
#include "core/reading.h"
#include "core/room.h"
#include "core/shadow.h"

#include <stdlib.h>
#include <string.h>

enum {
    CRASHES_STALE_MS = 600000,
    BUSY_STALE_MS = 2000, /* who was busy so long ago may not be, and the other way round */
    SPARED_MS = 5000,     /* a shrink that busy workers hold back is tried again after this */
    ASK_DUE_MS = 10000,   /* how often to ask when the next job is due, */
    ASK_DUE_SHARE = 100   /* for at most one in so many of the time: some stores read all for it */
};

#define NOT_REFUSED ((struct refused){-1, 0, 0, false})

/* ---- Life ---- */

/* A rule in force is known by its number, which is another rule's of other rules. */
static void forget_rules(struct pool *pool)
{
    struct history history = past_open(pool->past);
    history.in_force = 0;
    past_keep(&pool->past, &history);
}

/* Entry i of the schedule, -1: the pool's own policy. */
static void put_in_force(struct pool *pool, int32_t i)
{
    const struct policy *before = pool->policy;
    pool->policy = pool->cut != NULL ? &pool->cut[i + 1]
                   : i >= 0          ? &pool->spec->scheduled[i]
                                     : &pool->spec->policy;
    pool->timetable.entry = i;
    if (before != NULL && before->rules != pool->policy->rules)
        forget_rules(pool);
}

/* What the back-end can run at most is known only once it is open. */
static struct policy *cut(const struct pool_spec *spec, int32_t limit)
{
    if (limit == INT32_MAX)
        return NULL;
    struct policy *policies = memory_new(spec->schedule.n + 1, sizeof *policies);
    for (size_t i = 0; i <= spec->schedule.n; i++) {
        policies[i] = i == 0 ? spec->policy : spec->scheduled[i - 1];
        policies[i].max = smaller(policies[i].max, limit);
        policies[i].min = smaller(policies[i].min, limit);
    }
    return policies;
}

void pool_init(struct pool *pool, const struct pool_spec *spec, int32_t limit, bool names_busy)
{
    *pool = (struct pool){.spec = spec, .limit = limit, .names_busy = names_busy};
    pool->waiting = VALUE_UNKNOWN;
    pool->cut = cut(spec, limit);
    pool->sources = memory_new(spec->n_sources, sizeof *pool->sources);
    for (size_t i = 0; i < spec->n_sources; i++)
        pool->sources[i].reading = READING_NONE;
    pool->size = -1;
    pool->held = -1;
    pool->wanted = -1;
    pool->applying = -1;
    pool->told = -1;
    pool->refused = NOT_REFUSED;
    put_in_force(pool, -1);
    pool->drift = DRIFT_NONE;
    hand_init(&pool->hand, spec->name, limit);
    pool->shadow = shadow_new(spec, limit, names_busy);
}

static void forget_busy(struct source *source)
{
    for (size_t i = 0; i < source->n_busy; i++)
        free(source->busy[i]);
    free(source->busy);
    source->busy = NULL;
    source->n_busy = 0;
    source->busy_ms = 0;
}

void pool_fini(struct pool *pool)
{
    for (size_t i = 0; i < pool->spec->n_sources; i++) {
        forget_busy(&pool->sources[i]);
        free(pool->sources[i].trouble);
    }
    free(pool->sources);
    free(pool->spared.hosts);
    free(pool->size_trouble);
    free(pool->why);
    free(pool->applying_why);
    free(pool->past);
    free(pool->cut);
    hand_fini(&pool->hand);
    shadow_free(pool->shadow);
}

static bool have_same_rules(const struct policy *a, const struct policy *b)
{
    bool are_same = a->n_rules == b->n_rules;
    for (size_t i = 0; i < a->n_rules && are_same; i++)
        are_same = a->rules[i].kind == b->rules[i].kind &&
                   a->rules[i].at_least == b->rules[i].at_least &&
                   a->rules[i].release_below == b->rules[i].release_below;
    return are_same;
}

static void inherit_history(struct pool *pool, const struct pool *old)
{
    struct history history = past_open(old->past);
    past_keep(&pool->past, &history);
    if (!have_same_rules(pool->policy, old->policy))
        forget_rules(pool);
}

void pool_inherit(struct pool *pool, const struct pool *old, int64_t utc_ms)
{
    pool_follow_schedule(pool, utc_ms);
    inherit_history(pool, old);
    if (pool->shadow != NULL && old->shadow != NULL) {
        inherit_history(pool->shadow, old->shadow);
        pool->shadow->size = old->shadow->size;
    }
    pool->crashed = old->crashed;
    pool->crashes_ms = old->crashes_ms;
    pool->is_crashing = old->is_crashing;
    pool->drift = old->drift;
    pool->drift.known = -1; /* it may be of another process now */
    hand_inherit(&pool->hand, &old->hand);
}

/* The most that the policy may ask for by itself. */
static int32_t most_wanted(const struct policy *policy)
{
    int32_t most = greater(policy->min, policy->then);
    for (size_t i = 0; i < policy->n_rules; i++)
        most = greater(most, policy->rules[i].dynos);
    if (policy->per_dyno > 0)
        most = policy->max;
    return smaller(most, policy->max);
}

bool pool_explain_limit(const struct pool_spec *spec, const char *scaler, int32_t limit,
                        struct text *out)
{
    int32_t most = most_wanted(&spec->policy);
    for (size_t i = 0; i < spec->schedule.n; i++)
        most = greater(most, most_wanted(&spec->scheduled[i]));
    if (most <= limit)
        return false;
    if (most == INT32_MAX)
        text_add_format(out, "%s: per_dyno without max asks for any number of dynos", spec->name);
    else
        text_add_format(out, "%s: the file asks for up to %d dynos", spec->name, most);
    text_add_format(out, ", %s can run %d by its options: never more than %d will run", scaler,
                    limit, limit);
    return true;
}

/* ---- Schedule ---- */

static void tell_schedule(const struct pool *pool, int32_t before)
{
    const struct schedule_entry *entries = pool->spec->schedule.entries;
    int32_t now = pool->timetable.entry;
    if (pool->spec->is_shadow)
        return;
    if (now >= 0)
        log_write(LOG_INFO, pool->spec->name, "schedule %s", entries[now].words);
    else
        log_write(LOG_INFO, pool->spec->name, "schedule %s is over", entries[before].words);
}

/* A clock that was set back may show a time before the one that is known. A shadow waits until the
 * pool is due. */
int64_t pool_follow_schedule(struct pool *pool, int64_t utc_ms)
{
    const struct schedule *schedule = &pool->spec->schedule;
    struct timetable *timetable = &pool->timetable;
    if (pool->shadow != NULL)
        pool_follow_schedule(pool->shadow, utc_ms);
    if (schedule->n == 0)
        return INT64_MAX;
    if (utc_ms < timetable->from_ms || utc_ms >= timetable->until_ms) {
        int32_t before = timetable->entry;
        put_in_force(pool, schedule_at(schedule, utc_ms));
        timetable->from_ms = utc_ms;
        timetable->until_ms = schedule_next(schedule, utc_ms);
        if (timetable->entry != before)
            tell_schedule(pool, before);
    }
    return timetable->until_ms - utc_ms;
}

/* ---- What holds a pool up is told when it changes ---- */

/* What comes before the last brackets, in which a text has what differs each time. */
static size_t steady_length(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = length; i > 1 && length > 0 && text[length - 1] == ')'; i--)
        if (text[i - 2] == ' ' && text[i - 1] == '(')
            return i - 2;
    return length;
}

static bool is_told(const char *told, const char *text)
{
    if (told == NULL || text == NULL)
        return told == text;
    size_t length = steady_length(text);
    return steady_length(told) == length && memcmp(told, text, length) == 0;
}

static void note_trouble(const struct pool *pool, char **told, const char *text)
{
    if (is_told(*told, text))
        return;
    free(*told);
    *told = text != NULL ? memory_copy(text) : NULL;
    if (text != NULL)
        log_write(LOG_ERROR, pool->spec->name, "%s", text);
}

/* ---- What it has of what pools share: told whenever that may have changed ---- */

static void note_held(struct pool *pool)
{
    int32_t wanted = pool->is_stuck ? -1 : pool->wanted; /* it cannot have it now */
    if (pool->shared != NULL)
        room_note(pool->shared, pool, greater(greater(pool->size, wanted), pool->applying));
}

void pool_set_stuck(struct pool *pool, bool is_stuck)
{
    pool->is_stuck = is_stuck;
    note_held(pool);
}

/* ---- Measure ---- */

/* Where a pool has no dynos, a job that is due soon wakes it. */
static bool asks_next_due(const struct pool *pool, const struct source *source, int64_t now_ms)
{
    bool is_time =
        source->asked_due_ms == 0 || now_ms - source->asked_due_ms >= source->due_pause_ms;
    return is_time && pool->size >= 0 && policy_wants_next_due(pool->policy, pool->size);
}

struct dyn_group pool_group(const struct pool *pool)
{
    const struct pool_spec *spec = pool->spec;
    return (struct dyn_group){
        .cap = policy_cap(pool->policy),
        .name = spec->name,
        .queues = (const char *const *)spec->queues,
        .n_queues = (uint32_t)spec->n_queues,
    };
}

struct dyn_group pool_watched(const struct pool *pool)
{
    struct dyn_group group = pool_group(pool);
    group.metrics = DYN_BIT(DYN_WAITING); /* a pool of none wakes by it, whatever its rules are */
    if (policy_wants_latency(pool->policy))
        group.metrics |= DYN_BIT(DYN_LATENCY);
    if (policy_wants_busy(pool->policy, pool->names_busy))
        group.metrics |= DYN_BIT(DYN_BUSY);
    return group;
}

/* That, and what its shadow looks at. */
static struct dyn_group group_of_both(const struct pool *pool)
{
    struct dyn_group group = pool_watched(pool);
    if (pool->shadow == NULL)
        return group;
    struct dyn_group shadow = pool_watched(pool->shadow);
    return shadow_widen(group, &shadow);
}

struct dyn_group pool_start_measure(struct pool *pool, size_t source_index, int64_t now_ms)
{
    struct source *source = &pool->sources[source_index];
    struct dyn_group group = group_of_both(pool);
    source->asks_due = asks_next_due(pool, source, now_ms);
    if (source->asks_due) {
        group.metrics |= DYN_BIT(DYN_NEXT_DUE);
        source->asked_due_ms = now_ms;
    }
    return group;
}

/* As the time that it means. Until it is asked for again, the last answer holds. */
static struct value next_due(const struct source *source, const struct answer *answer,
                             int64_t now_ms)
{
    if (!source->asks_due || answer == NULL)
        return source->reading.next_due;
    struct value due = answer_value(answer, DYN_NEXT_DUE);
    due.number = due.number > INT64_MAX - now_ms ? INT64_MAX : due.number + now_ms;
    return due;
}

/* The pool is told no more than it would be without its shadow. */
static void take_reading(struct pool *pool, size_t source, struct reading reading)
{
    if (pool->shadow != NULL) {
        struct dyn_group own = pool_watched(pool);
        struct dyn_group asked = group_of_both(pool);
        pool->shadow->sources[source].reading = reading;
        reading = shadow_narrow(reading, &own, &asked);
    }
    pool->sources[source].reading = reading;
}

void pool_take_reading(struct pool *pool, size_t source_index, const struct answer *answer,
                       int64_t took_ms, int64_t now_ms)
{
    struct source *source = &pool->sources[source_index];
    if (source->asks_due)
        source->due_pause_ms =
            took_ms * ASK_DUE_SHARE > ASK_DUE_MS ? took_ms * ASK_DUE_SHARE : ASK_DUE_MS;
    struct reading reading = READING_NONE;
    reading.at_ms = now_ms;
    reading.next_due = next_due(source, answer, now_ms);
    if (answer != NULL) {
        reading.waiting = answer_value(answer, DYN_WAITING);
        reading.latency = answer_value(answer, DYN_LATENCY);
        reading.busy = answer_value(answer, DYN_BUSY);
        note_trouble(pool, &source->trouble, answer->unknown);
    }
    take_reading(pool, source_index, reading);
}

bool pool_is_measured(const struct pool *pool)
{
    for (size_t i = 0; i < pool->spec->n_sources; i++)
        if (pool->sources[i].reading.at_ms != 0)
            return true;
    return false;
}

/* ---- Asleep ---- */

static bool wakes(const struct pool *pool, struct value waiting)
{
    return waiting.doubt != KNOWN_NOT && waiting.number >= policy_wakes_at(pool->policy);
}

bool pool_sleeps(const struct pool *pool)
{
    bool is_at_rest = pool->size == 0 && pool->wanted < 0 && pool->applying < 0;
    bool is_free = !hand_is(&pool->hand, OVERRIDE_HOLD) && !hand_is(&pool->hand, OVERRIDE_PAUSE);
    bool can_wake = policy_wakes_at(pool->policy) < INT64_MAX;
    return is_at_rest && is_free && can_wake && !wakes(pool, pool->waiting);
}

struct dyn_group pool_probe(const struct pool *pool)
{
    struct dyn_group group = pool_group(pool);
    group.cap = policy_wakes_at(pool->policy);
    group.metrics = DYN_BIT(DYN_WAITING);
    return group;
}

bool pool_wakes(const struct pool *pool, const struct answer *answer)
{
    return wakes(pool, answer_value(answer, DYN_WAITING));
}

/* ---- Decide ---- */

static struct reading join(const struct pool *pool, int64_t now_ms)
{
    size_t n = pool->spec->n_sources;
    struct reading one = pool->sources[0].reading;
    if (n == 1)
        return one;
    struct reading *all = memory_new(n, sizeof *all);
    for (size_t i = 0; i < n; i++)
        all[i] = pool->sources[i].reading;
    struct reading whole = reading_join(all, n, pool->policy->stale_ms, now_ms);
    free(all);
    return whole;
}

/* Growth that was refused is no better asked for by another number. */
static bool is_held_by_refusal(const struct refused *refused, int32_t present, int32_t size,
                               int64_t now_ms)
{
    if (refused->size < 0 || now_ms >= refused->until_ms)
        return false;
    return size == refused->size || (refused->is_growth && size > present);
}

/* What pools share holds this one where it is, which no change of a size tells. */
static void tell_limit(struct pool *pool, const struct decision *decision)
{
    bool was = pool->is_limited;
    pool->is_limited = false;
    for (size_t i = 0; i < decision->n_steps; i++)
        pool->is_limited |= decision->steps[i].kind == STEP_LIMIT && decision->size == pool->size;
    if (pool->is_limited && !was)
        log_write(LOG_WARN, pool->spec->name, "%d, not more: limit %s leaves none", pool->size,
                  decision->room_of);
    else if (was && !pool->is_limited)
        log_write(LOG_INFO, pool->spec->name, "no limit holds it any more");
}

static struct decision decide(struct pool *pool, const struct inputs *inputs,
                              struct history *history)
{
    if (pool->spec->respect_ms == 0)
        history->drift_until_ms = 0; /* the file does not say so any more */
    struct decision decision = policy_decide(pool->policy, history, inputs);
    if (hand_is(&pool->hand, OVERRIDE_HOLD) || hand_is(&pool->hand, OVERRIDE_PAUSE))
        history->busy_since_ms = 0; /* nobody waits for the busy now */
    hand_decide(&pool->hand, pool->size, &decision);
    return decision;
}

/* What is wanted of the platform, unless it has it, or is not to be asked now. */
static void want(struct pool *pool, const struct decided *decided)
{
    int64_t now_ms = decided->inputs.now_ms;
    int32_t size = decided->decision.size;
    bool spares_busy = decided->decision.spares_busy;
    bool is_refused = is_held_by_refusal(&pool->refused, pool->size, size, now_ms);
    bool is_spared = spares_busy && now_ms < pool->spared.again_ms;
    bool is_change = pool->size >= 0 && size != pool->size && !is_refused && !is_spared;
    pool->wanted = is_change ? size : -1;
    pool->spares_busy = spares_busy;
    free(pool->why);
    pool->why = is_change ? pool_explain(pool, decided) : NULL;
    note_held(pool);
}

void pool_decide(struct pool *pool, int64_t now_ms, struct decided *decided)
{
    struct history history = past_open(pool->past);
    *decided = (struct decided){
        .inputs = {.reading = join(pool, now_ms),
                   .now_ms = now_ms,
                   .present = pool->size,
                   .crashed = pool->crashed,
                   .names_busy = pool->names_busy,
                   .room = pool->room,
                   .room_of = pool->room_of},
        .before = history,
    };
    decided->decision = decide(pool, &decided->inputs, &history);
    decided->has_learned = history.learned_boot_ms != decided->before.learned_boot_ms;
    past_keep(&pool->past, &history);
    pool->waiting = decided->inputs.reading.waiting;
    if (!pool->spec->is_shadow)
        tell_limit(pool, &decided->decision);
    want(pool, decided);
}

/* ---- Whom a shrink spares ---- */

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
    forget_busy(source);
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
        forget_busy(&pool->sources[i]);
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
        note_trouble(pool, &pool->size_trouble, trouble);
    if (size >= 0)
        take_crashes(pool, answer, size, now_ms);
    if (size >= 0)
        take_drift(pool, size, now_ms);
    pool->size = size;
    note_held(pool);
}

char *pool_explain(const struct pool *pool, const struct decided *decided)
{
    struct text why = {0};
    policy_explain(pool->policy, &decided->decision, &decided->inputs.reading, &why);
    hand_explain(&pool->hand, &decided->decision, &why);
    if (pool->timetable.entry >= 0)
        text_add_format(&why, "; schedule %s",
                        pool->spec->schedule.entries[pool->timetable.entry].words);
    return text_take(&why);
}

void pool_tell_dry_run(struct pool *pool, const struct decided *decided)
{
    int32_t size = pool->wanted >= 0 ? pool->wanted : pool->size;
    if (size < 0 || size == pool->told || !pool_is_measured(pool))
        return;
    char *why = pool_explain(pool, decided);
    if (size == pool->size)
        log_write(LOG_INFO, pool->spec->name, "%d, stays (%s)", size, why);
    else
        log_write(LOG_INFO, pool->spec->name, "%d -> %d, not applied: dry run (%s)", pool->size,
                  size, why);
    free(why);
    pool->told = size;
}

bool pool_is_settled(const struct pool *pool, bool is_dry_run)
{
    for (size_t i = 0; i < pool->spec->n_sources; i++)
        if (pool->sources[i].reading.at_ms == 0)
            return false;
    return pool->size >= 0 && pool->refused.size < 0 && (pool->wanted < 0 || is_dry_run);
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
    note_held(pool);
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
    note_trouble(pool, &pool->size_trouble, text_chars(&trouble));
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
        note_trouble(pool, &pool->size_trouble, NULL);
    }
    forget_all_busy(pool);
    drift_take_applied(&pool->drift, pool->applying, size, now_ms);
    pool->size = size;
    pool->applying = -1;
    note_held(pool);
}
