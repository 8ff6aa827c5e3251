/* SPDX-License-Identifier: MIT */
#include "core/replay_print.h"

#include "core/explain.h"
#include "core/memory.h"
#include "core/plot_svg.h"
#include "core/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool has_sizes(const struct replay_report *report)
{
    return report->recorded.largest >= 0;
}

static double mean_error(const struct replay_result *result)
{
    return result->n_errors > 0 ? result->error_sum / (double)result->n_errors : 0;
}

static double hours(int64_t ms)
{
    return (double)ms / 3600000;
}

/* ---- Sentences ---- */

static void add_minute(int64_t utc_ms, struct text *out)
{
    struct text time = {0};
    journal_time(utc_ms, &time);
    text_add_format(out, "%.10s %.5s", text_chars(&time), text_chars(&time) + 11);
    text_fini(&time);
}

static void add_decisions(const struct replay_pool *pool, const char *whose, struct text *out)
{
    int64_t n_made = pool->n_same + pool->n_different;
    if (n_made > 0)
        text_add_format(out, "  %sdecisions made again: %" PRId64 ", ", whose, n_made);
    if (pool->n_different > 0)
        text_add_format(out, "of which %" PRId64 " came out otherwise, the first at\n    %s\n",
                        pool->n_different, text_chars(&pool->first));
    else if (n_made > 0)
        text_add(out, "which all came out the same\n");
    if (pool->n_foreign > 0)
        text_add_format(out, "  %sdecisions of another policy than the file's: %" PRId64 "\n",
                        whose, pool->n_foreign);
}

static void add_delay(const struct replay_report *report, struct text *out)
{
    int64_t delay_ms = replay_delay_ms(report->pool);
    text_add(out, "a size is taken by the platform ");
    if (delay_ms > 0) {
        text_add(out, "after ");
        text_add_ms(out, delay_ms);
        text_add(out, ", as recorded");
    } else
        text_add(out, "at once");
}

static void add_open(const struct replay_report *report, struct text *out)
{
    if (report->why_open != NULL)
        text_add_format(out, "no closed loop, since %s, but an ", report->why_open);
    text_add(
        out,
        "open loop, which assumes; the recorded numbers of jobs stand, whatever the sizes are; ");
    add_delay(report, out);
    if (report->recorded.capped_ms > 0) {
        text_add(out, "; for ");
        text_add_ms(out, report->recorded.capped_ms);
        text_add(out,
                 " more jobs waited than were counted, since the policy in force needed no more");
    }
}

static void add_closed(const struct replay_report *report, struct text *out)
{
    const struct replay_queue *queue = report->queue;
    text_add(out, "closed loop, which assumes; jobs come as they must have come for what was "
                  "recorded; one runs ");
    text_add_ms(out, llround(queue->service_ms));
    text_add(out, queue->knows_latency ? " (by the age of the oldest)"
                                       : " (by the fastest falls, as if none came meanwhile)");
    text_add_format(out, ", %.3g at once on a dyno, which works ", queue->jobs_a_dyno);
    text_add_ms(out, queue->boot_ms);
    text_add(out, " after it was ordered; ");
    add_delay(report, out);
    if (!queue->knows_busy)
        text_add(out, "; jobs that never waited are not seen");
    if (queue->inexact_ms > 0) {
        text_add(out, "; for ");
        text_add_ms(out, queue->inexact_ms);
        text_add(out, " it was not counted how many waited, so that what came is taken from their "
                      "age, or evenly");
    }
}

/* Each on a line of its own. */
static void add_lines(const struct text *sentences, struct text *out)
{
    const char *rest = text_chars(sentences);
    const char *end;
    text_add(out, "  ");
    for (; (end = strstr(rest, "; ")) != NULL; rest = end + 2) {
        text_add_n(out, rest, (size_t)(end - rest));
        text_add(out, "\n    ");
    }
    text_add(out, rest);
    text_add(out, "\n");
}

static void add_error(const struct replay_report *report, struct text *out)
{
    if (!has_sizes(report))
        text_add(out, "  its error is not known, since no sizes were recorded\n");
    else
        text_add_format(out,
                        "  its error: with the recorded sizes it is off by %.1f waiting jobs in "
                        "the mean, %.0f at worst\n",
                        mean_error(&report->model), report->model.worst_error);
}

/* ---- The table ---- */

/* What is side by side: RECORDED, in a closed loop the queue with the recorded sizes, and the file.
 */
struct column {
    const char *heading;
    const struct replay_result *result;
    bool has_sizes;
};
enum { MOST_COLUMNS = 3 };

static size_t columns_of(const struct replay_report *report, struct column *columns)
{
    size_t n = 0;
    columns[n++] = (struct column){"RECORDED", &report->recorded, has_sizes(report)};
    if (report->queue != NULL && has_sizes(report))
        columns[n++] = (struct column){"SIMULATED", &report->model, true};
    columns[n++] = (struct column){report->file, &report->replayed, true};
    return n;
}

static void add_changes_up(struct table *table, const struct replay_report *report,
                           const struct replay_result *result)
{
    (void)report;
    table_cell(table, "%" PRId64, result->n_up);
}

static void add_changes_down(struct table *table, const struct replay_report *report,
                             const struct replay_result *result)
{
    (void)report;
    table_cell(table, "%" PRId64, result->n_down);
}

static void add_hours(struct table *table, const struct replay_report *report,
                      const struct replay_result *result)
{
    (void)report;
    table_cell(table, "%.1f", hours(result->dyno_ms));
}

static double cost_of(const struct replay_report *report, const struct replay_result *result)
{
    return hours(result->dyno_ms) / MONTH_HOURS * report->price->a_month;
}

static void add_cost(struct table *table, const struct replay_report *report,
                     const struct replay_result *result)
{
    table_cell(table, "%.2f", cost_of(report, result));
}

static void add_largest(struct table *table, const struct replay_report *report,
                        const struct replay_result *result)
{
    (void)report;
    table_cell(table, "%" PRId32, result->largest);
}

static void add_late(struct table *table, const struct replay_report *report,
                     const struct replay_result *result)
{
    (void)report;
    struct text text = {0};
    if (result->late_ms > 0)
        text_add_ms(&text, result->late_ms);
    else if (result->unknown_ms == 0)
        text_add(&text, "0 s");
    if (result->unknown_ms > 0) {
        text_add(&text, result->late_ms > 0 ? ", ? for " : "? for ");
        text_add_ms(&text, result->unknown_ms);
    }
    table_cell(table, "%s", result->unknown_ms < result->run_ms ? text_chars(&text) : "?");
    text_fini(&text);
}

/* The last one is of how long jobs wait, which is not known of shadows. */
static const struct row {
    const char *heading;
    bool needs_sizes;
    void (*add)(struct table *table, const struct replay_report *report,
                const struct replay_result *result);
} rows[] = {{"  changes up", true, add_changes_up}, {"  changes down", true, add_changes_down},
            {"  dyno-hours", true, add_hours},      {"  US dollars", true, add_cost},
            {"  largest size", true, add_largest},  {"  a job waits over ", false, add_late}};
enum { N_ROWS = sizeof rows / sizeof rows[0], N_SIZE_ROWS = N_ROWS - 1 };

static void add_row(struct table *table, const struct row *row, const struct replay_report *report,
                    const struct column *columns, size_t n)
{
    struct text heading = {0};
    if (row->add == add_cost && report->price == NULL)
        return;
    text_add(&heading, row->heading);
    if (row->add == add_cost)
        text_add_format(&heading, ", %s", report->price->size);
    if (row->add == add_late)
        text_add_ms(&heading, report->bound_ms);
    table_cell(table, "%s", text_chars(&heading));
    text_fini(&heading);
    for (size_t c = 0; c < n; c++)
        if (columns[c].has_sizes || !row->needs_sizes)
            row->add(table, report, columns[c].result);
        else
            table_cell(table, "?");
}

/* The first so many rows. */
static void add_table(const struct replay_report *report, const struct column *columns, size_t n,
                      size_t n_rows, bool is_bold, struct text *out)
{
    struct table table;
    table_init(&table, 1 + n);
    table_cell(&table, " ");
    for (size_t c = 0; c < n; c++)
        table_cell(&table, "%s", columns[c].heading);
    for (size_t r = 0; r < n_rows; r++)
        add_row(&table, &rows[r], report, columns, n);
    table_print(&table, is_bold, out);
    table_fini(&table);
}

static void add_comparison(const struct replay_report *report, bool is_bold, struct text *out)
{
    struct column columns[MOST_COLUMNS];
    size_t n = columns_of(report, columns);
    add_table(report, columns, n, N_ROWS, is_bold, out);
    if (has_sizes(report))
        text_add_format(out, "  kills avoided, as recorded: %" PRId64 "\n", report->pool->n_spared);
}

/* ---- The shadow ---- */

static void add_stretch(const struct replay_stretch *stretch, struct text *out)
{
    text_add(out, "    ");
    add_minute(stretch->from_ms, out);
    text_add(out, " UTC, for ");
    text_add_ms(out, stretch->until_ms - stretch->from_ms);
    text_add_format(out, ": live %" PRId32 ", shadow %" PRId32 "\n", stretch->live,
                    stretch->shadow);
}

static void add_shadow(const struct replay_report *report, bool is_bold, struct text *out)
{
    const struct replay_beside *beside = &report->beside;
    const struct column columns[] = {{"LIVE", &beside->live, true},
                                     {"SHADOW", &beside->shadow, true}};
    text_add(out, "  shadow: beside the live one for ");
    text_add_ms(out, beside->live.run_ms);
    text_add(out, ", which assumes that the jobs are those that the live one has left\n");
    add_decisions(report->shadow, "shadow: ", out);
    text_add(out, "  shadow: another size ");
    if (beside->apart_ms > 0) {
        text_add(out, "for ");
        text_add_ms(out, beside->apart_ms);
        text_add_format(out, ", in %" PRId64 " stretch%s; most\n", beside->n_stretches,
                        beside->n_stretches == 1 ? "" : "es");
    } else
        text_add(out, "at no time\n");
    for (size_t i = 0; i < beside->n_greatest; i++)
        add_stretch(&beside->greatest[i], out);
    add_table(report, columns, 2, N_SIZE_ROWS, is_bold, out);
}

static void add_left_out(const struct replay_report *report, struct text *out)
{
    if (report->recorded.left_out_ms <= 0)
        return;
    text_add(out, "  left out: ");
    text_add_ms(out, report->recorded.left_out_ms);
    text_add(out, " in which nothing was recorded\n");
}

static void add_replay(const struct replay_report *report, bool is_bold, struct text *out)
{
    struct text assumed = {0};
    (report->queue != NULL ? add_closed : add_open)(report, &assumed);
    add_lines(&assumed, out);
    text_fini(&assumed);
    if (report->queue != NULL)
        add_error(report, out);
    add_left_out(report, out);
    add_comparison(report, is_bold, out);
}

void replay_print(const struct replay_report *report, bool is_bold, struct text *out)
{
    const struct replay_pool *pool = report->pool;
    text_add_format(out, "%s: ", pool->spec->name);
    if (pool->n == 0) {
        text_add(out, "nothing was recorded\n");
        return;
    }
    text_add_format(out, "%zu lines, ", pool->n);
    add_minute(pool->samples[0].at_ms, out);
    text_add(out, " to ");
    add_minute(pool->samples[pool->n - 1].at_ms, out);
    text_add(out, " UTC\n");
    add_decisions(pool, "", out);
    if (report->is_compared)
        add_replay(report, is_bold, out);
    if (report->shadow != NULL)
        add_shadow(report, is_bold, out);
}

/* ---- For programs ---- */

static void add_or_null(cJSON *object, const char *key, bool is_known, double number)
{
    if (is_known)
        cJSON_AddNumberToObject(object, key, number);
    else
        cJSON_AddNullToObject(object, key);
}

static cJSON *result_json(const struct replay_report *report, const struct replay_result *result,
                          bool is_known)
{
    cJSON *object = cJSON_CreateObject();
    add_or_null(object, "changes_up", is_known, (double)result->n_up);
    add_or_null(object, "changes_down", is_known, (double)result->n_down);
    add_or_null(object, "dyno_hours", is_known, hours(result->dyno_ms));
    if (report->price != NULL)
        add_or_null(object, "cost", is_known, cost_of(report, result));
    add_or_null(object, "largest", is_known, result->largest);
    add_or_null(object, "late_ms", result->unknown_ms < result->run_ms, (double)result->late_ms);
    cJSON_AddNumberToObject(object, "late_unknown_ms", (double)result->unknown_ms);
    return object;
}

static cJSON *decisions_json(const struct replay_pool *pool)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "same", (double)pool->n_same);
    cJSON_AddNumberToObject(object, "different", (double)pool->n_different);
    cJSON_AddNumberToObject(object, "other_policy", (double)pool->n_foreign);
    if (pool->n_different > 0)
        cJSON_AddStringToObject(object, "first", text_chars(&pool->first));
    return object;
}

static cJSON *queue_json(const struct replay_report *report)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "service_ms", report->queue->service_ms);
    cJSON_AddNumberToObject(object, "jobs_a_dyno", report->queue->jobs_a_dyno);
    cJSON_AddNumberToObject(object, "boot_ms", (double)report->queue->boot_ms);
    add_or_null(object, "mean_error", has_sizes(report), mean_error(&report->model));
    add_or_null(object, "worst_error", has_sizes(report), report->model.worst_error);
    return object;
}

static cJSON *stretch_json(const struct replay_stretch *stretch)
{
    cJSON *object = cJSON_CreateObject();
    struct text time = {0};
    journal_time(stretch->from_ms, &time);
    cJSON_AddStringToObject(object, "at", text_chars(&time));
    cJSON_AddNumberToObject(object, "for_ms", (double)(stretch->until_ms - stretch->from_ms));
    cJSON_AddNumberToObject(object, "live", stretch->live);
    cJSON_AddNumberToObject(object, "shadow", stretch->shadow);
    text_fini(&time);
    return object;
}

static cJSON *shadow_json(const struct replay_report *report)
{
    const struct replay_beside *beside = &report->beside;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToObject(object, "decisions", decisions_json(report->shadow));
    cJSON_AddNumberToObject(object, "run_ms", (double)beside->live.run_ms);
    cJSON_AddNumberToObject(object, "apart_ms", (double)beside->apart_ms);
    cJSON_AddNumberToObject(object, "stretches", (double)beside->n_stretches);
    cJSON *greatest = cJSON_AddArrayToObject(object, "greatest");
    for (size_t i = 0; i < beside->n_greatest; i++)
        cJSON_AddItemToArray(greatest, stretch_json(&beside->greatest[i]));
    cJSON_AddItemToObject(object, "live", result_json(report, &beside->live, true));
    cJSON_AddItemToObject(object, "shadow", result_json(report, &beside->shadow, true));
    return object;
}

cJSON *replay_json(const struct replay_report *report)
{
    const struct replay_pool *pool = report->pool;
    struct text assumed = {0};
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "pool", pool->spec->name);
    cJSON_AddNumberToObject(object, "lines", (double)pool->n);
    cJSON_AddItemToObject(object, "decisions", decisions_json(pool));
    if (report->shadow != NULL)
        cJSON_AddItemToObject(object, "shadow", shadow_json(report));
    if (!report->is_compared)
        return object;
    (report->queue != NULL ? add_closed : add_open)(report, &assumed);
    cJSON_AddStringToObject(object, "assumed", text_chars(&assumed));
    text_fini(&assumed);
    if (report->queue != NULL)
        cJSON_AddItemToObject(object, "queue", queue_json(report));
    cJSON *recorded = result_json(report, &report->recorded, has_sizes(report));
    add_or_null(recorded, "kills_avoided", has_sizes(report), (double)pool->n_spared);
    cJSON_AddItemToObject(object, "recorded", recorded);
    if (report->queue != NULL && has_sizes(report))
        cJSON_AddItemToObject(object, "simulated", result_json(report, &report->model, true));
    cJSON_AddItemToObject(object, "replayed", result_json(report, &report->replayed, true));
    return object;
}

/* ---- The picture ---- */

static double *values_of(const struct replay_report *report, const struct replay_result *result,
                         size_t offset, double unit)
{
    double *values = memory_new(report->pool->n, sizeof *values);
    for (size_t i = 0; i < report->pool->n; i++) {
        const char *point = (const char *)&result->points[i];
        int64_t value = *(const int64_t *)(const void *)(point + offset);
        values[i] = value >= 0 ? (double)value / unit : NAN;
    }
    return values;
}

static struct plot_panel panel_of(const struct replay_report *report, const char *title,
                                  size_t offset, double unit, bool is_step)
{
    bool has_two = report->queue != NULL || is_step;
    struct plot_panel panel = {.title = title, .n_lines = has_two ? 2 : 1};
    panel.lines[0] = (struct plot_line){"recorded", 0, is_step,
                                        values_of(report, &report->recorded, offset, unit)};
    if (has_two)
        panel.lines[1] = (struct plot_line){report->file, 1, is_step,
                                            values_of(report, &report->replayed, offset, unit)};
    return panel;
}

static bool has_ages(const struct replay_report *report)
{
    for (size_t i = 0; i < report->pool->n; i++)
        if (report->recorded.points[i].latency_ms > 0)
            return true;
    return false;
}

/* Ages that were not recorded are told by the queue with the recorded sizes, if there is one. */
static struct plot_panel ages_of(const struct replay_report *report, const char *title, double unit)
{
    size_t offset = offsetof(struct replay_point, latency_ms);
    struct plot_panel panel = panel_of(report, title, offset, unit, false);
    if (report->queue == NULL || !has_sizes(report) || has_ages(report))
        return panel;
    free(panel.lines[0].values);
    panel.lines[0] = (struct plot_line){"recorded sizes, simulated", 2, false,
                                        values_of(report, &report->model, offset, unit)};
    return panel;
}

static bool is_minutes(const struct replay_report *report)
{
    int64_t most_ms = 0;
    for (size_t i = 0; i < report->pool->n; i++) {
        int64_t a_ms = report->recorded.points[i].latency_ms;
        int64_t b_ms = report->queue != NULL ? report->replayed.points[i].latency_ms : 0;
        most_ms = a_ms > most_ms ? a_ms : b_ms > most_ms ? b_ms : most_ms;
    }
    return most_ms > 300000;
}

void replay_plot(const struct replay_report *report, struct text *out)
{
    const struct replay_pool *pool = report->pool;
    int64_t *times_ms = memory_new(pool->n, sizeof *times_ms);
    for (size_t i = 0; i < pool->n; i++)
        times_ms[i] = pool->samples[i].at_ms;
    bool by_minutes = is_minutes(report);
    struct plot_panel panels[] = {
        panel_of(report, "waiting (jobs, as far as they were counted)",
                 offsetof(struct replay_point, waiting), 1, false),
        ages_of(report, by_minutes ? "age of the oldest (min)" : "age of the oldest (s)",
                by_minutes ? 60000 : 1000),
        panel_of(report, "size (dynos)", offsetof(struct replay_point, size), 1, true),
    };
    if (report->shadow != NULL)
        panels[2].lines[panels[2].n_lines++] = (struct plot_line){
            "shadow", 3, true,
            values_of(report, &report->beside.shadow, offsetof(struct replay_point, size), 1)};
    struct text title = {0};
    text_add_format(&title, "%s, %s loop, from ", pool->spec->name,
                    report->queue != NULL ? "closed" : "open");
    add_minute(pool->n > 0 ? times_ms[0] : 0, &title);
    text_add(&title, " UTC");
    struct plot plot = {text_chars(&title), times_ms, pool->n, panels, 3};
    plot_svg(&plot, out);
    for (size_t p = 0; p < 3; p++)
        for (size_t k = 0; k < panels[p].n_lines; k++)
            free(panels[p].lines[k].values);
    text_fini(&title);
    free(times_ms);
}
