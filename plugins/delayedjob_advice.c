/* SPDX-License-Identifier: MIT */
#include "delayedjob_advice.h"

#include <dynomatic/util.h>
#include <inttypes.h>
#include <string.h>

static const int64_t OLD_MS = INT64_C(30) * 24 * 3600 * 1000;
static const char is_live[] = "failed_at IS NULL";

/* Bytes of an entry, as measured on a table of 5 M jobs. */
enum { BYTES_BY_TIME = 32, BYTES_BY_QUEUE = 48 };

struct index {
    const char *name;    /* after the table's */
    const char *columns; /* as sql_table_has_partial() takes them */
    int64_t bytes;
    const char *when;
};

static const char *name_of(const char *table)
{
    const char *dot = strchr(table, '.');
    return dot != NULL ? dot + 1 : table;
}

static void put_columns(FILE *out, const char *columns)
{
    for (; *columns != '\0'; columns++)
        fprintf(out, *columns == ',' ? ", " : "%c", *columns);
}

static void put_size(FILE *out, int64_t rows, int64_t bytes)
{
    int64_t kb = rows * bytes / 1024;
    if (rows < 0)
        fprintf(out, "about %" PRId64 " bytes a job that has not failed", bytes);
    else if (kb < 10240)
        fprintf(out, "about %" PRId64 " kB for %" PRId64 " jobs", kb, rows);
    else
        fprintf(out, "about %" PRId64 " MB for %" PRId64 " jobs", kb / 1024, rows);
}

/* A name of the table's schema, as a person's client takes it. */
static void put_name(FILE *out, const struct advice *advice, const char *name)
{
    char qualified[256];
    const char *schema = sql_table_schema(advice->table);
    snprintf(qualified, sizeof qualified, "%s%s%s", schema != NULL ? schema : "",
             schema != NULL ? "." : "", name);
    sql_put_plain_name(out, advice->sql, qualified);
}

/* What a build left behind that failed has the name already: "IF NOT EXISTS" would leave it so. */
static void put_drop(FILE *out, const struct advice *advice, const char *name, const char *start)
{
    bool waits = sql_table_is_partitioned(advice->table);
    fprintf(out,
            "-- An index of this name is there, but invalid: its build failed.\n%sDROP INDEX %s",
            start, waits ? "" : "CONCURRENTLY ");
    put_name(out, advice, name);
    fputs(";\n", out);
}

/* `start`: of each line; "-- " keeps it from being run. */
static void put_create(FILE *out, const struct advice *advice, const struct index *index,
                       const char *where, const char *start)
{
    char name[128];
    snprintf(name, sizeof name, "%.40s_%s", name_of(advice->jobs->table), index->name);
    if (sql_table_has_invalid(advice->table, name))
        put_drop(out, advice, name, start);
    fprintf(out, "%s%s ", start, sql_create_index(advice->sql, advice->table));
    sql_put_plain_name(out, advice->sql, name);
    fputs(" ON ", out);
    put_name(out, advice, name_of(advice->jobs->table));
    fputs(" (", out);
    put_columns(out, index->columns);
    fprintf(out, ")%s%s;\n", where[0] != '\0' ? " WHERE " : "", where);
}

/* The rows that have not failed; under 0: not known. */
static int64_t live_rows(const struct advice *advice)
{
    const struct sql_estimate *estimate = &advice->estimate;
    return estimate->nulls >= 0 ? estimate->nulls : estimate->rows;
}

static void put_index(FILE *out, const struct advice *advice, const struct index *index,
                      const char *start)
{
    bool is_partial = sql_has_partial_indexes(advice->sql);
    bool is_there = is_partial ? sql_table_has_partial(advice->table, index->columns, is_live)
                               : sql_table_has_index(advice->table, index->columns);
    fprintf(out, "-- %s (", index->when);
    put_size(out, is_partial ? live_rows(advice) : advice->estimate.rows, index->bytes);
    fputs(is_there ? "): it is there already.\n" : "):\n", out);
    put_create(out, advice, index, is_partial ? is_live : "", is_there ? "-- " : start);
}

static void put_partial_indexes(FILE *out, const struct advice *advice)
{
    static const struct index by_time = {"waiting", "run_at", BYTES_BY_TIME,
                                         "For pools that serve all queues"};
    static const struct index by_queue = {
        "waiting_by_queue", "queue,run_at", BYTES_BY_QUEUE,
        "For pools that have queues, this one instead of the other"};
    put_index(out, advice, &by_time, "");
    if (advice->jobs->has_queue)
        put_index(out, advice, &by_queue, "-- ");
}

static void put_whole_index(FILE *out, const struct advice *advice)
{
    static const struct index whole = {"waiting", "failed_at,run_at", BYTES_BY_QUEUE,
                                       "Indexes of some rows only do not exist here, so of all"};
    put_index(out, advice, &whole, "");
}

/* The one that each look needs. */
static void put_standard_index(FILE *out, const struct advice *advice)
{
    static const struct index standard = {"priority", "priority,run_at", BYTES_BY_TIME, ""};
    if (advice->jobs->has_index)
        return;
    fputs(
        "-- Without this one, which Delayed Job's own migration makes, each look reads the whole\n"
        "-- table, and so does each worker:\n",
        out);
    put_create(out, advice, &standard, "", "");
}

static void put_failed(FILE *out, const struct advice *advice)
{
    const struct sql_estimate *estimate = &advice->estimate;
    fputs("-- The other half is to delete failed jobs that nobody will look at", out);
    if (estimate->rows >= 0 && estimate->nulls >= 0 && estimate->rows >= estimate->nulls)
        fprintf(out, "; the server estimates %" PRId64, estimate->rows - estimate->nulls);
    fputs(":\n-- DELETE FROM ", out);
    put_name(out, advice, name_of(advice->jobs->table));
    fputs(" WHERE failed_at < ", out);
    sql_put_now(out, advice->sql, advice->jobs->run_at, -OLD_MS);
    fputs(";\n", out);
}

void advice_put_indexes(FILE *out, const struct advice *advice)
{
    if (sql_table_is_partitioned(advice->table))
        fputs("-- The table is partitioned, so that inserts wait while an index is built: "
              "CONCURRENTLY\n"
              "-- can only be said of each partition.\n",
              out);
    put_standard_index(out, advice);
    fputs(
        "-- Each look is bounded by the index on (priority, run_at). Where most due jobs have "
        "failed\n"
        "-- or are locked it finds only \"at least\" so many, and the exact count that follows "
        "reads\n"
        "-- them all; this makes that count cheap. Inserts do not slow down measurably where each\n"
        "-- commit waits for the disk; in bulk they lose up to a third.\n",
        out);
    if (sql_has_partial_indexes(advice->sql))
        put_partial_indexes(out, advice);
    else
        put_whole_index(out, advice);
    put_failed(out, advice);
}
