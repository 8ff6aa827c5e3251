/* SPDX-License-Identifier: MIT
 * Which decisions are written, and what a restart takes from them. */
#include "core/journal.h"

#include "core/memory.h"
#include "core/shadow.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/journal_test.XXXXXX";

enum { BEGIN_MS = 1000000, UTC_AHEAD_MS = 1795521600 };

static size_t sources[1];
static struct rule rules[] = {{.kind = RULE_JOBS, .at_least = 10, .dynos = 5, .release_below = 3}};

static struct pool_spec spec_of(void)
{
    struct pool_spec spec = {.name = (char[]){"worker"}, .sources = sources, .n_sources = 1};
    static char name[] = "worker";
    spec.name = name;
    spec.policy = (struct policy)POLICY_PLAIN;
    spec.policy.rules = rules;
    spec.policy.n_rules = 1;
    spec.policy.max = 20;
    spec.policy.down.after_ms = 60000;
    spec.interval_ms = 1000;
    return spec;
}

static struct journal *journal_of(bool is_dry_run)
{
    struct journal_spec spec = {path, {1000000, 86400000, 1}, 10000};
    return journal_open(&spec, is_dry_run, NULL);
}

static int64_t count_lines(void)
{
    int64_t n = 0;
    FILE *file = fopen(path, "r");
    for (int c; file != NULL && (c = fgetc(file)) != EOF;)
        n += c == '\n';
    if (file != NULL)
        fclose(file);
    return n;
}

static void decide(struct journal *journal, struct pool *pool, int64_t waiting, int32_t size,
                   int64_t now_ms)
{
    pool->sources[0].reading.at_ms = now_ms;
    pool->sources[0].reading.waiting = (struct value){waiting, KNOWN_EXACT};
    pool->size = size;
    struct decided decided;
    pool_decide(pool, now_ms, &decided);
    journal_decided(journal, pool, &decided, now_ms + UTC_AHEAD_MS);
}

static void news_is_written(void)
{
    struct pool_spec spec = spec_of();
    struct pool pool;
    unlink(path);
    struct journal *journal = journal_of(false);
    pool_init(&pool, &spec, INT32_MAX, false);
    decide(journal, &pool, 12, 5, BEGIN_MS);
    CHECK_INT(count_lines(), 1);
    decide(journal, &pool, 13, 5, BEGIN_MS + 1000); /* alike: the same steps to the same size */
    CHECK_INT(count_lines(), 1);
    decide(journal, &pool, 13, 4, BEGIN_MS + 2000); /* another present size */
    CHECK_INT(count_lines(), 2);
    decide(journal, &pool, 1, 4, BEGIN_MS + 3000); /* other steps */
    CHECK_INT(count_lines(), 3);
    decide(journal, &pool, 1, 4, BEGIN_MS + 12999);
    CHECK_INT(count_lines(), 3);
    decide(journal, &pool, 1, 4, BEGIN_MS + 13000); /* `every` is over */
    CHECK_INT(count_lines(), 4);
    journal_started(journal, "dynomatic.yml", 1);
    journal_applied(journal, &pool, 5, 5, NULL, 1);
    CHECK_INT(count_lines(), 6);
    journal_close(journal);
    journal = journal_of(true);
    decide(journal, &pool, 30, 1, BEGIN_MS + 20000);
    CHECK_INT(count_lines(), 7); /* of which nothing is restored */
    journal_close(journal);
    journal_close(NULL);
    journal_started(NULL, "", 1);
    journal_decided(NULL, &pool, NULL, 1);
    journal_applied(NULL, &pool, 1, 1, NULL, 1);
    journal_restore(NULL, &pool, 1, 1, 1);
    pool_fini(&pool);
}

/* A pool restored from the journal by a clock that is `ahead_ms` further behind UTC. */
static struct pool restored(const struct pool_spec *spec, int64_t now_ms, int64_t utc_ahead_ms)
{
    struct pool pool;
    struct journal *journal = journal_of(true);
    pool_init(&pool, spec, INT32_MAX, false);
    journal_restore(journal, &pool, 1, now_ms, utc_ahead_ms);
    journal_close(journal);
    return pool;
}

static void write_past(const struct pool_spec *spec)
{
    struct pool pool;
    unlink(path);
    struct journal *journal = journal_of(false);
    pool_init(&pool, spec, INT32_MAX, false);
    decide(journal, &pool, 12, 1, BEGIN_MS);
    decide(journal, &pool, 12, 5, BEGIN_MS + 1000);
    decide(journal, &pool, 7, 4, BEGIN_MS + 2000); /* still in force */
    journal_close(journal);
    pool_fini(&pool);
}

static void times_are_shifted(void)
{
    struct pool_spec spec = spec_of();
    write_past(&spec);
    /* The machine has started anew: its clock shows 50000 at the time of the last line. */
    int64_t ahead_ms = UTC_AHEAD_MS + BEGIN_MS + 2000 - 50000;
    struct pool pool = restored(&spec, 50000, ahead_ms);
    CHECK_INT(past_open(pool.past).grown_ms, 49000);
    CHECK_INT(past_open(pool.past).worked_ms, 50000);
    CHECK_INT(past_open(pool.past).present, 4);
    CHECK_INT(past_open(pool.past).has_past, true);
    CHECK_INT(past_open(pool.past).in_force, 1);
    struct history history = past_open(pool.past);
    CHECK_INT(history.down.wanted[history.down.n - 1].until_ms, 50000);
    CHECK_INT(pool.drift.known, 4);
    pool_fini(&pool);
    /* 4 s later: jobs may have waited until then. */
    pool = restored(&spec, 54000, ahead_ms);
    CHECK_INT(past_open(pool.past).worked_ms, 54000);
    pool_fini(&pool);
    pool = restored(&spec, 90000, ahead_ms);
    CHECK_INT(past_open(pool.past).worked_ms, 60000);
    pool_fini(&pool);
}

/* ---- A shadow ---- */

/* Fewer dynos, and later gone. */
static struct pool_spec shadow_of(const struct pool_spec *spec)
{
    struct pool_spec shadow = *spec;
    shadow.is_shadow = true;
    shadow.policy.max = 3;
    shadow.policy.down.after_ms = 300000;
    return shadow;
}

static void decide_both(struct journal *journal, struct pool *pool, int64_t waiting, int32_t size,
                        int64_t now_ms)
{
    pool->shadow->sources[0].reading.at_ms = now_ms;
    pool->shadow->sources[0].reading.waiting = (struct value){waiting, KNOWN_EXACT};
    decide(journal, pool, waiting, size, now_ms);
    struct decided decided;
    shadow_decide(pool->shadow, pool, now_ms, &decided);
    journal_decided(journal, pool->shadow, &decided, now_ms + UTC_AHEAD_MS);
}

static void write_shadowed_past(const struct pool_spec *spec, bool is_dry_run)
{
    struct pool pool;
    unlink(path);
    struct journal *journal = journal_of(is_dry_run);
    pool_init(&pool, spec, INT32_MAX, false);
    decide_both(journal, &pool, 12, 1, BEGIN_MS);
    decide_both(journal, &pool, 12, 5, BEGIN_MS + 1000);
    decide_both(journal, &pool, 7, 5, BEGIN_MS + 2000);
    decide_both(journal, &pool, 7, 5, BEGIN_MS + 3000);
    CHECK_INT(count_lines(), 4); /* the last two are alike, for both */
    decide_both(journal, &pool, 7, -1, BEGIN_MS + 4000);
    CHECK_INT(count_lines(), 6);
    journal_close(journal);
    pool_fini(&pool);
}

static void a_shadow_is_restored_from_its_own_lines(void)
{
    struct pool_spec spec = spec_of();
    struct pool_spec shadow = shadow_of(&spec);
    spec.shadow = &shadow;
    write_shadowed_past(&spec, false);
    struct pool pool = restored(&spec, BEGIN_MS + 5000, UTC_AHEAD_MS);
    CHECK_INT(pool.size, -1);
    CHECK_INT(past_open(pool.past).present, 5);
    CHECK_INT(pool.drift.known, 5);
    CHECK_INT(pool.shadow->size, 3); /* of the last line that knows of a size */
    CHECK_INT(past_open(pool.shadow->past).present, 3);
    CHECK_INT(past_open(pool.shadow->past).grown_ms, BEGIN_MS + 1000);
    CHECK_INT(past_open(pool.shadow->past).in_force, 1);
    CHECK_INT(past_open(pool.shadow->past).down.wanted[0].size, 3);
    pool_fini(&pool);
    write_shadowed_past(&spec, true);
    pool = restored(&spec, BEGIN_MS + 5000, UTC_AHEAD_MS);
    CHECK_INT(pool.shadow->size, -1);
    CHECK_INT(past_open(pool.shadow->past).has_past, false);
    pool_fini(&pool);
}

static void other_rules_have_other_numbers(void)
{
    struct pool_spec spec = spec_of();
    write_past(&spec);
    spec.policy.min = 2;
    struct pool pool = restored(&spec, BEGIN_MS + 3000, UTC_AHEAD_MS);
    CHECK_INT(past_open(pool.past).in_force, 0);
    CHECK_INT(past_open(pool.past).present, 4);
    pool_fini(&pool);
    static char other[] = "mailer";
    spec.name = other;
    pool = restored(&spec, BEGIN_MS + 3000, UTC_AHEAD_MS);
    CHECK_INT(past_open(pool.past).has_past, false);
    pool_fini(&pool);
}

static void lost_answers_are_known(void)
{
    struct pool_spec spec = spec_of();
    write_past(&spec);
    struct journal *journal = journal_of(false);
    struct pool pool;
    pool_init(&pool, &spec, INT32_MAX, false);
    journal_applied(journal, &pool, 9, -1, "timed out", BEGIN_MS + 3000 + UTC_AHEAD_MS);
    decide(journal, &pool, 12, -1, BEGIN_MS + 3000);
    pool_fini(&pool);
    journal_close(journal);
    pool = restored(&spec, BEGIN_MS + 4000, UTC_AHEAD_MS);
    CHECK_INT(pool.drift.known, 4);
    CHECK_INT(pool.drift.lost, 9);
    CHECK_INT(pool.drift.lost_ms, BEGIN_MS + 3000);
    pool_fini(&pool);
}

static void broken_lines_are_passed_over(void)
{
    struct pool_spec spec = spec_of();
    write_past(&spec);
    FILE *file = fopen(path, "a");
    fputs("\n\n{\"kind\":\"decision\",\"pool\":\"worker\"}\n{\"at\":\"2026-", file);
    fclose(file);
    struct pool pool = restored(&spec, BEGIN_MS + 3000, UTC_AHEAD_MS);
    CHECK_INT(past_open(pool.past).present, 4);
    pool_fini(&pool);
}

/* The file has just been begun. */
static void the_file_before_is_read(void)
{
    char *before = memory_format("%s.1", path);
    struct pool_spec spec = spec_of();
    write_past(&spec);
    CHECK_INT(rename(path, before), 0);
    struct pool pool = restored(&spec, BEGIN_MS + 3000, UTC_AHEAD_MS);
    CHECK_INT(past_open(pool.past).present, 4);
    pool_fini(&pool);
    unlink(before);
    free(before);
}

/* The first of them in the file is further back than where one pool is looked for. */
static void many_pools_are_restored(void)
{
    enum { POOLS = 10000 };
    struct pool_spec *specs = memory_new(POOLS, sizeof *specs);
    struct pool *pools = memory_new(POOLS, sizeof *pools);
    struct journal_spec big = {path, {100000000, 86400000, 1}, 10000};
    unlink(path);
    struct journal *journal = journal_open(&big, false, NULL);
    for (size_t i = 0; i < POOLS; i++) {
        specs[i] = spec_of();
        specs[i].name = memory_format("pool%zu", i);
        pool_init(&pools[i], &specs[i], INT32_MAX, false);
        decide(journal, &pools[i], 12, 9, BEGIN_MS - 1000);
        decide(journal, &pools[i], 12, (int32_t)(i % 7), BEGIN_MS);
        pool_fini(&pools[i]);
        pool_init(&pools[i], &specs[i], INT32_MAX, false);
    }
    journal_restore(journal, pools, POOLS, BEGIN_MS + 1000, UTC_AHEAD_MS);
    for (size_t i = 0; i < POOLS; i++) {
        CHECK_INT(past_open(pools[i].past).present, i % 7);
        pool_fini(&pools[i]);
        free(specs[i].name);
    }
    journal_close(journal);
    unlink(path);
    free(pools);
    free(specs);
}

static const struct test tests[] = {
    {"many pools are restored", many_pools_are_restored},
    {"what is news is written", news_is_written},
    {"times are shifted to the clock that goes now", times_are_shifted},
    {"a shadow is restored from its own lines", a_shadow_is_restored_from_its_own_lines},
    {"other rules and other pools take nothing over", other_rules_have_other_numbers},
    {"a change whose answer was lost is known", lost_answers_are_known},
    {"broken lines are passed over", broken_lines_are_passed_over},
    {"the file before is read as well", the_file_before_is_read},
};

int main(int argc, char **argv)
{
    int fd = mkstemp(path);
    if (fd < 0)
        return EXIT_FAILURE;
    close(fd);
    int status = suite_run("journal", tests, sizeof tests / sizeof tests[0], argc, argv);
    unlink(path);
    return status;
}
