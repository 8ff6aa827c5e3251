/* SPDX-License-Identifier: MIT
 * Promises for people: a table of loads and sizes, and a line for each thing to know. */
#include "core/explain.h"

#include "core/command.h"
#include "core/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    struct text *out;
    bool is_bold;
};

/* ---- Lines ---- */

static void add_styled(const struct writer *writer, const char *style, const char *words)
{
    if (writer->is_bold)
        text_add_format(writer->out, "\033[%sm%s\033[0m", style, words);
    else
        text_add(writer->out, words);
}

/* "  label     words"; the words are emptied. */
static void add_line(const struct writer *writer, const char *label, struct text *words)
{
    text_add_format(writer->out, "  %-9s %s\n", label, text_chars(words));
    text_fini(words);
}

static void add_table(const struct writer *writer, struct table *table)
{
    struct text lines = {0};
    table_print(table, writer->is_bold, &lines);
    table_fini(table);
    const char *line = text_chars(&lines);
    while (*line != '\0') {
        size_t length = strcspn(line, "\n") + 1;
        text_add(writer->out, "  ");
        text_add_n(writer->out, line, length);
        line += length;
    }
    text_fini(&lines);
    text_add(writer->out, "\n");
}

static void add_dynos(int32_t dynos, struct text *out)
{
    if (dynos == INT32_MAX)
        text_add(out, "any number of dynos");
    else
        text_add_format(out, "%" PRId32 " dyno%s", dynos, dynos == 1 ? "" : "s");
}

static void add_span(const struct view *view, struct text *out)
{
    if (view->least != view->most)
        text_add_format(out, "%" PRId32 " to ", view->least);
    add_dynos(view->most, out);
}

/* ---- Loads and sizes ---- */

static void add_number(enum rule_kind kind, int64_t number, struct text *out)
{
    if (kind == RULE_JOBS)
        text_add_format(out, "%" PRId64, number);
    else if (number == 0)
        text_add(out, "0 s");
    else
        text_add_ms(out, number);
}

/* "0", "1-9", "10+"; an age goes up to the next one, whatever is between the milliseconds. */
static void add_numbers_cell(struct table *table, enum rule_kind kind, const struct range *range)
{
    struct text cell = {0};
    add_number(kind, range->from, &cell);
    if (range->to == INT64_MAX)
        text_add(&cell, "+");
    else if (kind == RULE_LATENCY) {
        text_add(&cell, " - ");
        add_number(kind, range->to + 1, &cell);
    } else if (range->to > range->from) {
        text_add(&cell, "-");
        add_number(kind, range->to, &cell);
    }
    table_cell(table, "%s", text_chars(&cell));
    text_fini(&cell);
}

static void add_sizes_cell(struct table *table, const int32_t *sizes)
{
    if (sizes[1] == INT32_MAX)
        table_cell(table, "%" PRId32 "+", sizes[0]);
    else if (sizes[1] != sizes[0])
        table_cell(table, "%" PRId32 "-%" PRId32, sizes[0], sizes[1]);
    else
        table_cell(table, "%" PRId32, sizes[0]);
}

static bool has_releases(const struct ranges *ranges)
{
    for (size_t i = 0; i < ranges->n; i++)
        if (memcmp(ranges->all[i].rising, ranges->all[i].falling, sizeof ranges->all[i].rising) !=
            0)
            return true;
    return false;
}

static void add_ranges(const struct writer *writer, enum rule_kind kind,
                       const struct ranges *ranges)
{
    struct table table;
    bool has_falling = has_releases(ranges);
    table_init(&table, has_falling ? 3 : 2);
    table_cell(&table, "%s", kind == RULE_JOBS ? "WAITING" : "OLDEST");
    table_cell(&table, "DYNOS");
    if (has_falling)
        table_cell(&table, "AS IT FALLS");
    for (size_t i = 0; i < ranges->n; i++) {
        add_numbers_cell(&table, kind, &ranges->all[i]);
        add_sizes_cell(&table, ranges->all[i].rising);
        if (has_falling)
            add_sizes_cell(&table, ranges->all[i].falling);
    }
    add_table(writer, &table);
}

static void add_view(const struct writer *writer, const struct view *view)
{
    if (view->words != NULL)
        text_add_format(writer->out, "  While %s:\n", view->words);
    if (view->by_jobs.n > 1 || view->by_latency.n < 2)
        add_ranges(writer, RULE_JOBS, &view->by_jobs);
    if (view->by_latency.n > 0)
        add_ranges(writer, RULE_LATENCY, &view->by_latency);
}

/* ---- Times ---- */

/* "5 after 1 s, 10 after 31 s, ... 40 after 5 min": all but those in the middle. */
static void add_course(const struct course *course, struct text *out)
{
    enum { FIRST = 4 };
    for (size_t i = 0; i < course->n; i++) {
        const struct change *change = &course->all[i];
        if (i >= FIRST && i + 1 < course->n)
            continue;
        text_add(out, i == 0 ? "" : i > FIRST ? ", ... " : ", ");
        text_add_format(out, "%" PRId32 " after ", change->size);
        text_add_ms(out, change->at_ms);
    }
}

static void add_reaction(const struct writer *writer, const struct promise *promise)
{
    struct text words = {0};
    if (promise->decided_ms < 0) {
        text_add(&words, "to no load: it stays at ");
        add_dynos(promise->views[0].least, &words);
        add_line(writer, "reacts", &words);
        return;
    }
    text_add(&words, "decided within ");
    text_add_ms(&words, promise->decided_ms);
    text_add_format(&words, " after %" PRId64 " job%s came", promise->first_waiting,
                    promise->first_waiting == 1 ? "" : "s");
    text_add(&words, ", where all answer at once");
    add_line(writer, "reacts", &words);
    text_add(&words, "ordered within ");
    text_add_ms(&words, promise->ordered_ms);
    text_add(&words, ", where every call takes its timeout (store ");
    text_add_ms(&words, promise->measure_ms);
    text_add_format(&words, ", %s ", promise->scaler);
    text_add_ms(&words, promise->apply_ms);
    text_add(&words, ") and waits for the one before");
    if (promise->gather_ms > 0) {
        text_add(&words, ", and ");
        text_add_ms(&words, promise->gather_ms);
        text_add(&words, " for the app's other stores");
    }
    add_line(writer, "", &words);
    text_add(&words, "and at its first job within ");
    text_add_ms(&words, promise->ordered_ms + promise->boot_ms);
    text_add(&words, ", with ");
    text_add_ms(&words, promise->boot_ms);
    text_add(&words, promise->spec->policy.boot_ms >= 0
                         ? " to boot"
                         : " to boot (assumed: boot is not in the file)");
    add_line(writer, "", &words);
}

static void add_courses(const struct writer *writer, const struct promise *promise)
{
    struct text words = {0};
    if (promise->up.n == 0)
        return;
    int32_t highest = promise->up.all[promise->up.n - 1].size;
    text_add_format(&words, "from %" PRId32 ": ", promise->views[0].least);
    add_course(&promise->up, &words);
    if (promise->views[0].most == INT32_MAX)
        text_add(&words, ", under a load for so many");
    add_line(writer, "rises", &words);
    text_add_format(&words, "from %" PRId32 ", once nothing waits or runs: ", highest);
    add_course(&promise->down, &words);
    add_line(writer, "falls", &words);
    text_add_format(&words, "up to %" PRId32 " an hour, under the worst load that was tried",
                    promise->changes_an_hour);
    add_line(writer, "changes", &words);
}

/* ---- What else to know ---- */

static void add_blindness(const struct writer *writer, const struct promise *promise)
{
    struct text words = {0};
    text_add(&words, "while the store is away the size stays");
    if (promise->blind.n > 0) {
        text_add(&words, ", and is raised to ");
        add_dynos(promise->blind.all[0].size, &words);
        text_add(&words, " after ");
        text_add_ms(&words, promise->blind.all[0].at_ms);
        text_add(&words, " if there are fewer");
    } else {
        text_add(&words, ", for as long as that takes");
    }
    add_line(writer, "blind", &words);
}

static void add_busy(const struct writer *writer, const struct promise *promise)
{
    const struct policy *policy = &promise->spec->policy;
    bool are_named = policy->protect == PROTECT_IDLE && promise->names_busy;
    struct text words = {0};
    if (policy->protect == PROTECT_NONE)
        text_add(&words, "workers may be stopped while they run a job");
    else if (are_named)
        text_add(&words, "no worker is stopped while it runs a job: the adapter names them");
    else
        text_add_format(&words, "it shrinks only while nothing runs%s",
                        policy->protect == PROTECT_ALL ? ""
                                                       : ": the adapter cannot name who is busy");
    if (policy->protect != PROTECT_NONE && policy->protect_ms > 0) {
        text_add(&words, "; no longer than ");
        text_add_ms(&words, policy->protect_ms);
    }
    add_line(writer, "busy", &words);
}

/* "$25" or "$7.50". */
static void add_dollars(double dollars, struct text *out)
{
    int64_t cents = (int64_t)(dollars * 100 + 0.5);
    if (dollars < 0)
        text_add(out, "no bound");
    else
        text_add_format(out, "$%.*f", cents % 100 == 0 ? 0 : 2, dollars);
}

static void add_costs(double least, double most, struct text *out)
{
    add_dollars(least, out);
    text_add(out, " a month");
    if (most >= 0 && most - least < 0.005)
        return;
    text_add(out, " at the least, ");
    add_dollars(most, out);
    text_add(out, " at the most");
}

static void add_cost(const struct writer *writer, const struct promise *promise,
                     const struct price *price)
{
    struct text words = {0};
    add_costs(promise_cost(promise, AT_LEAST, price->a_month),
              promise_cost(promise, AT_MOST, price->a_month), &words);
    if (promise->week.n > 0)
        text_add(&words, ", as this week has it");
    add_line(writer, "costs", &words);
}

static bool is_this_week(const struct week *week, size_t entry)
{
    for (size_t i = 0; i < week->n; i++)
        if (week->all[i].entry == (int32_t)entry)
            return true;
    return false;
}

/* The entries that the table of this week lacks. */
static void add_other_weeks(const struct writer *writer, const struct promise *promise)
{
    for (size_t i = 1; i < promise->n_views; i++) {
        const struct view *view = &promise->views[i];
        struct text words = {0};
        if (is_this_week(&promise->week, i - 1))
            continue;
        text_add_format(&words, "%s, which is ", view->words);
        add_span(view, &words);
        add_line(writer, "not now", &words);
    }
}

static void add_week(const struct writer *writer, const struct promise *promise)
{
    struct table table;
    struct text words = {0};
    if (promise->week.n == 0)
        return;
    text_add_format(&words, "this week by the clocks of %s:", zone_name(promise->week.zone));
    add_line(writer, "schedule", &words);
    table_init(&table, 4);
    table_cell(&table, "WHEN");
    table_cell(&table, "LEAST");
    table_cell(&table, "MOST");
    table_cell(&table, "IN FORCE");
    for (size_t i = 0; i < promise->week.n; i++) {
        const struct week_window *window = &promise->week.all[i];
        const struct view *view = &promise->views[window->entry + 1];
        schedule_entry_explain(&window->when, &words);
        table_cell(&table, "%s", text_chars(&words));
        text_fini(&words);
        add_sizes_cell(&table, (const int32_t[]){view->least, view->least});
        if (view->most == INT32_MAX)
            table_cell(&table, "-");
        else
            table_cell(&table, "%" PRId32, view->most);
        table_cell(&table, "%s", view->words != NULL ? view->words : "the pool's own");
    }
    add_table(writer, &table);
    add_other_weeks(writer, promise);
}

static void add_risks(const struct writer *writer, const struct promise *promise)
{
    for (size_t i = 0; i < promise->n_risks; i++) {
        text_add(writer->out, "  ");
        add_styled(writer, "33", "beware   ");
        text_add_format(writer->out, " %s\n", promise->risks[i]);
    }
}

/* ---- All pools ---- */

static void add_title(const struct writer *writer, const struct promise *promise)
{
    struct text title = {0};
    bool is_shadow = promise->spec->is_shadow;
    text_add_format(&title, "%s%s: ", promise->spec->name, is_shadow ? ", shadow" : "");
    add_span(&promise->views[0], &title);
    text_add(writer->out, "\n");
    add_styled(writer, "1", text_chars(&title));
    text_add_format(writer->out, " at %s%s\n\n", promise->scaler,
                    is_shadow ? ", of which nothing is applied" : "");
    text_fini(&title);
}

static void add_promise(const struct writer *writer, const struct promise *promise,
                        const struct price *price)
{
    add_title(writer, promise);
    for (size_t i = 0; i < promise->n_views; i++)
        if (i == 0 || promise->views[i].is_own)
            add_view(writer, &promise->views[i]);
    add_week(writer, promise);
    add_reaction(writer, promise);
    add_courses(writer, promise);
    add_blindness(writer, promise);
    add_busy(writer, promise);
    add_cost(writer, promise, price);
    add_risks(writer, promise);
    if (promise->shadow != NULL)
        add_promise(writer, promise->shadow, price);
}

static void add_limits(const struct writer *writer, const struct settings *settings,
                       struct promise *const *promises)
{
    for (size_t i = 0; i < settings->n_limits; i++) {
        const struct limit *limit = &settings->limits[i];
        struct shares shares = shares_of(promises, settings->n_pools, i);
        text_add_format(writer->out,
                        "%slimit %s: %" PRId64 "; the pools have %" PRId64 " at their least and ",
                        i == 0 ? "\n" : "", limit->name, limit->total, shares.least);
        if (shares.most < 0)
            text_add(writer->out, "no bound");
        else
            text_add_format(writer->out, "%" PRId64, shares.most);
        text_add_format(writer->out, " at their most: %s\n",
                        shares.most >= 0 && shares.most <= limit->total
                            ? "all can have it at once"
                            : "not all can have it at once");
    }
}

static void add_hours(double hours, struct text *out)
{
    if (hours < 0)
        text_add(out, "no bound");
    else
        text_add_format(out, "%.0f", hours);
}

static void add_budget(const struct writer *writer, const struct settings *settings,
                       struct promise *const *promises)
{
    const struct budget *budget = &settings->budget;
    size_t n = settings->n_pools;
    double most = promises_cost(promises, n, AT_MOST, MONTH_HOURS);
    bool is_enough = most >= 0 && most <= (double)budget->dyno_hours;
    if (budget->dyno_hours == 0)
        return;
    text_add_format(writer->out, "\nbudget: %" PRId64 " dyno-hours a month; the pools have ",
                    budget->dyno_hours);
    add_hours(promises_cost(promises, n, AT_LEAST, MONTH_HOURS), writer->out);
    text_add(writer->out, " at their least and ");
    add_hours(most, writer->out);
    text_add_format(writer->out, " at their most: %s\n",
                    is_enough      ? "it is enough"
                    : budget->caps ? "it may be used up, and then nothing more is started"
                                   : "it may be used up, which is then told");
}

static void add_sum(const struct writer *writer, const struct settings *settings,
                    struct promise *const *promises, const struct price *price)
{
    size_t n = settings->n_pools;
    text_add(writer->out, n == 1 ? "\nThat is " : "\nAll pools cost ");
    add_costs(promises_cost(promises, n, AT_LEAST, price->a_month),
              promises_cost(promises, n, AT_MOST, price->a_month), writer->out);
    text_add_format(writer->out, ", with every dyno a %s at ", price->size);
    add_dollars(price->a_month, writer->out);
    text_add_format(writer->out, " (--size tells another).\nPrice of %s, by %s\n", price->date,
                    price->source);
}

void explain_text(const struct settings *settings, struct promise *const *promises,
                  const struct price *price, bool is_bold, struct text *out)
{
    struct writer writer = {out, is_bold};
    command_describe(settings, out);
    text_add(out, "\n");
    for (size_t i = 0; i < settings->n_pools; i++)
        add_promise(&writer, promises[i], price);
    add_limits(&writer, settings, promises);
    add_budget(&writer, settings, promises);
    add_sum(&writer, settings, promises, price);
}
