/* SPDX-License-Identifier: MIT */
#include "shared/redis_url.h"

#include "shared/url.h"

#include <stdlib.h>
#include <string.h>

static const char form[] =
    "not of the form redis://USER:PASSWORD@HOST:6379/0; in user and password "
    "the characters @ : / ? # % are written %40 %3A %2F %3F %23 %25";

void redis_url_fini(struct redis_url *url)
{
    free(url->user);
    free(url->password);
    free(url->host);
    free(url->socket);
    *url = (struct redis_url){0};
}

/* Takes what url_read() read, the rest of which is `rest`; false if that is NULL. */
static bool take(struct redis_url *url, const struct url *from, const char *rest)
{
    url->user = from->user;
    url->password = from->password;
    url->host = from->host;
    if (from->port > 0)
        url->port = from->port;
    return rest != NULL;
}

/* "?db=3" */
static bool read_database(struct redis_url *url, const char *query)
{
    const char *db = query[0] == '?' ? strstr(query, "db=") : NULL;
    return db == NULL || url_number(db + 3, strcspn(db + 3, "&"), 1000000, &url->database);
}

static const char *read_socket(struct redis_url *url, const char *text)
{
    struct url parts;
    const char *path = url_read(text, &parts);
    bool is_good = take(url, &parts, path) && url->host[0] == '\0' && path[0] == '/';
    free(url->host);
    url->host = NULL;
    if (!is_good)
        return form;
    size_t length = strcspn(path, "?");
    url->socket = url_decode(path, length);
    return url->socket != NULL && read_database(url, path + length)
               ? NULL
               : "not of the form unix:///PATH?db=0";
}

const char *redis_url_read(const char *text, struct redis_url *url)
{
    *url = (struct redis_url){.port = 6379};
    if (strncmp(text, "unix://", 7) == 0)
        return read_socket(url, text + 7);
    const char *rest = strstr(text, "://");
    url->is_tls = strncmp(text, "rediss://", 9) == 0;
    if (rest != NULL && !url->is_tls && strncmp(text, "redis://", 8) != 0)
        return "the scheme is not known; it is one of redis://, rediss://, unix://";
    rest = rest != NULL ? rest + 3 : text;
    struct url parts;
    const char *path = url_read(rest, &parts);
    if (!take(url, &parts, path) || url->host[0] == '\0')
        return form;
    size_t length = path[0] == '/' ? strcspn(path + 1, "?#") : 0;
    if (length > 0 && !url_number(path + 1, length, 1000000, &url->database))
        return "what stands behind the host is not the number of a database";
    return read_database(url, path + (path[0] == '/') + length) ? NULL : form;
}
