/* SPDX-License-Identifier: MIT */
#include "core/pool_inside.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/number.h"
#include "core/reading.h"
#include "core/room.h"
#include "core/shadow.h"

#include <stdlib.h>
#include <string.h>

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

void pool_fini(struct pool *pool)
{
    for (size_t i = 0; i < pool->spec->n_sources; i++) {
        pool_forget_busy(&pool->sources[i]);
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

void pool_note_trouble(const struct pool *pool, char **told, const char *text)
{
    if (is_told(*told, text))
        return;
    free(*told);
    *told = text != NULL ? memory_copy(text) : NULL;
    if (text != NULL)
        log_write(LOG_ERROR, pool->spec->name, "%s", text);
}

/* ---- What it has of what pools share: told whenever that may have changed ---- */

void pool_note_held(struct pool *pool)
{
    int32_t wanted = pool->is_stuck ? -1 : pool->wanted; /* it cannot have it now */
    if (pool->shared != NULL)
        room_note(pool->shared, pool, greater(greater(pool->size, wanted), pool->applying));
}

void pool_set_stuck(struct pool *pool, bool is_stuck)
{
    pool->is_stuck = is_stuck;
    pool_note_held(pool);
}

/* ---- Decide ---- */

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
    pool_note_held(pool);
}

void pool_decide(struct pool *pool, int64_t now_ms, struct decided *decided)
{
    struct history history = past_open(pool->past);
    *decided = (struct decided){
        .inputs = {.reading = pool_reading(pool, now_ms),
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
