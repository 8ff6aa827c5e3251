/* SPDX-License-Identifier: MIT */
#include "core/hand.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/number.h"

#include <inttypes.h>
#include <stdlib.h>

enum { REMIND_MS = 86400000 };

void hand_init(struct hand *hand, const char *pool, int32_t limit)
{
    *hand = (struct hand){.pool = pool, .limit = limit};
}

/* Takes the place of the one in force; NULL: none is from then on. */
static void replace(struct hand *hand, enum override_kind kind, const struct override *override)
{
    struct override *copy = NULL;
    if (override != NULL) {
        copy = memory_new(1, sizeof *copy);
        *copy = override_copy(override);
    }
    if (hand->overrides[kind] != NULL)
        override_fini(hand->overrides[kind]);
    free(hand->overrides[kind]);
    hand->overrides[kind] = copy;
}

void hand_fini(struct hand *hand)
{
    for (int kind = 0; kind < OVERRIDE_KINDS; kind++)
        replace(hand, (enum override_kind)kind, NULL);
}

void hand_inherit(struct hand *hand, const struct hand *old)
{
    for (int kind = 0; kind < OVERRIDE_KINDS; kind++)
        replace(hand, (enum override_kind)kind, old->overrides[kind]);
    hand->told_ms = old->told_ms;
    hand->utc_ms = old->utc_ms;
}

bool hand_is(const struct hand *hand, enum override_kind kind)
{
    return hand->overrides[kind] != NULL;
}

/* ---- In force, and no longer ---- */

static void tell(const struct hand *hand, const struct override *override, const char *still)
{
    struct text text = {0};
    override_add(override, hand->utc_ms, &text);
    if (override->kind == OVERRIDE_HOLD && override->size > hand->limit)
        text_add_format(&text, "; the back-end can run %" PRId32 ": %" PRId32 " it is", hand->limit,
                        hand->limit);
    log_write(LOG_INFO, hand->pool, "%s%s", still, text_chars(&text));
    text_fini(&text);
}

static void end(struct hand *hand, enum override_kind kind, const char *why)
{
    log_write(LOG_INFO, hand->pool, "no longer %s: %s", override_state(kind), why);
    replace(hand, kind, NULL);
}

bool hand_take(struct hand *hand, const struct override_list *list, int64_t utc_ms)
{
    bool has_changed = false;
    hand->utc_ms = utc_ms;
    for (int i = 0; i < OVERRIDE_KINDS; i++) {
        enum override_kind kind = (enum override_kind)i;
        const struct override *known = hand->overrides[kind];
        const struct override *told = override_list_find(list, hand->pool, kind, utc_ms);
        if (known == told || (known != NULL && told != NULL && override_is_same(known, told)))
            continue;
        has_changed = true;
        if (told == NULL) {
            end(hand, kind, known->until_ms <= utc_ms ? "its time is over" : "ended by hand");
            continue;
        }
        replace(hand, kind, told);
        tell(hand, hand->overrides[kind], "");
    }
    return has_changed;
}

/* Nobody remembers what was to be for a moment. */
static void remind(struct hand *hand, int64_t now_ms)
{
    if (hand->told_ms == 0 || (!hand_is(hand, OVERRIDE_HOLD) && !hand_is(hand, OVERRIDE_PAUSE)))
        hand->told_ms = now_ms;
    if (now_ms - hand->told_ms < REMIND_MS)
        return;
    hand->told_ms = now_ms;
    for (int kind = 0; kind < OVERRIDE_KINDS; kind++)
        if (hand_is(hand, (enum override_kind)kind))
            tell(hand, hand->overrides[kind], "still ");
}

bool hand_tick(struct hand *hand, int64_t utc_ms, int64_t now_ms)
{
    bool has_changed = false;
    hand->utc_ms = utc_ms;
    for (int kind = 0; kind < OVERRIDE_KINDS; kind++) {
        const struct override *override = hand->overrides[kind];
        if (override == NULL || override->until_ms > utc_ms)
            continue;
        end(hand, (enum override_kind)kind, "its time is over");
        has_changed = true;
    }
    remind(hand, now_ms);
    return has_changed;
}

int64_t hand_left_ms(const struct hand *hand, int64_t utc_ms)
{
    int64_t left_ms = INT64_MAX;
    for (int kind = 0; kind < OVERRIDE_KINDS; kind++) {
        const struct override *override = hand->overrides[kind];
        if (override == NULL || override->until_ms == OVERRIDE_ENDLESS)
            continue;
        if (override->until_ms - utc_ms < left_ms)
            left_ms = override->until_ms - utc_ms;
    }
    return left_ms;
}

/* ---- Deciding ---- */

static void take_step(struct decision *decision, enum step_kind kind, int32_t after, int32_t asked)
{
    struct value seen = {asked, KNOWN_EXACT};
    decision->steps[decision->n_steps++] = (struct step){kind, decision->size, after, -1, seen};
    decision->size = after;
    decision->spares_busy = false; /* a person is obeyed at once, whoever is busy */
}

void hand_decide(const struct hand *hand, int32_t present, struct decision *decision)
{
    const struct override *hold = hand->overrides[OVERRIDE_HOLD];
    if (hand_is(hand, OVERRIDE_PAUSE))
        take_step(decision, STEP_PAUSED, present > 0 ? present : 0, present);
    else if (hold != NULL)
        take_step(decision, STEP_BY_HAND, smaller(hold->size, hand->limit), hold->size);
    else if (hand->is_in_doubt && decision->size < present)
        take_step(decision, STEP_DOUBT, present, present);
}

void hand_explain(const struct hand *hand, const struct decision *decision, struct text *out)
{
    if (decision->n_steps == 0)
        return;
    enum step_kind last = decision->steps[decision->n_steps - 1].kind;
    if (last != STEP_BY_HAND && last != STEP_PAUSED)
        return;
    const struct override *override =
        hand->overrides[last == STEP_PAUSED ? OVERRIDE_PAUSE : OVERRIDE_HOLD];
    text_add(out, " until ");
    override_add_end(override, hand->utc_ms, out);
    if (override->why[0] != '\0')
        text_add_format(out, " (%s)", override->why);
}
