/* SPDX-License-Identifier: MIT
 * MySQL and MariaDB, through libmariadb's non-blocking calls; only its name lookup blocks. A
 * question is one packet of statements: a limit for what the server may take, a read-only
 * transaction, the question, its end. The server ends by itself what nobody waits for any more. */
#include "shared/sql_mysql.h"
#include "shared/quote.h"
#include "shared/sql_driver.h"

#include <errno.h>
#include <inttypes.h>
#include <mysql.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Numbers of errors: the server's from 1000 on (mysqld_error.h), the client's from 2000 on. */
enum {
    LATE_MARIADB = 1969, /* max_statement_time */
    LATE_MYSQL = 3024,   /* max_execution_time */
    NO_PROBLEM = 0
};

struct my {
    struct mysql_url url;
    MYSQL *conn; /* NULL: not connected */
    bool is_mariadb;
};

/* ---- The URL ---- */

static void drop(struct sql *sql)
{
    struct my *my = sql->state;
    if (my->conn == NULL)
        return;
    /* Closing says good-bye to the server, which must not block. */
    int fd = (int)mysql_get_socket(my->conn);
    if (fd >= 0)
        shutdown(fd, SHUT_RDWR);
    mysql_close(my->conn);
    my->conn = NULL;
    sql->connection++;
}

static void my_close(struct sql *sql)
{
    struct my *my = sql->state;
    if (my == NULL)
        return;
    drop(sql);
    mysql_url_fini(&my->url);
    free(my);
    sql->secret = NULL;
    sql->state = NULL;
}

static int32_t my_open(struct sql *sql, const char *url)
{
    struct my *my = calloc(1, sizeof *my);
    if (my == NULL)
        return sql_fail(sql, DYN_RETRY, "out of memory");
    sql->state = my;
    int32_t code = mysql_url_read(sql, url, &my->url);
    char *place = NULL;
    const struct mysql_url *to = &my->url;
    if (code == DYN_OK && asprintf(&place, "%s:%u/%s", to->host, to->port, to->database) < 0)
        code = sql_fail(sql, DYN_RETRY, "out of memory");
    if (code != DYN_OK) {
        my_close(sql);
        return code;
    }
    sql->place = place;
    sql->secret = to->password;
    return DYN_OK;
}

/* ---- Failing ---- */

/* What a person must mend. */
static bool is_lasting(unsigned number)
{
    static const unsigned lasting[] = {
        1044, /* no access to the database */
        1045, /* wrong user or password */
        1049, /* no such database */
        1054, /* no such column */
        1064, /* not understood */
        1130, /* this client's address is not allowed */
        1142, /* no right to read the table */
        1143, /* nor the column */
        1146, /* no such table */
        1251, /* a way to tell the password that the client does not know */
        1698, /* wrong user */
        2026, /* TLS */
        2059, /* a way to tell the password that the client does not have */
        3159, /* the server takes only TLS */
    };
    for (size_t i = 0; i < DYN_COUNT(lasting); i++)
        if (lasting[i] == number)
            return true;
    return false;
}

static const char *advice_for(unsigned number)
{
    switch (number) {
    case 1044:
    case 1045:
    case 1698:
        return "; check user and password in the URL";
    case 1049:
        return "; check the database in the URL";
    case 2002:
    case 2003:
        return "; check host and port in the URL, and whether the server runs";
    case 2005:
        return "; check the host in the URL";
    case 2026:
        return "; see ssl_mode in the URL";
    case 3159:
        return "; a server that wants TLS is asked with ?ssl_mode=required";
    default:
        return "";
    }
}

static int32_t fail(struct sql *sql, const char *what)
{
    const struct my *my = sql->state;
    unsigned number = mysql_errno(my->conn);
    int32_t code = is_lasting(number) ? DYN_BROKEN : DYN_RETRY;
    if (number == LATE_MARIADB || number == LATE_MYSQL)
        code = DYN_LATE;
    const char *text = mysql_error(my->conn);
    return sql_fail(sql, code, "%s%s: %.*s%s", what, sql->place, quote_length(text), text,
                    advice_for(number));
}

/* ---- Without blocking ---- */

/* Waits for what libmariadb waits for: DYN_OK with what came in *status, else what sql_late() or
 * sql_fail() returned. */
static int32_t wait_for(struct sql *sql, const struct dyn_call *call, int *status)
{
    const struct my *my = sql->state;
    short events = (short)(((*status & MYSQL_WAIT_READ) != 0 ? POLLIN : 0) |
                           ((*status & MYSQL_WAIT_WRITE) != 0 ? POLLOUT : 0) |
                           ((*status & MYSQL_WAIT_EXCEPT) != 0 ? POLLPRI : 0));
    int ready = dyn_wait(call, (int)mysql_get_socket(my->conn), events);
    if (ready < 0)
        return sql_fail(sql, DYN_RETRY, "%s: cannot wait for the connection: %s", sql->place,
                        strerror(errno));
    if (ready == 0)
        return sql_late(sql, call);
    *status = ((ready & (POLLIN | POLLHUP | POLLERR)) != 0 ? MYSQL_WAIT_READ : 0) |
              ((ready & (POLLOUT | POLLHUP | POLLERR)) != 0 ? MYSQL_WAIT_WRITE : 0) |
              ((ready & POLLPRI) != 0 ? MYSQL_WAIT_EXCEPT : 0);
    return DYN_OK;
}

static int32_t query(struct sql *sql, const struct dyn_call *call, const char *text)
{
    const struct my *my = sql->state;
    int problem = 0;
    int status = mysql_real_query_start(&problem, my->conn, text, strlen(text));
    while (status != 0) {
        int32_t code = wait_for(sql, call, &status);
        if (code != DYN_OK)
            return code;
        status = mysql_real_query_cont(&problem, my->conn, status);
    }
    return problem != 0 ? fail(sql, "") : DYN_OK;
}

static int32_t store(struct sql *sql, const struct dyn_call *call, MYSQL_RES **result)
{
    const struct my *my = sql->state;
    int status = mysql_store_result_start(result, my->conn);
    while (status != 0) {
        int32_t code = wait_for(sql, call, &status);
        if (code != DYN_OK)
            return code;
        status = mysql_store_result_cont(result, my->conn, status);
    }
    return *result == NULL && mysql_errno(my->conn) != NO_PROBLEM ? fail(sql, "") : DYN_OK;
}

/* Goes to the result of the next statement; *is_last if there is none. */
static int32_t next(struct sql *sql, const struct dyn_call *call, bool *is_last)
{
    const struct my *my = sql->state;
    int problem = 0;
    int status = mysql_next_result_start(&problem, my->conn);
    while (status != 0) {
        int32_t code = wait_for(sql, call, &status);
        if (code != DYN_OK)
            return code;
        status = mysql_next_result_cont(&problem, my->conn, status);
    }
    *is_last = problem < 0;
    return problem > 0 ? fail(sql, "") : DYN_OK;
}

/* ---- Connecting ---- */

static bool set_options(MYSQL *conn, const struct mysql_url *url)
{
    /* Names in "quotes" as elsewhere, and TIMESTAMP columns in UTC as the others are. */
    static const char start[] = "SET SESSION sql_mode = 'ANSI_QUOTES', time_zone = '+00:00'";
    my_bool yes = 1;
    my_bool verifies = url->tls == MYSQL_TLS_VERIFIED ? 1 : 0;
    bool is_set = mysql_options(conn, MYSQL_OPT_NONBLOCK, NULL) == 0 &&
                  mysql_options(conn, MYSQL_SET_CHARSET_NAME, "utf8mb4") == 0 &&
                  mysql_options(conn, MYSQL_INIT_COMMAND, start) == 0;
    if (url->tls != MYSQL_TLS_NONE)
        is_set = is_set && mysql_options(conn, MYSQL_OPT_SSL_ENFORCE, &yes) == 0 &&
                 mysql_options(conn, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verifies) == 0 &&
                 (url->ca == NULL || mysql_options(conn, MYSQL_OPT_SSL_CA, url->ca) == 0);
    return is_set;
}

static int32_t connect_to(struct sql *sql, const struct dyn_call *call)
{
    struct my *my = sql->state;
    const struct mysql_url *url = &my->url;
    if (my->conn != NULL)
        return DYN_OK;
    my->conn = mysql_init(NULL);
    if (my->conn == NULL || !set_options(my->conn, url))
        return sql_fail(sql, DYN_RETRY, "out of memory");
    MYSQL *made = NULL;
    int status =
        mysql_real_connect_start(&made, my->conn, url->host, url->user, url->password,
                                 url->database, url->port, url->socket, CLIENT_MULTI_STATEMENTS);
    while (status != 0) {
        int32_t code = wait_for(sql, call, &status);
        if (code != DYN_OK)
            return code;
        status = mysql_real_connect_cont(&made, my->conn, status);
    }
    if (made == NULL)
        return fail(sql, "cannot connect to ");
    /* The library goes on without TLS where the server has none. */
    if (url->tls != MYSQL_TLS_NONE && mysql_get_ssl_cipher(my->conn) == NULL)
        return sql_fail(sql, DYN_BROKEN,
                        "%s has no TLS, which ssl_mode in the URL asks for; leave it out there",
                        sql->place);
    my->is_mariadb = strstr(mysql_get_server_info(my->conn), "MariaDB") != NULL;
    return DYN_OK;
}

/* ---- Asking ---- */

static bool put_value(FILE *out, MYSQL *conn, const char *value)
{
    if (value == NULL) {
        fputs("NULL", out);
        return true;
    }
    size_t length = strlen(value);
    char *escaped = malloc(2 * length + 1);
    if (escaped == NULL)
        return false;
    mysql_real_escape_string(conn, escaped, value, length);
    fprintf(out, "'%s'", escaped);
    free(escaped);
    return true;
}

/* The question with its values in place of $1 ... */
static bool put_question(FILE *out, MYSQL *conn, const struct sql_query *question)
{
    bool is_whole = true;
    for (const char *at = question->text; *at != '\0' && is_whole;) {
        char *end = NULL;
        size_t number = *at == '$' ? strtoul(at + 1, &end, 10) : 0;
        if (number >= 1 && number <= question->n_values) {
            is_whole = put_value(out, conn, question->values[number - 1]);
            at = end;
        } else
            putc(*at++, out);
    }
    return is_whole;
}

static char *packet_of(const struct my *my, const struct dyn_call *call,
                       const struct sql_query *question)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return NULL;
    int32_t ms = sql_server_ms(call);
    if (my->is_mariadb)
        fprintf(out, "SET SESSION max_statement_time = %" PRId32 ".%03" PRId32 "; ", ms / 1000,
                ms % 1000);
    else
        fprintf(out, "SET SESSION max_execution_time = %" PRId32 "; ", ms);
    fputs("START TRANSACTION READ ONLY; ", out);
    bool is_whole = put_question(out, my->conn, question);
    fputs("; COMMIT", out);
    if (fclose(out) == 0 && is_whole)
        return text;
    free(text);
    return NULL;
}

static int32_t take_rows(struct sql *sql, MYSQL_RES *result, struct sql_rows *rows)
{
    rows->n_columns = mysql_num_fields(result);
    for (MYSQL_ROW row; (row = mysql_fetch_row(result)) != NULL;)
        if (!sql_rows_add(rows, (const char *const *)row))
            return sql_fail(sql, DYN_RETRY, "out of memory");
    return DYN_OK;
}

/* Of the packet's statements one has rows. */
static int32_t take_results(struct sql *sql, const struct dyn_call *call, struct sql_rows *rows)
{
    bool is_last = false;
    int32_t code = DYN_OK;
    while (code == DYN_OK && !is_last) {
        MYSQL_RES *result = NULL;
        code = store(sql, call, &result);
        if (code == DYN_OK && result != NULL)
            code = take_rows(sql, result, rows);
        mysql_free_result(result);
        if (code == DYN_OK)
            code = next(sql, call, &is_last);
    }
    return code;
}

static int32_t ask_once(struct sql *sql, const struct dyn_call *call,
                        const struct sql_query *question, struct sql_rows *rows)
{
    struct my *my = sql->state;
    int32_t code = connect_to(sql, call);
    if (code != DYN_OK)
        return code;
    char *packet = packet_of(my, call, question);
    if (packet == NULL)
        return sql_fail(sql, DYN_RETRY, "out of memory");
    code = query(sql, call, packet);
    free(packet);
    return code == DYN_OK ? take_results(sql, call, rows) : code;
}

/* A connection that lay idle may be gone without a word: then there is one more try. */
static int32_t my_ask(struct sql *sql, const struct dyn_call *call,
                      const struct sql_query *question, struct sql_rows *rows)
{
    struct my *my = sql->state;
    bool was_idle = my->conn != NULL;
    int32_t code = ask_once(sql, call, question, rows);
    if (code == DYN_RETRY && was_idle) {
        drop(sql);
        sql_rows_fini(rows);
        code = ask_once(sql, call, question, rows);
    }
    if (code != DYN_OK)
        drop(sql);
    return code;
}

static int32_t my_look(struct sql *sql, const struct dyn_call *call, const char *name,
                       struct sql_rows *rows)
{
    size_t n = sql_schema_length(name);
    char *schema = n > 0 ? strndup(name, n) : NULL;
    const char *values[] = {n > 0 ? name + n + 1 : name, schema};
    struct sql_query question = {
        .text = "SELECT 'column', column_name, data_type IN ('datetime', 'timestamp')"
                " FROM information_schema.columns"
                " WHERE table_name = $1 AND table_schema = coalesce($2, database())"
                " UNION ALL SELECT 'index',"
                " group_concat(column_name ORDER BY seq_in_index SEPARATOR ','), 0"
                " FROM information_schema.statistics"
                " WHERE table_name = $1 AND table_schema = coalesce($2, database())"
                " GROUP BY index_name",
        .values = values,
        .n_values = 2,
    };
    int32_t code = n > 0 && schema == NULL ? sql_fail(sql, DYN_RETRY, "out of memory")
                                           : my_ask(sql, call, &question, rows);
    free(schema);
    return code;
}

/* InnoDB guesses at the rows, and keeps no share of NULLs. */
static int32_t my_look_size(struct sql *sql, const struct dyn_call *call, const char *name,
                            const char *column, struct sql_rows *rows)
{
    size_t n = sql_schema_length(name);
    char *schema = n > 0 ? strndup(name, n) : NULL;
    const char *values[] = {n > 0 ? name + n + 1 : name, schema};
    struct sql_query question = {
        .text = "SELECT table_rows, NULL FROM information_schema.tables"
                " WHERE table_name = $1 AND table_schema = coalesce($2, database())",
        .values = values,
        .n_values = 2,
    };
    (void)column;
    int32_t code = n > 0 && schema == NULL ? sql_fail(sql, DYN_RETRY, "out of memory")
                                           : my_ask(sql, call, &question, rows);
    free(schema);
    return code;
}

int32_t sql_mysql_load(const struct dyn_host *host)
{
    return mysql_server_init(0, NULL, NULL) == 0
               ? DYN_OK
               : host->fail(host, DYN_BROKEN, "cannot start libmariadb");
}

/* ---- Dialect ---- */

static void my_put_now(FILE *out, enum sql_type type, int64_t shift_ms)
{
    (void)type; /* the session is in UTC */
    fputs("(utc_timestamp(6) + INTERVAL ", out);
    sql_put_seconds(out, shift_ms);
    fputs(" SECOND)", out);
}

static void my_begin_age(FILE *out, enum sql_type type, int64_t shift_ms)
{
    fputs("floor(-timestampdiff(MICROSECOND, ", out);
    my_put_now(out, type, shift_ms);
    fputs(", ", out);
}

const struct sql_driver sql_mysql = {
    .create_index = "CREATE INDEX",
    .quote = '`',
    .open = my_open,
    .close = my_close,
    .ask = my_ask,
    .look = my_look,
    .look_size = my_look_size,
    .why_untold = "MySQL cannot tell of new rows",
    .put_now = my_put_now,
    .begin_age = my_begin_age,
    .end_age = ") / 1000)",
};
