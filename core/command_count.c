/* SPDX-License-Identifier: MIT
 * dynomatic count: what waits now, for each pool. */
#include "core/command.h"

#include "core/ask.h"
#include "core/detect.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/plugin.h"
#include "core/table.h"
#include "core/terminal.h"
#include "core/text.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The values shown, in this order: the first ones always, as they cost a store little. */
static const struct column {
    int32_t metric;
    const char *heading;
    const char *key;
    bool is_time;
} columns[] = {
    {DYN_WAITING, "WAITING", "waiting", false},
    {DYN_LATENCY, "OLDEST", "latency_ms", true},
    {DYN_BUSY, "BUSY", "busy", false},
    {DYN_SCHEDULED, "SCHEDULED", "scheduled", false},
    {DYN_RETRYING, "RETRYING", "retrying", false},
    {DYN_FAILED, "FAILED", "failed", false},
    {DYN_NEXT_DUE, "NEXT DUE", "next_due_ms", true},
};
enum { N_CHEAP = 2, N_COLUMNS = sizeof columns / sizeof columns[0] };

static size_t n_columns = N_CHEAP;

/* What one pool was told. */
struct row {
    const struct pool_spec *pool;
    const struct instance_spec *queue;
    const struct answer *answer; /* NULL: nothing, for the reason in `failure` */
    const char *failure;
};

/* ---- Ask ---- */

/* Prepares the one call of an instance for all pools that it is a source of. */
static void prepare(const struct settings *settings, struct ask *ask, size_t instance)
{
    uint32_t metrics = 0;
    for (size_t i = 0; i < n_columns; i++)
        metrics |= DYN_BIT(columns[i].metric);
    size_t n;
    int64_t cap = 0; /* a person wants the number, not "enough" */
    struct dyn_group *groups = command_groups(settings, instance, metrics, cap, &n);
    if (n > 0 && ask->all[instance].instance != NULL)
        instance_prepare_measure(ask->all[instance].instance, groups, n);
    free(groups);
}

/* A row for each source of each pool, in the order of prepare(). Returns how many. */
static size_t make_rows(const struct settings *settings, const struct ask *ask, struct row **rows)
{
    size_t n = 0;
    size_t *elements = memory_new(settings->n_instances, sizeof *elements); /* of each, so far */
    *rows = NULL;
    for (size_t i = 0; i < settings->n_pools; i++) {
        const struct pool_spec *pool = &settings->pools[i];
        for (size_t k = 0; k < pool->n_sources; k++) {
            size_t instance = pool->sources[k];
            struct row row = {.pool = pool, .queue = &settings->instances[instance]};
            row.failure = ask_failure(ask, instance);
            if (row.failure == NULL)
                row.answer = instance_answer(ask->all[instance].instance, elements[instance]++);
            *rows = memory_resize(*rows, n + 1, sizeof **rows);
            (*rows)[n++] = row;
        }
    }
    free(elements);
    return n;
}

static const char *doubt_of(const struct row *row)
{
    return row->failure != NULL ? row->failure : row->answer->unknown;
}

/* ---- Show ---- */

static struct value value_of(const struct row *row, const struct column *column)
{
    return row->answer != NULL ? answer_value(row->answer, column->metric) : VALUE_UNKNOWN;
}

/* Whether no job at all is due later: then there is no next due time, which is not put. */
static bool is_nothing_due(const struct row *row)
{
    uint32_t told = row->queue->plugin->queue.metrics;
    if (row->answer == NULL || (told & DYN_BIT(DYN_NEXT_DUE)) == 0)
        return false;
    for (int32_t metric = DYN_SCHEDULED; metric <= DYN_RETRYING; metric++) {
        struct value jobs = answer_value(row->answer, metric);
        if ((told & DYN_BIT(metric)) != 0 && (jobs.doubt != KNOWN_EXACT || jobs.number != 0))
            return false;
    }
    return true;
}

/* "-" where there is none, which only a next due time can be; "?" where it is not known. */
static void add_value_cell(struct table *table, const struct row *row, const struct column *column)
{
    struct value value = value_of(row, column);
    const char *more = value.doubt == KNOWN_AT_LEAST ? "+" : "";
    struct text time = {0};
    if (value.doubt == KNOWN_NOT)
        table_cell(table, "%s", column->metric == DYN_NEXT_DUE && is_nothing_due(row) ? "-" : "?");
    else if (column->is_time) {
        text_add_ms(&time, value.number);
        table_cell(table, "%s%s", text_chars(&time), more);
    } else
        table_cell(table, "%" PRId64 "%s", value.number, more);
    text_fini(&time);
}

static void print_table(const struct row *rows, size_t n, struct text *out)
{
    struct table table;
    table_init(&table, 2 + n_columns);
    table_cell(&table, "POOL");
    table_cell(&table, "ADAPTER");
    for (size_t c = 0; c < n_columns; c++)
        table_cell(&table, "%s", columns[c].heading);
    for (size_t i = 0; i < n; i++) {
        table_cell(&table, "%s", rows[i].pool->name);
        table_cell(&table, "%s", detect_adapter(rows[i].queue));
        for (size_t c = 0; c < n_columns; c++)
            add_value_cell(&table, &rows[i], &columns[c]);
    }
    table_print(&table, terminal_has_colours(STDOUT_FILENO), out);
    table_fini(&table);
    for (size_t i = 0; i < n; i++)
        if (doubt_of(&rows[i]) != NULL)
            text_add_format(out, "%s: not known: %s\n", rows[i].pool->name, doubt_of(&rows[i]));
}

static void add_value(cJSON *object, const struct row *row, const struct column *column)
{
    struct value value = value_of(row, column);
    char number[24];
    snprintf(number, sizeof number, "%" PRId64, value.number);
    if (value.doubt == KNOWN_NOT)
        cJSON_AddNullToObject(object, column->key);
    else
        cJSON_AddRawToObject(object, column->key, number); /* a double would round past 2^53 */
}

static cJSON *json_of(const struct row *row)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "pool", row->pool->name);
    cJSON_AddStringToObject(object, "adapter", detect_adapter(row->queue));
    cJSON *queues = cJSON_AddArrayToObject(object, "queues");
    for (size_t i = 0; i < row->pool->n_queues; i++)
        cJSON_AddItemToArray(queues, cJSON_CreateString(row->pool->queues[i]));
    for (size_t c = 0; c < n_columns; c++)
        add_value(object, row, &columns[c]);
    cJSON *at_least = cJSON_AddArrayToObject(object, "at_least");
    for (size_t c = 0; c < n_columns; c++)
        if (value_of(row, &columns[c]).doubt == KNOWN_AT_LEAST)
            cJSON_AddItemToArray(at_least, cJSON_CreateString(columns[c].key));
    if (doubt_of(row) != NULL)
        cJSON_AddStringToObject(object, "unknown", doubt_of(row));
    return object;
}

static void print_json(const struct row *rows, size_t n, struct text *out)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(array, json_of(&rows[i]));
    char *chars = cJSON_Print(array);
    text_add_format(out, "%s\n", chars);
    cJSON_free(chars);
    cJSON_Delete(array);
}

int command_count(const struct command_line *line)
{
    log_init(line->is_verbose ? LOG_DEBUG : LOG_WARN);
    n_columns = line->wants_all ? N_COLUMNS : N_CHEAP;
    struct settings *settings = command_settings(line);
    if (settings == NULL)
        return EXIT_USAGE;
    struct ask ask;
    ask_open(&ask, settings);
    for (size_t i = 0; i < settings->n_instances; i++)
        if (settings->instances[i].kind == INSTANCE_QUEUE)
            prepare(settings, &ask, i);
    ask_all(&ask);
    struct row *rows;
    size_t n_rows = make_rows(settings, &ask, &rows);
    int status = EXIT_DONE;
    for (size_t i = 0; i < n_rows; i++)
        if (doubt_of(&rows[i]) != NULL)
            status = EXIT_FAILED;
    struct text out = {0};
    (line->wants_json ? print_json : print_table)(rows, n_rows, &out);
    if (command_print(&out) != EXIT_DONE)
        status = EXIT_FAILED;
    text_fini(&out);
    free(rows);
    status = ask_close(&ask, status);
    settings_free(settings);
    return status;
}
