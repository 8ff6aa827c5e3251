/* SPDX-License-Identifier: MIT
 * How long a month is replayed: a journal of 30 days with a line every 10 s is written, decided
 * again, and run under the same policy once more, as a comparison does; the time of one core
 * counts. */
#include "core/memory.h"
#include "core/replay.h"
#include "core/replay_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LINES = 30 * 86400 / 10, TURNS = 3 };

static struct rule rules[] = {
    {RULE_JOBS, 1, 1, 0},    {RULE_JOBS, 20, 4, 0},       {RULE_JOBS, 60, 8, 0},
    {RULE_JOBS, 200, 15, 0}, {RULE_LATENCY, 30000, 8, 0}, {RULE_LATENCY, 120000, 12, 0},
};

static struct pool_spec spec = {
    .name = (char[]){"worker"},
    .interval_ms = 1000,
    .policy = {.rules = rules,
               .n_rules = sizeof rules / sizeof rules[0],
               .max = 20,
               .stale_ms = 10000,
               .hold_ms = 600000,
               .then = -1,
               .down = {.after_ms = 300000},
               .protect = PROTECT_IDLE,
               .boot_ms = -1,
               .wake = 1},
};

static int64_t jobs_at(int64_t s)
{
    double day = sin((double)(s % 86400) / 86400 * 6.28318);
    return s % 3600 < 600 ? llround(150 + 120 * day) : llround(20 + 18 * day);
}

static void write_journal(FILE *file)
{
    struct journal_decision line = {.pool = "worker"};
    struct history history = {0};
    journal_hash(&spec.policy, line.policy);
    for (int64_t i = 0; i < LINES; i++) {
        struct text text = {0};
        struct text why = {0};
        int64_t jobs = jobs_at(i * 10);
        line.inputs = (struct inputs){
            .reading = {86400000 + i * 10000,
                        {jobs, KNOWN_EXACT},
                        {jobs * 300, KNOWN_EXACT},
                        {i % 9, KNOWN_EXACT},
                        VALUE_UNKNOWN},
            .now_ms = 86400000 + i * 10000,
            .present = line.decision.size,
            .names_busy = true,
        };
        line.utc_ms = 1790000000000 + i * 10000;
        line.history = history;
        line.decision = policy_decide(&spec.policy, &history, &line.inputs);
        policy_explain(&spec.policy, &line.decision, &line.inputs.reading, &why);
        journal_line_decision(&line, text_chars(&why), &text);
        fwrite(text_chars(&text), 1, text.length, file);
        text_fini(&text);
        text_fini(&why);
    }
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static bool take_all(const char *path, struct replay_pool *pool)
{
    struct error error;
    struct journal_decision *line = memory_new(1, sizeof *line);
    struct replay_file *file = replay_file_open(path, &error);
    while (file != NULL && replay_file_next(file, line, &error) > 0)
        replay_take(pool, line);
    replay_file_close(file);
    free(line);
    return pool->n_same == LINES;
}

int main(void)
{
    char path[] = "/tmp/replay_bench.XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL)
        return EXIT_FAILURE;
    write_journal(file);
    double mb = (double)ftello(file) / 1e6;
    bool is_good = fclose(file) == 0;
    double read_ms = 1e9;
    double run_ms = 1e9;
    for (int i = 0; i < TURNS; i++) {
        struct replay_pool pool;
        struct replay_result recorded;
        struct replay_result replayed;
        replay_pool_init(&pool, &spec, INT32_MAX);
        double from_ms = now_ms();
        is_good = take_all(path, &pool) && is_good;
        double read_by_ms = now_ms();
        replay_run(&pool, REPLAY_RECORDED, NULL, 60000, &recorded);
        replay_run(&pool, REPLAY_DECIDED, NULL, 60000, &replayed);
        run_ms = fmin(run_ms, now_ms() - read_by_ms);
        read_ms = fmin(read_ms, read_by_ms - from_ms);
        replay_result_fini(&recorded);
        replay_result_fini(&replayed);
        replay_pool_fini(&pool);
    }
    unlink(path);
    printf("replay: 30 days at 10 s (%d lines, %.0f MB) decided again in %.2f s, and compared with "
           "a policy that decides each second in %.2f s more%s\n",
           (int)LINES, mb, read_ms / 1e3, run_ms / 1e3,
           is_good ? "" : "; NOT ALL CAME OUT THE SAME");
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
