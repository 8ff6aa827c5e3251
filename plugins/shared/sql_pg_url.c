/* SPDX-License-Identifier: MIT */
#include "shared/sql_driver.h"
#include "shared/sql_pg.h"

#include <dynomatic/util.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* "ssl" is no keyword, but libpq takes ssl=true in a URL for sslmode=require. */
static bool is_known(const PQconninfoOption *known, const char *text, size_t length)
{
    while (known->keyword != NULL && !sql_is_named(text, length, known->keyword))
        known++;
    return known->keyword != NULL || sql_is_named(text, length, "ssl");
}

/* Past the user and the password, which may hold any character but @ and /. */
static const char *past_password(const char *url)
{
    const char *colon = strchr(url, ':');
    if (strncmp(colon, "://", 3) != 0)
        return NULL;
    const char *host = colon + 3;
    size_t n = strcspn(host, "@/");
    return host[n] == '@' ? host + n + 1 : host;
}

bool pg_url_is_clear(const char *url)
{
    const char *host = past_password(url);
    return host != NULL && strchr(host, '@') == NULL; /* else it is of an unescaped password */
}

char *pg_known_url(const struct dyn_host *host, const char *url)
{
    PQconninfoOption *known = PQconninfoParse("", NULL);
    char *out = malloc(strlen(url) + 1);
    if (known == NULL || out == NULL) {
        PQconninfoFree(known);
        free(out);
        return NULL;
    }
    const char *place = past_password(url);
    size_t n = (size_t)(place - url) + strcspn(place, "?");
    memcpy(out, url, n);
    char before = '?';
    for (const char *at = url + n; *at != '\0';) {
        at++; /* past the ? or & */
        size_t length = strcspn(at, "&");
        size_t n_name = strcspn(at, "=&");
        if (is_known(known, at, n_name)) {
            out[n++] = before;
            memcpy(out + n, at, length);
            n += length;
            before = '&';
        } else if (length > 0 && !sql_is_of_rails(at, n_name)) {
            dyn_logf(host, DYN_WARN,
                     "url: the parameter \"%.*s\" is left out: PostgreSQL does not know it",
                     (int)n_name, at);
        }
        at += length;
    }
    out[n] = '\0';
    PQconninfoFree(known);
    return out;
}
