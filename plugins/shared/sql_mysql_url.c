/* SPDX-License-Identifier: MIT */
#include "shared/sql_mysql.h"

#include <stdlib.h>
#include <string.h>

/* Of Rails' database configuration: nothing of it concerns a reader of one table. */
static const char *const of_rails[] = {
    "adapter",
    "checkout_timeout",
    "collation",
    "connect_timeout",
    "encoding",
    "flags",
    "idle_timeout",
    "pool",
    "prepared_statements",
    "read_timeout",
    "reconnect",
    "strict",
    "reaping_frequency",
    "timeout",
    "variables",
    "wait_timeout",
    "write_timeout",
    "default_file",
    "default_group",
    "sslcipher",
    "sslcapath",
    "sslcert",
    "sslkey",
    "migrations_paths",
    "cast_booleans",
};

static int32_t is_wrong(struct sql *sql)
{
    return sql_fail(
        sql, DYN_BROKEN,
        "url: not of the form mysql2://USER:PASSWORD@HOST:3306/DATABASE; in user and password the "
        "characters @ : / ? # %% are written %%40 %%3A %%2F %%3F %%23 %%25");
}

void mysql_url_fini(struct mysql_url *url)
{
    free(url->user);
    free(url->password);
    free(url->host);
    free(url->database);
    free(url->socket);
    free(url->ca);
    *url = (struct mysql_url){0};
}

static bool is_named(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(text, name, length) == 0;
}

static bool is_of_rails(const char *text, size_t length)
{
    for (size_t i = 0; i < DYN_COUNT(of_rails); i++)
        if (is_named(text, length, of_rails[i]))
            return true;
    return false;
}

/* Replaces *to; false if it cannot be decoded. */
static bool set_text(char **to, const char *text, size_t length)
{
    free(*to);
    *to = sql_decode(text, length);
    return *to != NULL;
}

static int32_t set_tls(struct sql *sql, struct mysql_url *url, const char *mode, size_t length)
{
    static const struct {
        const char *name;
        enum mysql_tls tls;
    } modes[] = {{"disabled", MYSQL_TLS_NONE},
                 {"required", MYSQL_TLS_ANY},
                 {"verify_ca", MYSQL_TLS_VERIFIED},
                 {"verify_identity", MYSQL_TLS_VERIFIED}};
    for (size_t i = 0; i < DYN_COUNT(modes); i++)
        if (is_named(mode, length, modes[i].name)) {
            url->tls = modes[i].tls;
            return DYN_OK;
        }
    return sql_fail(sql, DYN_BROKEN,
                    "url: ssl_mode is disabled, required, verify_ca or verify_identity");
}

static int32_t read_parameter(struct sql *sql, struct mysql_url *url, const char *text,
                              size_t length)
{
    size_t n = strcspn(text, "=&");
    const char *value = n < length ? text + n + 1 : text + length;
    size_t value_length = (size_t)(text + length - value);
    if (is_named(text, n, "ssl_mode") || is_named(text, n, "sslmode"))
        return set_tls(sql, url, value, value_length);
    if (is_named(text, n, "sslca") || is_named(text, n, "ssl_ca"))
        return set_text(&url->ca, value, value_length) ? DYN_OK : is_wrong(sql);
    if (is_named(text, n, "socket"))
        return set_text(&url->socket, value, value_length) ? DYN_OK : is_wrong(sql);
    if (!is_of_rails(text, n))
        dyn_logf(sql->host, DYN_WARN, "url: the parameter \"%.*s\" is left out: it is not known",
                 (int)(n < 64 ? n : 64), text);
    return DYN_OK;
}

static int32_t read_parameters(struct sql *sql, struct mysql_url *url, const char *text)
{
    int32_t code = DYN_OK;
    while (code == DYN_OK && *text != '\0') {
        size_t length = strcspn(text, "&#");
        if (length > 0)
            code = read_parameter(sql, url, text, length);
        text += length + (text[length] == '&');
        if (*text == '#')
            break;
    }
    return code;
}

/* "USER:PASSWORD", both encoded. */
static bool read_user(struct mysql_url *url, const char *text, size_t length)
{
    size_t n = 0;
    while (n < length && text[n] != ':')
        n++;
    return set_text(&url->user, text, n) &&
           (n == length || set_text(&url->password, text + n + 1, length - n - 1));
}

/* "HOST:PORT", "[::1]:PORT" */
static bool read_host(struct mysql_url *url, const char *text, size_t length)
{
    bool has_brackets = length > 0 && text[0] == '[';
    const char *end = has_brackets ? memchr(text, ']', length) : memchr(text, ':', length);
    size_t n = end != NULL ? (size_t)(end - text) : length;
    if (has_brackets && end == NULL)
        return false;
    const char *rest = has_brackets ? end + 1 : text + n;
    if (!set_text(&url->host, text + has_brackets, n - has_brackets) || url->host[0] == '\0')
        return false;
    if (rest == text + length)
        return true;
    char *stop;
    unsigned long port = strtoul(rest + 1, &stop, 10);
    url->port = (unsigned)port;
    return rest[0] == ':' && stop == text + length && port >= 1 && port <= 65535;
}

int32_t mysql_url_read(struct sql *sql, const char *text, struct mysql_url *url)
{
    const char *rest = strstr(text, "://");
    url->port = 3306;
    if (rest == NULL)
        return is_wrong(sql);
    rest += 3;
    size_t authority = strcspn(rest, "/?#");
    const char *at = memrchr(rest, '@', authority);
    const char *host = at != NULL ? at + 1 : rest;
    const char *path = rest + authority;
    size_t database = path[0] == '/' ? strcspn(path + 1, "?#") : 0;
    if (database == 0 || memchr(path + 1, '/', database) != NULL ||
        (at != NULL && !read_user(url, rest, (size_t)(at - rest))) ||
        !read_host(url, host, (size_t)(path - host)) ||
        !set_text(&url->database, path + 1, database))
        return is_wrong(sql);
    const char *question = path + 1 + database;
    return question[0] == '?' ? read_parameters(sql, url, question + 1) : DYN_OK;
}
