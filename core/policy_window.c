/* SPDX-License-Identifier: MIT */
#include "core/policy_window.h"

#include <string.h>

/* In a window for the greatest the sizes fall from the first to the last, in one for the least they
 * rise: a size is dropped once a later one outdoes it, so that the first is the answer. */
enum direction { FALLING, RISING };

static bool outdoes(enum direction direction, int32_t a, int32_t b)
{
    return direction == FALLING ? a >= b : a <= b;
}

static void drop_first(struct window *window, uint32_t n)
{
    window->n -= n;
    memmove(window->wanted, window->wanted + n, window->n * sizeof *window->wanted);
}

/* Makes one of each two neighbours. Both kinds then err by the time between the two: the falling
 * one keeps a size longer, the rising one lets it go sooner, for growth must not be late. */
static void halve(struct window *window, enum direction direction)
{
    for (size_t i = 0; i < window->n / 2; i++) {
        window->wanted[i] = window->wanted[2 * i + 1];
        if (direction == FALLING)
            window->wanted[i].size = window->wanted[2 * i].size;
    }
    window->n /= 2;
}

static int32_t take(struct window *window, enum direction direction, int32_t size, int64_t after_ms,
                    int64_t now_ms)
{
    uint32_t n_old = 0;
    if (window->n > 0)
        window->wanted[window->n - 1].until_ms = now_ms; /* it was wanted until now */
    while (n_old < window->n && now_ms - window->wanted[n_old].until_ms >= after_ms)
        n_old++;
    drop_first(window, n_old);
    while (window->n > 0 && outdoes(direction, size, window->wanted[window->n - 1].size))
        window->n--;
    if (window->n == WINDOW_SIZES)
        halve(window, direction);
    window->wanted[window->n].size = size;
    window->wanted[window->n++].until_ms = now_ms;
    return window->wanted[0].size;
}

int32_t window_greatest(struct window *window, int32_t size, int64_t after_ms, int64_t now_ms)
{
    return take(window, FALLING, size, after_ms, now_ms);
}

int32_t window_least(struct window *window, int32_t size, int64_t after_ms, int64_t now_ms)
{
    return take(window, RISING, size, after_ms, now_ms);
}
