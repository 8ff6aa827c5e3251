/* SPDX-License-Identifier: MIT */
#include "shared/sql_driver.h"

#include "shared/quote.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- A place ---- */

static const struct {
    const char *prefix;
    const struct sql_driver *driver;
} schemes[] = {
    {"postgres:", &sql_pg},    {"postgresql:", &sql_pg}, {"mysql2:", &sql_mysql},
    {"mysql:", &sql_mysql},    {"trilogy:", &sql_mysql}, {"mariadb:", &sql_mysql},
    {"sqlite3:", &sql_sqlite}, {"sqlite:", &sql_sqlite},
};

int32_t sql_load(const struct dyn_host *host)
{
    return sql_mysql_load(host);
}

static const struct sql_driver *driver_of(const char *url)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strncmp(url, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return schemes[i].driver;
    return NULL;
}

int32_t sql_open(const struct dyn_host *host, const char *url, struct sql **sql)
{
    *sql = NULL;
    const struct sql_driver *driver = driver_of(url);
    if (driver == NULL)
        return host->fail(host, DYN_BROKEN,
                          "url: the scheme is not known; it is one of postgres://, mysql2://, "
                          "sqlite3:PATH, sqlite:///PATH");
    struct sql *it = calloc(1, sizeof *it);
    if (it == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    it->driver = driver;
    it->ready_fd = -1;
    it->host = host;
    int32_t code = driver->open(it, url);
    if (code == DYN_OK) {
        *sql = it;
        return DYN_OK;
    }
    host->fail(host, code, it->failure);
    sql_free(it);
    return code;
}

void sql_free(struct sql *sql)
{
    if (sql == NULL)
        return;
    sql->driver->close(sql);
    if (sql->ready_fd >= 0)
        close(sql->ready_fd);
    free(sql->place);
    free(sql);
}

const char *sql_place(const struct sql *sql)
{
    return sql->place;
}

unsigned sql_connection(const struct sql *sql)
{
    return sql->connection;
}

const char *sql_failure(const struct sql *sql)
{
    return sql->failure;
}

int32_t sql_fail(struct sql *sql, int32_t code, const char *format, ...)
{
    char text[sizeof sql->failure];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    quote(text, strlen(text), sql->secret != NULL ? sql->secret : "", sql->failure,
          sizeof sql->failure);
    return code;
}

int32_t sql_late(struct sql *sql, const struct dyn_call *call)
{
    return sql_fail(sql, DYN_LATE, "%s: %s", sql->place,
                    dyn_ms_left(call) == 0 ? "no answer within the time allowed"
                                           : "the call was cancelled");
}

int32_t sql_server_ms(const struct dyn_call *call)
{
    int32_t left_ms = dyn_ms_left(call);
    return left_ms > 0 ? left_ms - left_ms / 10 : 1;
}

/* ---- Parameters of URLs ---- */

bool sql_is_named(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(text, name, length) == 0;
}

bool sql_is_of_rails(const char *text, size_t length)
{
    static const char *const names[] = {
        "adapter",
        "advisory_locks",
        "cast_booleans",
        "checkout_timeout",
        "collation",
        "connect_timeout",
        "default_file",
        "default_group",
        "encoding",
        "flags",
        "idle_timeout",
        "insert_returning",
        "migrations_paths",
        "min_messages",
        "pool",
        "prepared_statements",
        "read_timeout",
        "reaping_frequency",
        "reconnect",
        "schema_search_path",
        "sslcapath",
        "sslcert",
        "sslcipher",
        "sslkey",
        "statement_limit",
        "strict",
        "timeout",
        "variables",
        "wait_timeout",
        "write_timeout",
    };
    for (size_t i = 0; i < DYN_COUNT(names); i++)
        if (sql_is_named(text, length, names[i]))
            return true;
    return false;
}

/* ---- Questions ---- */

int32_t sql_ask(struct sql *sql, const struct dyn_call *call, const struct sql_query *query,
                struct sql_rows *rows)
{
    *rows = (struct sql_rows){0};
    int32_t code =
        dyn_is_over(call) ? sql_late(sql, call) : sql->driver->ask(sql, call, query, rows);
    if (code != DYN_OK)
        sql_rows_fini(rows);
    return code;
}

/* Room is made for 1, 2, 4, 8 ... rows: whenever their number is a power of two. */
static bool make_room(struct sql_rows *rows)
{
    size_t n = rows->n_rows;
    if (n != 0 && (n & (n - 1)) != 0)
        return true;
    size_t room = n == 0 ? 1 : 2 * n;
    char **cells = reallocarray(rows->cells, room, rows->n_columns * sizeof *cells);
    if (cells == NULL)
        return false;
    rows->cells = cells;
    return true;
}

bool sql_rows_add(struct sql_rows *rows, const char *const *cells)
{
    if (!make_room(rows))
        return false;
    char **row = rows->cells + rows->n_rows * rows->n_columns;
    for (size_t i = 0; i < rows->n_columns; i++) {
        row[i] = cells[i] == NULL ? NULL : strdup(cells[i]);
        if (cells[i] != NULL && row[i] == NULL) {
            while (i > 0)
                free(row[--i]);
            return false;
        }
    }
    rows->n_rows++;
    return true;
}

void sql_rows_fini(struct sql_rows *rows)
{
    for (size_t i = 0; i < rows->n_rows * rows->n_columns; i++)
        free(rows->cells[i]);
    free(rows->cells);
    *rows = (struct sql_rows){0};
}

const char *sql_cell(const struct sql_rows *rows, size_t row, size_t column)
{
    return rows->cells[row * rows->n_columns + column];
}

int64_t sql_integer(const struct sql_rows *rows, size_t row, size_t column, int64_t absent)
{
    const char *text = sql_cell(rows, row, column);
    if (text == NULL)
        return absent;
    char *end;
    long long number = strtoll(text, &end, 10);
    return end == text || *end != '\0' ? absent : number;
}

/* ---- Tables ---- */

enum { FACT_KIND, FACT_NAME, FACT_TYPE };

int32_t sql_look(struct sql *sql, const struct dyn_call *call, const char *name,
                 struct sql_table *table)
{
    table->facts = (struct sql_rows){0};
    int32_t code =
        dyn_is_over(call) ? sql_late(sql, call) : sql->driver->look(sql, call, name, &table->facts);
    if (code != DYN_OK)
        sql_table_fini(table);
    return code;
}

void sql_table_fini(struct sql_table *table)
{
    sql_rows_fini(&table->facts);
}

static bool is_kind(const struct sql_table *table, size_t i, const char *kind)
{
    return strcmp(sql_cell(&table->facts, i, FACT_KIND), kind) == 0;
}

/* The row of this kind, of any name or of this one; n_rows: none. */
static size_t fact_of(const struct sql_table *table, const char *kind, const char *name)
{
    size_t i = 0;
    while (i < table->facts.n_rows &&
           !(is_kind(table, i, kind) &&
             (name == NULL || strcmp(sql_cell(&table->facts, i, FACT_NAME), name) == 0)))
        i++;
    return i;
}

bool sql_table_exists(const struct sql_table *table)
{
    return table->facts.n_rows > 0;
}

bool sql_table_has_column(const struct sql_table *table, const char *name)
{
    return fact_of(table, "column", name) < table->facts.n_rows;
}

enum sql_type sql_table_type(const struct sql_table *table, const char *column)
{
    size_t row = fact_of(table, "column", column);
    return row == table->facts.n_rows
               ? SQL_OTHER
               : (enum sql_type)sql_integer(&table->facts, row, FACT_TYPE, SQL_OTHER);
}

bool sql_table_has_index(const struct sql_table *table, const char *columns)
{
    size_t n = strlen(columns);
    for (size_t i = 0; i < table->facts.n_rows; i++) {
        const char *name = sql_cell(&table->facts, i, FACT_NAME);
        if (is_kind(table, i, "index") && name != NULL && strncmp(name, columns, n) == 0 &&
            (name[n] == '\0' || name[n] == ','))
            return true;
    }
    return false;
}

bool sql_table_has_partial(const struct sql_table *table, const char *columns, const char *where)
{
    for (size_t i = 0; i < table->facts.n_rows; i++) {
        const char *name = sql_cell(&table->facts, i, FACT_NAME);
        const char *text = sql_cell(&table->facts, i, FACT_TYPE);
        if (is_kind(table, i, "partial") && name != NULL && strcmp(name, columns) == 0 &&
            text != NULL && strcasestr(text, where) != NULL)
            return true;
    }
    return false;
}

bool sql_table_has_invalid(const struct sql_table *table, const char *index)
{
    return fact_of(table, "invalid", index) < table->facts.n_rows;
}

const char *sql_table_schema(const struct sql_table *table)
{
    size_t row = fact_of(table, "schema", NULL);
    return row < table->facts.n_rows ? sql_cell(&table->facts, row, FACT_NAME) : NULL;
}

bool sql_table_is_partitioned(const struct sql_table *table)
{
    size_t row = fact_of(table, "schema", NULL);
    return row < table->facts.n_rows && sql_integer(&table->facts, row, FACT_TYPE, 0) != 0;
}

int32_t sql_look_size(struct sql *sql, const struct dyn_call *call, const char *name,
                      const char *column, struct sql_estimate *estimate)
{
    struct sql_rows rows = {0};
    *estimate = (struct sql_estimate){-1, -1};
    if (sql->driver->look_size == NULL)
        return DYN_OK;
    int32_t code = sql->driver->look_size(sql, call, name, column, &rows);
    if (code == DYN_OK && rows.n_rows == 1)
        *estimate =
            (struct sql_estimate){sql_integer(&rows, 0, 0, -1), sql_integer(&rows, 0, 1, -1)};
    sql_rows_fini(&rows);
    return code;
}

/* ---- Events ---- */

int sql_ready_fd(struct sql *sql)
{
    if (sql->ready_fd < 0)
        sql->ready_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK); /* nobody reads it */
    return sql->ready_fd;
}

void sql_say_how(struct sql_watch *watch, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(watch->how, sizeof watch->how, format, args);
    va_end(args);
}

int32_t sql_watch(struct sql *sql, const struct dyn_call *call, const char *table, bool is_idle,
                  struct sql_watch *watch)
{
    *watch = (struct sql_watch){.fd = -1};
    if (dyn_is_over(call))
        return sql_late(sql, call);
    if (sql->driver->watch != NULL)
        return sql->driver->watch(sql, call, table, is_idle, watch);
    sql_say_how(watch, "%s", sql->driver->why_untold);
    return DYN_OK;
}

void sql_take_events(struct sql *sql)
{
    if (sql->driver->take_events != NULL)
        sql->driver->take_events(sql);
}

int32_t sql_put_notify(FILE *out, struct sql *sql, const struct dyn_call *call, const char *table)
{
    if (sql->driver->put_notify != NULL)
        return sql->driver->put_notify(out, sql, call, table);
    if (sql->driver->why_untold != NULL)
        fprintf(out, "-- %s: it is asked at each interval\n", sql->driver->why_untold);
    else
        fputs("-- Nothing is to be run: the kernel tells of changes of the file\n", out);
    return DYN_OK;
}

/* ---- Writing a question ---- */

size_t sql_schema_length(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot == NULL ? 0 : (size_t)(dot - name);
}

static void put_quoted(FILE *out, const char *text, size_t length, char mark)
{
    putc(mark, out);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == mark)
            putc(mark, out);
        putc(text[i], out);
    }
    putc(mark, out);
}

void sql_put_name(FILE *out, const char *name)
{
    size_t n = sql_schema_length(name);
    if (n > 0) {
        put_quoted(out, name, n, '"');
        putc('.', out);
        name += n + 1;
    }
    put_quoted(out, name, strlen(name), '"');
}

static void put_plain(FILE *out, const char *text, size_t length, char mark)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
    if (length > 0 && strspn(text, plain) >= length && (text[0] < '0' || text[0] > '9'))
        fwrite(text, 1, length, out);
    else
        put_quoted(out, text, length, mark);
}

void sql_put_plain_name(FILE *out, const struct sql *sql, const char *name)
{
    size_t n = sql_schema_length(name);
    if (n > 0) {
        put_plain(out, name, n, sql->driver->quote);
        putc('.', out);
        name += n + 1;
    }
    put_plain(out, name, strlen(name), sql->driver->quote);
}

/* No printing of doubles: a locale may write them with a comma. */
void sql_put_seconds(FILE *out, int64_t ms)
{
    int64_t size_ms = ms < 0 ? -ms : ms;
    fprintf(out, "%c%" PRId64 ".%03" PRId64, ms < 0 ? '-' : '+', size_ms / 1000, size_ms % 1000);
}

void sql_put_now(FILE *out, const struct sql *sql, enum sql_type type, int64_t shift_ms)
{
    sql->driver->put_now(out, type, shift_ms);
}

void sql_begin_age(FILE *out, const struct sql *sql, enum sql_type type, int64_t shift_ms)
{
    sql->driver->begin_age(out, type, shift_ms);
}

void sql_end_age(FILE *out, const struct sql *sql)
{
    fputs(sql->driver->end_age, out);
}

bool sql_has_lateral(const struct sql *sql)
{
    return sql->driver->has_lateral;
}

bool sql_has_partial_indexes(const struct sql *sql)
{
    return sql->driver->has_partial_indexes;
}

bool sql_joins_by_range(const struct sql *sql)
{
    return sql->driver->joins_by_range;
}

const char *sql_create_index(const struct sql *sql, const struct sql_table *table)
{
    return sql_table_is_partitioned(table) ? "CREATE INDEX IF NOT EXISTS"
                                           : sql->driver->create_index;
}
