/* SPDX-License-Identifier: MIT */
#include "delayedjob_answer.h"

#include <stdlib.h>
#include <string.h>

/* ---- Reading ---- */

static const struct tally nothing = {{0}, -1, -1};

static void add(struct tally *sum, const struct tally *more)
{
    for (size_t i = 0; i < sizeof sum->counts / sizeof sum->counts[0]; i++)
        sum->counts[i] += more->counts[i];
    if (more->latency_ms > sum->latency_ms)
        sum->latency_ms = more->latency_ms;
    if (more->next_due_ms >= 0 && (sum->next_due_ms < 0 || more->next_due_ms < sum->next_due_ms))
        sum->next_due_ms = more->next_due_ms;
}

int64_t answer_age(const struct sql_rows *rows, size_t row, size_t column)
{
    if (column >= rows->n_columns || sql_cell(rows, row, column) == NULL)
        return -1;
    int64_t ms = sql_integer(rows, row, column, AGELESS);
    return ms > 0 ? ms : 0;
}

static bool is_of_part(const struct sql_rows *rows, size_t row, const char *part)
{
    return strcmp(sql_cell(rows, row, COLUMN_PART), part) == 0;
}

static struct tally tally_in(const struct sql_rows *rows, size_t row)
{
    static const struct {
        int metric;
        size_t column;
    } counts[] = {{DYN_WAITING, COLUMN_WAITING},
                  {DYN_BUSY, COLUMN_BUSY},
                  {DYN_SCHEDULED, COLUMN_SCHEDULED},
                  {DYN_RETRYING, COLUMN_RETRYING},
                  {DYN_FAILED, COLUMN_FAILED}};
    struct tally tally = nothing;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (counts[i].column < rows->n_columns)
            tally.counts[counts[i].metric] = sql_integer(rows, row, counts[i].column, 0);
    tally.latency_ms = answer_age(rows, row, COLUMN_LATENCY);
    tally.next_due_ms = answer_age(rows, row, COLUMN_NEXT_DUE);
    if (is_of_part(rows, row, PART_NEWEST))
        return tally;
    if (tally.counts[DYN_WAITING] > 0 && tally.latency_ms < 0)
        tally.latency_ms = AGELESS;
    if (is_of_part(rows, row, PART_OLDEST))
        tally.counts[DYN_WAITING] = 0; /* the newest are counted */
    return tally;
}

static void take_edge(struct answer *answer, size_t row)
{
    bool has_more = sql_integer(&answer->rows, row, COLUMN_WAITING, 0) != 0;
    if (is_of_part(&answer->rows, row, PART_NEWEST)) {
        answer->has_more_newest = has_more;
        return;
    }
    int64_t unseen_ms = answer_age(&answer->rows, row, COLUMN_LATENCY);
    answer->has_more_oldest = has_more || unseen_ms >= 0;
    answer->unseen_ms = unseen_ms >= 0 ? unseen_ms : AGELESS;
}

static int compare_names(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

static int compare_queues(const void *a, const void *b)
{
    return compare_names(((const struct queue_tally *)a)->name,
                         ((const struct queue_tally *)b)->name);
}

bool answer_read(struct answer *answer)
{
    answer->all = nothing;
    answer->queues = calloc(answer->rows.n_rows + 1, sizeof *answer->queues);
    if (answer->queues == NULL)
        return false;
    for (size_t row = 0; row < answer->rows.n_rows; row++) {
        if (sql_integer(&answer->rows, row, COLUMN_IS_EDGE, 0) != 0) {
            take_edge(answer, row);
            continue;
        }
        struct queue_tally *queue = &answer->queues[answer->n_queues++];
        queue->name = sql_cell(&answer->rows, row, COLUMN_QUEUE);
        queue->tally = tally_in(&answer->rows, row);
        add(&answer->all, &queue->tally);
    }
    qsort(answer->queues, answer->n_queues, sizeof *answer->queues, compare_queues);
    return true;
}

void answer_fini(struct answer *answer)
{
    free(answer->queues);
    sql_rows_fini(&answer->rows);
    *answer = (struct answer){0};
}

/* ---- Groups ---- */

/* Adds the rows of one queue, of which each part of the answer has one. */
static void add_queue(struct tally *sum, const struct answer *answer, const char *queue)
{
    size_t low = 0;
    size_t high = answer->n_queues;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_names(answer->queues[middle].name, queue) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < answer->n_queues && compare_names(answer->queues[low].name, queue) == 0; low++)
        add(sum, &answer->queues[low].tally);
}

static bool is_named_before(const struct dyn_group *group, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++)
        if (strcmp(group->queues[j], group->queues[i]) == 0)
            return true;
    return false;
}

static struct tally tally_of(const struct answer *answer, const struct dyn_group *group)
{
    if (group->n_queues == 0)
        return answer->all;
    struct tally tally = nothing;
    for (uint32_t i = 0; i < group->n_queues; i++)
        if (!is_named_before(group, i))
            add_queue(&tally, answer, group->queues[i]);
    return tally;
}

/* Whether more jobs may wait than were counted, and whether that can matter. */
static bool is_waiting_in_doubt(const struct answer *answer, const struct dyn_group *group,
                                const struct tally *tally)
{
    return answer->has_more_newest && tally->counts[DYN_WAITING] < group->cap;
}

/* Rows that were not looked at are no older than unseen_ms. */
static bool is_latency_in_doubt(const struct answer *answer, const struct tally *tally)
{
    return answer->has_more_oldest && tally->latency_ms < answer->unseen_ms;
}

static bool is_wanted(const struct dyn_group *group, int32_t metric)
{
    return (group->metrics & DYN_BIT(metric)) != 0;
}

bool answer_is_in_doubt(const struct answer *answer, const struct dyn_group *groups, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct tally tally = tally_of(answer, &groups[i]);
        if ((is_wanted(&groups[i], DYN_WAITING) &&
             is_waiting_in_doubt(answer, &groups[i], &tally)) ||
            (is_wanted(&groups[i], DYN_LATENCY) && is_latency_in_doubt(answer, &tally)))
            return true;
    }
    return false;
}

static bool is_empty(const struct answer *answer, const struct tally *tally)
{
    return tally->counts[DYN_WAITING] == 0 && tally->latency_ms < 0 && !answer->has_more_newest &&
           !answer->has_more_oldest;
}

bool answer_is_idle(const struct answer *answer, const struct dyn_group *groups, uint32_t n,
                    bool was_idle)
{
    if (!answer->is_of_waiting)
        return was_idle;
    if (is_empty(answer, &answer->all))
        return true;
    bool is_known = true;
    for (uint32_t i = 0; i < n; i++) {
        struct tally tally = tally_of(answer, &groups[i]);
        if (groups[i].n_queues > 0 && !answer->is_by_queue)
            is_known = false;
        else if (!is_empty(answer, &tally))
            return false;
    }
    return is_known || was_idle;
}

static void put_latency(const struct answer *answer, const struct dyn_host *host,
                        const struct tally *tally, uint32_t i)
{
    if (tally->latency_ms == AGELESS)
        host->unknown(host, i,
                      "the run_at of a job that waits is no instant (infinite, zero or empty), so "
                      "that the oldest has no age: correct it, or delete the job");
    else
        host->put(host, i, DYN_LATENCY, tally->latency_ms > 0 ? tally->latency_ms : 0,
                  is_latency_in_doubt(answer, tally) ? DYN_AT_LEAST : 0);
}

void answer_put(const struct answer *answer, const struct dyn_host *host,
                const struct dyn_group *group, uint32_t i)
{
    static const int32_t counts[] = {DYN_BUSY, DYN_SCHEDULED, DYN_RETRYING, DYN_FAILED};
    if (group->n_queues > 0 && !answer->has_queue) {
        host->unknown(host, i,
                      "the table has no column queue, which came with Delayed Job 3: leave out "
                      "queues, then all jobs count");
        return;
    }
    struct tally tally = tally_of(answer, group);
    int64_t waiting = tally.counts[DYN_WAITING];
    bool has_more = answer->has_more_newest || (answer->enough > 0 && waiting >= answer->enough);
    if (is_wanted(group, DYN_WAITING))
        host->put(host, i, DYN_WAITING, waiting, has_more ? DYN_AT_LEAST : 0);
    if (is_wanted(group, DYN_LATENCY))
        put_latency(answer, host, &tally, i);
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        if (is_wanted(group, counts[c]))
            host->put(host, i, counts[c], tally.counts[counts[c]], 0);
    if (is_wanted(group, DYN_NEXT_DUE) && tally.next_due_ms >= 0 && tally.next_due_ms < AGELESS)
        host->put(host, i, DYN_NEXT_DUE, tally.next_due_ms, 0);
}
