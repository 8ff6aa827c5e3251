/* SPDX-License-Identifier: MIT
 * Dyno-hours of a month: counted, kept over a restart, and what a budget makes of them. */
#include "core/memory.h"
#include "core/spending.h"
#include "tests/support/child.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>

/* 2026-11-30 20:00:00 UTC: four hours before the month is over. */
static const int64_t EVENING_MS = 1796068800000;
enum { HOUR_MS = 3600000, MINUTE_MS = 60000 };

struct bench {
    struct settings settings;
    struct pool pool;
    struct spending spending;
    int64_t now_ms;
};

static void start(struct bench *bench, char *folder, bool caps)
{
    *bench = (struct bench){.now_ms = EVENING_MS};
    bench->settings.state = folder;
    bench->settings.budget = (struct budget){10, caps};
    bench->pool.size = 5;
    spending_init(&bench->spending, &bench->settings, EVENING_MS);
}

static void pass(struct bench *bench, int64_t ms)
{
    for (int64_t passed_ms = 0; passed_ms <= ms; passed_ms += MINUTE_MS) {
        spending_note(&bench->spending, &bench->pool, 1, bench->now_ms);
        bench->now_ms += MINUTE_MS;
    }
}

static void what_runs_is_counted_until_it_is_over(void)
{
    struct bench bench;
    char *folder = child_make_folder();
    start(&bench, folder, true);
    pass(&bench, HOUR_MS);
    CHECK_INT(bench.spending.dyno_ms, 5 * HOUR_MS);
    CHECK_INT(bench.spending.told, 0);
    pass(&bench, 45 * MINUTE_MS);
    CHECK_INT(bench.spending.told, 80);
    CHECK(!spending_is_over(&bench.spending));
    pass(&bench, HOUR_MS);
    CHECK_INT(bench.spending.told, 100);
    CHECK(spending_is_over(&bench.spending));
    pass(&bench, 2 * HOUR_MS); /* over midnight: another month */
    CHECK(!spending_is_over(&bench.spending));
    CHECK(bench.spending.dyno_ms < 5 * HOUR_MS);
    child_remove_folder(folder);
    free(folder);
}

static void a_budget_that_warns_stops_nothing(void)
{
    struct bench bench;
    char *folder = child_make_folder();
    start(&bench, folder, false);
    pass(&bench, 3 * HOUR_MS);
    CHECK_INT(bench.spending.told, 100);
    CHECK(!spending_is_over(&bench.spending));
    child_remove_folder(folder);
    free(folder);
}

static void a_restart_goes_on_counting(void)
{
    struct bench bench;
    struct bench again;
    char *folder = child_make_folder();
    start(&bench, folder, true);
    pass(&bench, HOUR_MS);
    spending_write(&bench.spending, bench.now_ms);
    start(&again, folder, true);
    CHECK_INT(again.spending.dyno_ms, 5 * HOUR_MS);
    again.now_ms = bench.now_ms + 4 * MINUTE_MS;
    pass(&again, 0); /* five minutes without a look count */
    CHECK_INT(again.spending.dyno_ms, 5 * HOUR_MS + 5 * 5 * MINUTE_MS);
    again.now_ms += HOUR_MS;
    pass(&again, 0); /* an hour does not */
    CHECK_INT(again.spending.dyno_ms, 5 * HOUR_MS + 5 * 5 * MINUTE_MS);
    child_remove_folder(folder);
    free(folder);
}

static void a_size_that_is_not_known_is_the_last_one(void)
{
    struct bench bench;
    char *folder = child_make_folder();
    start(&bench, folder, true);
    pass(&bench, 0);
    bench.pool.size = -1;
    struct history history = {.present = 3, .has_past = true};
    past_keep(&bench.pool.past, &history);
    pass(&bench, 0);
    pass(&bench, 0);
    CHECK_INT(bench.spending.dyno_ms, (5 + 3) * MINUTE_MS); /* what ran until then, and since */
    free(bench.pool.past);
    child_remove_folder(folder);
    free(folder);
}

/* From cron it never sees a minute pass. */
static void what_ran_between_two_runs_is_counted(void)
{
    struct bench bench;
    struct bench again;
    char *folder = child_make_folder();
    start(&bench, folder, true);
    pass(&bench, 0);
    spending_write(&bench.spending, bench.now_ms);
    start(&again, folder, true);
    again.pool.size = -1; /* it is not read yet */
    again.now_ms = EVENING_MS + 15 * MINUTE_MS;
    pass(&again, 0);
    CHECK_INT(again.spending.dyno_ms, 5 * 15 * MINUTE_MS);
    child_remove_folder(folder);
    free(folder);
}

static void a_file_that_is_broken_counts_from_now(void)
{
    struct bench bench;
    char *folder = child_make_folder();
    char *path = memory_format("%s/spending.json", folder);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs("{\"month\":\"2026-11\",\"dyno_ms\":-5}\n", file) > 0);
    if (file != NULL)
        fclose(file);
    start(&bench, folder, true);
    CHECK_INT(bench.spending.dyno_ms, 0);
    pass(&bench, HOUR_MS);
    CHECK_INT(bench.spending.dyno_ms, 5 * HOUR_MS);
    child_remove_folder(folder);
    free(path);
    free(folder);
}

static const struct test tests[] = {
    {"what runs is counted until it is over", what_runs_is_counted_until_it_is_over},
    {"a budget that warns stops nothing", a_budget_that_warns_stops_nothing},
    {"a restart goes on counting", a_restart_goes_on_counting},
    {"a size that is not known is the last one", a_size_that_is_not_known_is_the_last_one},
    {"what ran between two runs is counted", what_ran_between_two_runs_is_counted},
    {"a file that is broken counts from now", a_file_that_is_broken_counts_from_now},
};
SUITE_MAIN("spending", tests)
