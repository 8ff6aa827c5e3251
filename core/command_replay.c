/* SPDX-License-Identifier: MIT
 * dynomatic replay: recorded decisions made again, and what other policies would have done. */
#include "core/command.h"

#include "core/ask.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/replay_file.h"
#include "core/replay_print.h"
#include "core/terminal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct replay {
    const struct command_line *line;
    const struct settings *settings;
    struct replay_pool *pools;   /* settings->n_pools; those that are not asked for stay empty */
    struct replay_pool *shadows; /* theirs, likewise */
    int64_t since_ms;
    int64_t until_ms;
    int64_t boot_ms; /* -1: not given */
    int64_t bound_ms;
    struct price *price; /* NULL: costs are not asked for */
    bool is_csv;
    int64_t n_bad;
    int64_t n_strange;          /* lines of pools that the file does not have, */
    char strange[JOURNAL_NAME]; /* of which this is one */
};

/* ---- Options ---- */

static bool refuse(const char *option, const char *text, const char *why)
{
    fprintf(stderr, "dynomatic: %s %s: %s\n", option, text, why);
    return false;
}

/* A time, or how long ago it was. */
static bool read_time(const char *option, const char *text, int64_t *utc_ms)
{
    struct error error = {""};
    int64_t ago_ms;
    if (text == NULL || replay_parse_time(text, utc_ms))
        return true;
    if (option_parse_duration(text, &ago_ms, &error) != 0)
        return refuse(option, text,
                      "a time is 2026-11-24, 2026-11-24T15:00Z (UTC), or 7d: so long ago");
    *utc_ms = clock_utc_ms() - ago_ms;
    return true;
}

static bool read_duration(const char *option, const char *text, int64_t *ms)
{
    struct error error = {""};
    return text == NULL || option_parse_duration(text, ms, &error) == 0 ||
           refuse(option, text, error.text);
}

/* Costs are told only if they are asked for: what a dyno is stands in no recording. */
static bool read_price(struct replay *replay)
{
    const struct command_line *line = replay->line;
    struct text mistakes = {0};
    if (line->size == NULL && line->prices == NULL)
        return true;
    replay->price = price_read(line->prices != NULL ? line->prices : PRICES_FILE,
                               line->size != NULL ? line->size : "Standard-1X", &mistakes);
    fputs(text_chars(&mistakes), stderr);
    text_fini(&mistakes);
    return replay->price != NULL;
}

static bool has_pool(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->n_pools; i++)
        if (strcmp(settings->pools[i].name, name) == 0)
            return true;
    return false;
}

static bool read_options(struct replay *replay)
{
    const struct command_line *line = replay->line;
    if (line->argument == NULL) {
        fputs("dynomatic: replay needs a journal, such as dynomatic replay journal.jsonl\n",
              stderr);
        return false;
    }
    if (line->pool != NULL && !has_pool(replay->settings, line->pool))
        return refuse("--pool", line->pool, "there is no such pool in the configuration");
    return read_time("--since", line->since, &replay->since_ms) &&
           read_time("--until", line->until, &replay->until_ms) &&
           read_duration("--boot", line->boot, &replay->boot_ms) &&
           read_duration("--bound", line->bound, &replay->bound_ms) && read_price(replay);
}

/* ---- The recording ---- */

/* What a platform can run is part of a policy. One that does not open is as if it had no end. */
static void init_pools(struct replay *replay)
{
    struct ask ask;
    ask_open(&ask, replay->settings);
    replay->pools = memory_new(replay->settings->n_pools, sizeof *replay->pools);
    replay->shadows = memory_new(replay->settings->n_pools, sizeof *replay->shadows);
    for (size_t i = 0; i < replay->settings->n_pools; i++) {
        const struct pool_spec *spec = &replay->settings->pools[i];
        struct instance *scaler = ask.all[spec->scaler].instance;
        int32_t limit = scaler != NULL ? instance_limit(scaler, spec->process) : INT32_MAX;
        replay_pool_init(&replay->pools[i], spec, limit);
        replay_pool_init(&replay->shadows[i], spec->shadow != NULL ? spec->shadow : spec, limit);
    }
    ask_close(&ask, EXIT_DONE);
}

static bool is_asked_for(const struct replay *replay, size_t i)
{
    const char *name = replay->line->pool;
    return name == NULL || strcmp(replay->settings->pools[i].name, name) == 0;
}

static void take_of_pool(struct replay *replay, size_t i, const struct journal_decision *line)
{
    bool is_shadows = journal_is_shadow(line->kind);
    if (!is_shadows)
        replay_take(&replay->pools[i], line);
    if (is_shadows || line->kind == JOURNAL_START)
        replay_take(&replay->shadows[i], line);
}

/* Gives a line to the pools that it is about: a start of the program, and a CSV, to all. */
static void take(struct replay *replay, const struct journal_decision *line)
{
    bool is_found = false;
    bool is_for_all = line->kind == JOURNAL_START || replay->is_csv;
    if (line->utc_ms < replay->since_ms || line->utc_ms >= replay->until_ms)
        return;
    for (size_t i = 0; i < replay->settings->n_pools; i++) {
        bool is_its = is_for_all || strcmp(replay->settings->pools[i].name, line->pool) == 0;
        if (is_its && is_asked_for(replay, i))
            take_of_pool(replay, i, line);
        is_found = is_found || is_its;
    }
    if (!is_found && line->policy[0] != '\0' && replay->n_strange++ == 0)
        memcpy(replay->strange, line->pool, sizeof replay->strange);
}

static int read_lines(struct replay *replay, struct replay_file *file)
{
    struct error error = {""};
    struct journal_decision *line = memory_new(1, sizeof *line);
    int more;
    while ((more = replay_file_next(file, line, &error)) > 0)
        take(replay, line);
    if (more < 0)
        fprintf(stderr, "dynomatic: %s\n", error.text);
    replay->n_bad = replay_file_bad_lines(file);
    free(line);
    return more < 0 ? EXIT_FAILED : EXIT_DONE;
}

static int read_recording(struct replay *replay)
{
    struct error error = {""};
    struct replay_file *file = replay_file_open(replay->line->argument, &error);
    if (file == NULL) {
        fprintf(stderr, "dynomatic: %s\n", error.text);
        return EXIT_USAGE;
    }
    replay->is_csv = replay_file_is_csv(file);
    int status = read_lines(replay, file);
    replay_file_close(file);
    return status;
}

/* ---- Runs ---- */

static void run_pool(const struct replay *replay, const struct replay_pool *pool,
                     struct replay_queue *queue, struct replay_report *report)
{
    int64_t bound_ms = replay->bound_ms;
    report->is_compared = true;
    if (replay->line->wants_closed_loop) {
        report->why_open = replay_queue_init(queue, pool, replay->boot_ms);
        report->queue = report->why_open == NULL ? queue : NULL;
    }
    replay_run(pool, REPLAY_RECORDED, NULL, bound_ms, &report->recorded);
    replay_run(pool, REPLAY_DECIDED, report->queue, bound_ms, &report->replayed);
    if (report->queue != NULL)
        replay_run(pool, REPLAY_RECORDED, report->queue, bound_ms, &report->model);
}

/* Where all decisions were made by the file's own policies there is nothing to compare. */
static bool is_to_compare(const struct replay *replay, const struct replay_pool *pool)
{
    const struct command_line *line = replay->line;
    return pool->n > 0 &&
           (pool->n_foreign > 0 || replay->is_csv || line->wants_closed_loop || line->plot != NULL);
}

static int write_plot(const char *path, const struct replay_report *report)
{
    struct text svg = {0};
    replay_plot(report, &svg);
    FILE *file = fopen(path, "we");
    bool is_good = file != NULL && fwrite(text_chars(&svg), 1, svg.length, file) == svg.length;
    is_good = (file == NULL || fclose(file) == 0) && is_good;
    if (!is_good)
        fprintf(stderr, "dynomatic: cannot write %s: %s\n", path, strerror(errno));
    text_fini(&svg);
    return is_good ? EXIT_DONE : EXIT_FAILED;
}

static int report_pool(const struct replay *replay, size_t i, cJSON *json, struct text *out)
{
    const struct replay_pool *pool = &replay->pools[i];
    const struct replay_pool *shadow = &replay->shadows[i];
    struct replay_queue queue = {0};
    struct replay_report report = {.pool = pool,
                                   .file = replay->settings->path,
                                   .bound_ms = replay->bound_ms,
                                   .price = replay->price};
    int status = pool->n_different + shadow->n_different > 0 ? EXIT_FAILED : EXIT_DONE;
    if (pool->n > 0 && shadow->n > 0) {
        report.shadow = shadow;
        replay_compare(pool, shadow, &report.beside);
    }
    if (is_to_compare(replay, pool))
        run_pool(replay, pool, &queue, &report);
    if (json != NULL)
        cJSON_AddItemToArray(json, replay_json(&report));
    else
        replay_print(&report, terminal_has_colours(STDOUT_FILENO), out);
    if (report.is_compared && replay->line->plot != NULL &&
        write_plot(replay->line->plot, &report) != EXIT_DONE)
        status = EXIT_FAILED;
    replay_result_fini(&report.recorded);
    replay_result_fini(&report.replayed);
    replay_result_fini(&report.model);
    replay_result_fini(&report.beside.shadow);
    replay_queue_fini(&queue);
    return status;
}

static void tell_passed_over(const struct replay *replay)
{
    if (replay->n_bad > 0)
        fprintf(stderr, "dynomatic: bad lines, passed over: %" PRId64 "\n", replay->n_bad);
    if (replay->n_strange > 0)
        fprintf(
            stderr,
            "dynomatic: lines of pools that %s does not have, such as \"%s\", passed over: %" PRId64
            "\n",
            replay->settings->path, replay->strange, replay->n_strange);
}

static size_t n_recorded(const struct replay *replay)
{
    size_t n = 0;
    for (size_t i = 0; i < replay->settings->n_pools; i++)
        n += replay->pools[i].n > 0;
    return n;
}

static int report_all(const struct replay *replay)
{
    struct text out = {0};
    int status = EXIT_DONE;
    cJSON *json = replay->line->wants_json ? cJSON_CreateArray() : NULL;
    for (size_t i = 0; i < replay->settings->n_pools; i++)
        if (is_asked_for(replay, i) && report_pool(replay, i, json, &out) != EXIT_DONE)
            status = EXIT_FAILED;
    if (json != NULL) {
        char *chars = cJSON_Print(json);
        text_add_format(&out, "%s\n", chars);
        cJSON_free(chars);
        cJSON_Delete(json);
    }
    if (command_print(&out) != EXIT_DONE)
        status = EXIT_FAILED;
    text_fini(&out);
    return status;
}

static int replay_all(struct replay *replay)
{
    init_pools(replay);
    int status = read_recording(replay);
    tell_passed_over(replay);
    if (status == EXIT_DONE && n_recorded(replay) == 0) {
        fprintf(stderr, "dynomatic: %s has no decisions of the pools of %s in that time\n",
                replay->line->argument, replay->settings->path);
        status = EXIT_FAILED;
    } else if (status == EXIT_DONE && replay->line->plot != NULL && n_recorded(replay) > 1) {
        fputs("dynomatic: several pools were recorded, and a plot is of one: name it with --pool\n",
              stderr);
        status = EXIT_USAGE;
    }
    if (status == EXIT_DONE)
        status = report_all(replay);
    for (size_t i = 0; i < replay->settings->n_pools; i++) {
        replay_pool_fini(&replay->pools[i]);
        replay_pool_fini(&replay->shadows[i]);
    }
    free(replay->pools);
    free(replay->shadows);
    return status;
}

int command_replay(const struct command_line *line)
{
    struct replay replay = {.line = line, .until_ms = INT64_MAX, .boot_ms = -1, .bound_ms = 60000};
    log_init(line->is_verbose ? LOG_DEBUG : LOG_WARN);
    struct settings *settings = command_settings(line);
    replay.settings = settings;
    int status = EXIT_USAGE;
    if (settings != NULL && read_options(&replay))
        status = replay_all(&replay);
    price_free(replay.price);
    settings_free(settings);
    return status;
}
