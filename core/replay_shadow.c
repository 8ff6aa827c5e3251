/* SPDX-License-Identifier: MIT
 * What a pool and its shadow had, side by side, for as long as both were recorded. */
#include "core/number.h"
#include "core/replay.h"

#include "core/memory.h"

#include <stdlib.h>

/* One of the two, and how far it has gone. */
struct course {
    const struct replay_pool *pool;
    struct replay_result *result;
    size_t n_gone; /* samples */
    int32_t size;  /* -1: not known */
};

static int64_t first_ms(const struct replay_pool *pool)
{
    return pool->samples[0].at_ms;
}

static int64_t last_ms(const struct replay_pool *pool)
{
    return pool->samples[pool->n - 1].at_ms;
}

static void take_size(struct course *course, int32_t size)
{
    struct replay_result *result = course->result;
    if (size < 0)
        return;
    result->n_up += course->size >= 0 && size > course->size;
    result->n_down += course->size >= 0 && size < course->size;
    result->largest = greater(result->largest, size);
    course->size = size;
}

static void go_to(struct course *course, int64_t now_ms)
{
    const struct replay_pool *pool = course->pool;
    while (course->n_gone < pool->n && pool->samples[course->n_gone].at_ms <= now_ms)
        take_size(course, pool->samples[course->n_gone++].present);
}

/* Begins at a time, as if nothing had changed before. */
static struct course begin(const struct replay_pool *pool, struct replay_result *result,
                           int64_t now_ms)
{
    struct course course = {pool, result, 0, -1};
    *result = (struct replay_result){0};
    go_to(&course, now_ms);
    *result = (struct replay_result){.largest = course.size};
    return course;
}

/* Until when the last sample holds. */
static int64_t until_ms(const struct course *course)
{
    return replay_until_ms(course->pool, course->n_gone - 1);
}

/* The next time at which it may be another. */
static int64_t next_ms(const struct course *course, int64_t now_ms)
{
    int64_t until = until_ms(course);
    return until > now_ms || course->n_gone == course->pool->n
               ? until
               : course->pool->samples[course->n_gone].at_ms;
}

static bool is_known(const struct course *course, int64_t now_ms)
{
    return course->size >= 0 && now_ms < until_ms(course);
}

/* ---- Stretches ---- */

static int32_t gap_of(const struct replay_stretch *stretch)
{
    return abs(stretch->live - stretch->shadow);
}

/* The greatest first; of equal ones the earliest. */
static void keep(struct replay_beside *beside, const struct replay_stretch *stretch)
{
    size_t i = beside->n_greatest;
    if (i < REPLAY_STRETCHES)
        beside->n_greatest++;
    else if (gap_of(stretch) <= gap_of(&beside->greatest[--i]))
        return;
    for (; i > 0 && gap_of(&beside->greatest[i - 1]) < gap_of(stretch); i--)
        beside->greatest[i] = beside->greatest[i - 1];
    beside->greatest[i] = *stretch;
}

/* From where they are alike, or not known, on. */
static void end_stretch(struct replay_beside *beside, struct replay_stretch *stretch)
{
    if (stretch->until_ms == 0)
        return;
    beside->n_stretches++;
    keep(beside, stretch);
    *stretch = (struct replay_stretch){0};
}

static void add_stretch(struct replay_beside *beside, struct replay_stretch *stretch,
                        const struct replay_stretch *step)
{
    if (step->live == step->shadow) {
        end_stretch(beside, stretch);
        return;
    }
    beside->apart_ms += step->until_ms - step->from_ms;
    if (stretch->until_ms == 0)
        stretch->from_ms = step->from_ms;
    stretch->until_ms = step->until_ms;
    if (gap_of(step) > gap_of(stretch)) {
        stretch->live = step->live;
        stretch->shadow = step->shadow;
    }
}

/* ---- Both ---- */

/* That nobody knows how long jobs would have waited, is part of it. */
static void add_time(struct replay_result *result, int32_t size, int64_t step_ms)
{
    result->run_ms += step_ms;
    result->unknown_ms += step_ms;
    result->dyno_ms += size * step_ms;
}

/* The shadow's size at each sample of the pool, for a picture; -1: not known. */
static struct replay_point *points_of(const struct replay_pool *live,
                                      const struct replay_pool *shadow)
{
    struct replay_result none;
    struct course course = begin(shadow, &none, INT64_MIN);
    struct replay_point *points = memory_new(live->n, sizeof *points);
    for (size_t i = 0; i < live->n; i++) {
        int64_t now_ms = live->samples[i].at_ms;
        go_to(&course, now_ms);
        bool is_there = course.n_gone > 0 && now_ms <= last_ms(shadow);
        points[i] = (struct replay_point){-1, -1, is_there ? course.size : -1};
    }
    return points;
}

void replay_compare(const struct replay_pool *live, const struct replay_pool *shadow,
                    struct replay_beside *beside)
{
    struct replay_stretch stretch = {0};
    *beside = (struct replay_beside){0};
    int64_t now_ms = later(first_ms(live), first_ms(shadow));
    int64_t end_ms = earlier(last_ms(live), last_ms(shadow));
    struct course a = begin(live, &beside->live, now_ms);
    struct course b = begin(shadow, &beside->shadow, now_ms);
    while (now_ms < end_ms) {
        int64_t next = earlier(earlier(next_ms(&a, now_ms), next_ms(&b, now_ms)), end_ms);
        if (is_known(&a, now_ms) && is_known(&b, now_ms)) {
            add_time(a.result, a.size, next - now_ms);
            add_time(b.result, b.size, next - now_ms);
            add_stretch(beside, &stretch, &(struct replay_stretch){now_ms, next, a.size, b.size});
        } else {
            end_stretch(beside, &stretch);
        }
        now_ms = next;
        go_to(&a, now_ms);
        go_to(&b, now_ms);
    }
    end_stretch(beside, &stretch);
    beside->shadow.points = points_of(live, shadow);
}
