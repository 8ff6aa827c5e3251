/* SPDX-License-Identifier: MIT
 * What is kept of a history is all of it. */
#include "core/past.h"
#include "tests/support/suite.h"

#include <stdlib.h>

static uint32_t dice = 2463534242u;

static int64_t roll(void)
{
    dice ^= dice << 13;
    dice ^= dice >> 17;
    dice ^= dice << 5;
    return dice;
}

static struct window window_of(uint32_t n)
{
    struct window window = {.n = n};
    for (uint32_t i = 0; i < n; i++) {
        window.wanted[i].until_ms = roll();
        window.wanted[i].size = (int32_t)(roll() % 1000);
    }
    return window;
}

static struct history history_of(uint32_t n_up, uint32_t n_down)
{
    return (struct history){
        .blind_since_ms = roll(),
        .in_force = (uint64_t)roll(),
        .up_stride = {roll(), 3},
        .down_stride = {roll(), 4},
        .present = (int32_t)(roll() % 1000),
        .has_past = roll() % 2 == 0,
        .worked_ms = roll(),
        .busy_since_ms = roll(),
        .grown_ms = roll(),
        .woken_ms = roll(),
        .woken_waiting = roll(),
        .learned_boot_ms = roll(),
        .drift_until_ms = roll(),
        .up = window_of(n_up),
        .down = window_of(n_down),
    };
}

static void check_window(const struct window *kept, const struct window *window)
{
    CHECK_INT(kept->n, window->n);
    for (uint32_t i = 0; i < window->n; i++) {
        CHECK_INT(kept->wanted[i].until_ms, window->wanted[i].until_ms);
        CHECK_INT(kept->wanted[i].size, window->wanted[i].size);
    }
}

static void check_same(const struct history *kept, const struct history *history)
{
    CHECK_INT(kept->blind_since_ms, history->blind_since_ms);
    CHECK(kept->in_force == history->in_force);
    CHECK_INT(kept->up_stride.since_ms, history->up_stride.since_ms);
    CHECK_INT(kept->up_stride.from, history->up_stride.from);
    CHECK_INT(kept->down_stride.since_ms, history->down_stride.since_ms);
    CHECK_INT(kept->down_stride.from, history->down_stride.from);
    CHECK_INT(kept->present, history->present);
    CHECK_INT(kept->has_past, history->has_past);
    CHECK_INT(kept->worked_ms, history->worked_ms);
    CHECK_INT(kept->busy_since_ms, history->busy_since_ms);
    CHECK_INT(kept->grown_ms, history->grown_ms);
    CHECK_INT(kept->woken_ms, history->woken_ms);
    CHECK_INT(kept->woken_waiting, history->woken_waiting);
    CHECK_INT(kept->learned_boot_ms, history->learned_boot_ms);
    CHECK_INT(kept->drift_until_ms, history->drift_until_ms);
    check_window(&kept->up, &history->up);
    check_window(&kept->down, &history->down);
}

/* Windows of every length in the place of those of another. */
static void what_is_kept_comes_back(void)
{
    struct past *past = NULL;
    for (uint32_t up = 0; up <= WINDOW_SIZES; up++)
        for (uint32_t down = 0; down <= WINDOW_SIZES; down += 1 + down / 4) {
            struct history history = history_of(up, down);
            past_keep(&past, &history);
            struct history kept = past_open(past);
            check_same(&kept, &history);
        }
    free(past);
}

static void no_past_is_all_zeroes(void)
{
    struct history none = past_open(NULL);
    static const struct history zeroes;
    check_same(&none, &zeroes);
}

static const struct test tests[] = {
    {"what is kept comes back", what_is_kept_comes_back},
    {"no past is all zeroes", no_past_is_all_zeroes},
};
SUITE_MAIN("past", tests)
