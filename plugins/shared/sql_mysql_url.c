/* SPDX-License-Identifier: MIT */
#include "shared/sql_mysql.h"

#include "shared/url.h"

#include <stdlib.h>
#include <string.h>

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

/* Replaces *to; false if it cannot be decoded. */
static bool set_text(char **to, const char *text, size_t length)
{
    free(*to);
    *to = url_decode(text, length);
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
        if (sql_is_named(mode, length, modes[i].name)) {
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
    if (sql_is_named(text, n, "ssl_mode") || sql_is_named(text, n, "sslmode"))
        return set_tls(sql, url, value, value_length);
    if (sql_is_named(text, n, "sslca") || sql_is_named(text, n, "ssl_ca"))
        return set_text(&url->ca, value, value_length) ? DYN_OK : is_wrong(sql);
    if (sql_is_named(text, n, "socket"))
        return set_text(&url->socket, value, value_length) ? DYN_OK : is_wrong(sql);
    if (!sql_is_of_rails(text, n))
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

int32_t mysql_url_read(struct sql *sql, const char *text, struct mysql_url *url)
{
    struct url parts = {0};
    const char *rest = strstr(text, "://");
    const char *path = rest != NULL ? url_read(rest + 3, &parts) : NULL;
    url->user = parts.user;
    url->password = parts.password;
    url->host = parts.host;
    url->port = parts.port > 0 ? parts.port : 3306;
    size_t database = path != NULL && path[0] == '/' ? strcspn(path + 1, "?#") : 0;
    if (database == 0 || memchr(path + 1, '/', database) != NULL || url->host[0] == '\0' ||
        !set_text(&url->database, path + 1, database))
        return is_wrong(sql);
    const char *question = path + 1 + database;
    return question[0] == '?' ? read_parameters(sql, url, question + 1) : DYN_OK;
}
