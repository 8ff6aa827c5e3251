/* SPDX-License-Identifier: MIT
 * SQLite: a file that is only read. Its URLs are Rails': sqlite3:PATH, relative to the working
 * directory, and sqlite3:///PATH; what follows a "?" is for Rails. */
#include "shared/sql_driver.h"

#include "shared/url.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LOOK_UP_EVERY = 1000, /* steps of SQLite's machine between two looks at deadline and cancel */
    LOCK_PAUSE_NS = 5000000, /* between two tries for a lock */
    MAX_COLUMNS = 16
};

/* What a transaction writes to: the log if there is one, else the file. */
enum { FILE_MAIN, FILE_LOG, N_FILES };

struct lite {
    char *path;
    sqlite3 *db; /* NULL: not open */
    dev_t device;
    ino_t inode;                 /* of the file that is open */
    const struct dyn_call *call; /* the one that runs */
    int inotify_fd;              /* -1: nothing is watched yet */
    int watched[N_FILES];        /* inotify's numbers of the files; -1: not there */
    bool has_taken;              /* events, since the last watch */
    unsigned version;            /* of the data that the last look saw */
    int unseen;                  /* looks in a row that saw nothing of what was told */
};

/* ---- The URL ---- */

/* The path's place in the URL, NULL if that has another form. */
static const char *path_of(const char *url)
{
    const char *rest = strchr(url, ':') + 1;
    if (strncmp(rest, "//", 2) == 0)
        rest += 2;
    else
        return rest;
    return rest[0] == '/' ? rest : NULL; /* else a host would stand there */
}

static void lite_close(struct sql *sql)
{
    struct lite *lite = sql->state;
    if (lite == NULL)
        return;
    sqlite3_close(lite->db);
    if (lite->inotify_fd >= 0)
        close(lite->inotify_fd);
    free(lite->path);
    free(lite);
    sql->state = NULL;
}

static int32_t lite_open(struct sql *sql, const char *url)
{
    const char *path = path_of(url);
    size_t length = path == NULL ? 0 : strcspn(path, "?");
    if (length == 0 || path[0] == ':')
        return sql_fail(sql, DYN_BROKEN,
                        "url: no file is named; write sqlite3:PATH or sqlite3:///PATH");
    char *decoded = url_decode(path, length);
    if (decoded == NULL)
        return sql_fail(sql, DYN_BROKEN,
                        "url: a %% is not followed by two hexadecimal digits; write %%25 for it");
    struct lite *lite = calloc(1, sizeof *lite);
    sql->place = strdup(decoded);
    sql->state = lite;
    if (lite != NULL) {
        lite->path = decoded;
        lite->inotify_fd = -1;
    } else {
        free(decoded);
    }
    if (lite != NULL && sql->place != NULL)
        return DYN_OK;
    lite_close(sql);
    return sql_fail(sql, DYN_RETRY, "out of memory");
}

/* ---- Deadline and cancel ---- */

/* SQLite asks while it works; true ends the statement. */
static int is_over(void *arg)
{
    return dyn_is_over(((const struct lite *)arg)->call);
}

/* SQLite asks when another process holds a lock; true: it tries again. */
static int wait_for_lock(void *arg, int tries)
{
    (void)tries;
    const struct dyn_call *call = ((const struct lite *)arg)->call;
    struct dyn_call pause = *call;
    int64_t end_ns = dyn_now_ns() + LOCK_PAUSE_NS;
    if (end_ns < pause.deadline_ns)
        pause.deadline_ns = end_ns;
    dyn_wait(&pause, -1, 0);
    return !dyn_is_over(call);
}

/* ---- Failing ---- */

static int32_t fail(struct sql *sql, int status)
{
    struct lite *lite = sql->state;
    switch (status & 0xff) {
    case SQLITE_INTERRUPT:
        return sql_late(sql, lite->call);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        if (dyn_is_over(lite->call))
            return sql_fail(sql, DYN_LATE, "%s: another process kept it locked all the time",
                            sql->place);
        return sql_fail(sql, DYN_RETRY, "%s: another process keeps it locked", sql->place);
    case SQLITE_NOTADB:
        return sql_fail(sql, DYN_BROKEN, "%s is not an SQLite database; check the path in the URL",
                        sql->place);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return sql_fail(sql, DYN_BROKEN,
                        "cannot read %s: %s; its user needs to read the file, and, for one in WAL "
                        "mode, to write to its folder",
                        sql->place, sqlite3_errstr(status));
    case SQLITE_READONLY:
        return sql_fail(sql, DYN_RETRY,
                        "%s: its last writer did not finish, and a reader may not repair that; the "
                        "application does when it opens the file",
                        sql->place);
    case SQLITE_ERROR:
    case SQLITE_CORRUPT:
        return sql_fail(sql, DYN_BROKEN, "%s: %s", sql->place, sqlite3_errmsg(lite->db));
    default:
        return sql_fail(sql, DYN_RETRY, "%s: %s", sql->place,
                        lite->db != NULL ? sqlite3_errmsg(lite->db) : sqlite3_errstr(status));
    }
}

static void drop(struct sql *sql)
{
    struct lite *lite = sql->state;
    sql->connection += lite->db != NULL;
    sqlite3_close(lite->db);
    lite->db = NULL;
}

/* ---- Asking ---- */

/* Opens the file, and opens it again when another one has taken its name: the old one would say for
 * ever what it said then. */
static int32_t make_open(struct sql *sql)
{
    struct lite *lite = sql->state;
    struct stat now;
    if (stat(lite->path, &now) != 0)
        return sql_fail(sql, DYN_BROKEN, "cannot read %s: %s; check the path in the URL",
                        sql->place, strerror(errno));
    if (!S_ISREG(now.st_mode))
        return sql_fail(sql, DYN_BROKEN, "%s is not a file; check the path in the URL", sql->place);
    if (lite->db != NULL && now.st_dev == lite->device && now.st_ino == lite->inode)
        return DYN_OK;
    drop(sql);
    int status =
        sqlite3_open_v2(lite->path, &lite->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (status != SQLITE_OK)
        return fail(sql, status);
    lite->device = now.st_dev;
    lite->inode = now.st_ino;
    sqlite3_busy_handler(lite->db, wait_for_lock, lite);
    sqlite3_progress_handler(lite->db, LOOK_UP_EVERY, is_over, lite);
    return DYN_OK;
}

static int bind_values(sqlite3_stmt *statement, const struct sql_query *query)
{
    int status = SQLITE_OK;
    for (size_t i = 0; status == SQLITE_OK && i < query->n_values; i++) {
        char name[24];
        snprintf(name, sizeof name, "$%zu", i + 1);
        int at = sqlite3_bind_parameter_index(statement, name);
        if (at > 0)
            status = sqlite3_bind_text(statement, at, query->values[i], -1, SQLITE_STATIC);
    }
    return status;
}

static int take_row(sqlite3_stmt *statement, struct sql_rows *rows)
{
    const char *cells[MAX_COLUMNS];
    for (size_t i = 0; i < rows->n_columns; i++)
        cells[i] = (const char *)sqlite3_column_text(statement, (int)i);
    return sql_rows_add(rows, cells) ? SQLITE_OK : SQLITE_NOMEM;
}

static int run(sqlite3 *db, const struct sql_query *query, struct sql_rows *rows)
{
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(db, query->text, -1, &statement, NULL);
    if (status == SQLITE_OK)
        status = bind_values(statement, query);
    if (status == SQLITE_OK) {
        rows->n_columns = (size_t)sqlite3_column_count(statement);
        if (rows->n_columns > MAX_COLUMNS)
            status = SQLITE_TOOBIG;
    }
    while (status == SQLITE_OK && (status = sqlite3_step(statement)) == SQLITE_ROW)
        status = take_row(statement, rows);
    sqlite3_finalize(statement);
    return status == SQLITE_DONE ? SQLITE_OK : status;
}

static int32_t lite_ask(struct sql *sql, const struct dyn_call *call, const struct sql_query *query,
                        struct sql_rows *rows)
{
    struct lite *lite = sql->state;
    lite->call = call;
    int32_t code = make_open(sql);
    if (code == DYN_OK) {
        int status = run(lite->db, query, rows);
        if (status != SQLITE_OK)
            code = fail(sql, status);
    }
    if (code != DYN_OK)
        drop(sql);
    lite->call = NULL;
    return code;
}

static int32_t lite_look(struct sql *sql, const struct dyn_call *call, const char *name,
                         struct sql_rows *rows)
{
    size_t n = sql_schema_length(name);
    char *schema = n > 0 ? strndup(name, n) : strdup("main");
    if (schema == NULL)
        return sql_fail(sql, DYN_RETRY, "out of memory");
    const char *values[] = {n > 0 ? name + n + 1 : name, schema};
    struct sql_query query = {
        .text = "SELECT 'column', name, 1 FROM pragma_table_info($1, $2) UNION ALL "
                "SELECT iif(l.partial, 'partial', 'index'),"
                " (SELECT group_concat(coalesce(i.name, '()'), ',')"
                " FROM pragma_index_info(l.name) i), (SELECT m.sql FROM sqlite_master m"
                " WHERE m.type = 'index' AND m.name = l.name) FROM pragma_index_list($1, $2) l",
        .values = values,
        .n_values = 2,
    };
    int32_t code = lite_ask(sql, call, &query, rows);
    free(schema);
    return code;
}

/* ---- Events ---- */

/* Another process that writes changes the file or its log, and the kernel tells; a reader changes
 * neither. On network file systems it does not tell what other machines write.
 *
 * The log is written before the commit can be seen, which no event tells: it happens in shared
 * memory, after an fsync. So a look that was told of something and saw nothing is repeated, a few
 * times, since it may have been rolled back. */
static int32_t start_inotify(struct sql *sql, struct sql_watch *watch)
{
    struct lite *lite = sql->state;
    lite->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    lite->watched[FILE_MAIN] = lite->watched[FILE_LOG] = -1;
    if (lite->inotify_fd < 0)
        sql_say_how(watch, "the kernel gives no more inotify: %s", strerror(errno));
    return lite->inotify_fd;
}

/* True if it is another file than the last time, which may have been written before. */
static bool watch_file(struct lite *lite, const char *path, int file)
{
    int before = lite->watched[file];
    int now = inotify_add_watch(lite->inotify_fd, path,
                                IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF);
    if (before >= 0 && now != before)
        inotify_rm_watch(lite->inotify_fd, before); /* fails if the file is gone, and it with it */
    lite->watched[file] = now;
    return now >= 0 && now != before;
}

static void lite_take_events(struct sql *sql)
{
    struct lite *lite = sql->state;
    char events[4096];
    while (lite->inotify_fd >= 0 && read(lite->inotify_fd, events, sizeof events) > 0)
        lite->has_taken = true;
}

/* Whether what was told is to be looked for once more. */
static bool is_unseen(struct lite *lite)
{
    enum { MOST_LOOKS = 10 };
    unsigned version = lite->version;
    if (lite->db != NULL)
        sqlite3_file_control(lite->db, "main", SQLITE_FCNTL_DATA_VERSION, &version);
    bool is_owed = (lite->has_taken || lite->unseen > 0) && version == lite->version;
    lite->unseen = is_owed && lite->unseen < MOST_LOOKS ? lite->unseen + 1 : 0;
    lite->version = version;
    lite->has_taken = false;
    return lite->unseen > 0;
}

static int32_t lite_watch(struct sql *sql, const struct dyn_call *call, const char *table,
                          bool is_idle, struct sql_watch *watch)
{
    struct lite *lite = sql->state;
    (void)call, (void)table, (void)is_idle;
    if (lite->inotify_fd < 0 && start_inotify(sql, watch) < 0)
        return DYN_OK;
    const char *path = lite->db != NULL ? sqlite3_db_filename(lite->db, "main") : lite->path;
    bool is_new = watch_file(lite, path, FILE_MAIN);
    if (lite->db != NULL)
        is_new |= watch_file(lite, sqlite3_filename_wal(path), FILE_LOG);
    if (lite->watched[FILE_MAIN] < 0) {
        sql_say_how(watch, "%.100s cannot be watched: %s", sql->place, strerror(errno));
        return DYN_OK;
    }
    watch->fd = is_unseen(lite) || is_new ? sql_ready_fd(sql) : lite->inotify_fd;
    sql_say_how(watch, "changes of the file (inotify)");
    return DYN_OK;
}

/* ---- Dialect ---- */

/* Rails writes instants as text, YYYY-MM-DD HH:MM:SS.ffffff, which compare as texts do. */
static void lite_put_now(FILE *out, enum sql_type type, int64_t shift_ms)
{
    (void)type;
    fputs("strftime('%Y-%m-%d %H:%M:%f', 'now', '", out);
    sql_put_seconds(out, shift_ms);
    fputs(" seconds')", out);
}

static void lite_begin_age(FILE *out, enum sql_type type, int64_t shift_ms)
{
    (void)type;
    fputs("CAST(round((julianday('now', '", out);
    sql_put_seconds(out, shift_ms);
    fputs(" seconds') - julianday(", out);
}

const struct sql_driver sql_sqlite = {
    .create_index = "CREATE INDEX IF NOT EXISTS",
    .quote = '"',
    .has_partial_indexes = true,
    .joins_by_range = true,
    .open = lite_open,
    .close = lite_close,
    .ask = lite_ask,
    .look = lite_look,
    .watch = lite_watch,
    .take_events = lite_take_events,
    .put_now = lite_put_now,
    .begin_age = lite_begin_age,
    .end_age = ")) * 86400000.0) AS INTEGER)",
};
