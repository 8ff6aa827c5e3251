/* SPDX-License-Identifier: MIT */
#include "kit/url.h"

#include "core/memory.h"

#include <string.h>

/* What stands between "://" and the path: USER:PASSWORD@HOST:PORT. Empty where there is none. */
struct authority {
    const char *start;
    const char *host;
    const char *end;
};

static struct authority authority_of(const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *start = scheme != NULL ? scheme + 3 : url + strlen(url);
    const char *end = start + strcspn(start, "/?#");
    const char *at = memrchr(start, '@', (size_t)(end - start));
    return (struct authority){start, at != NULL ? at + 1 : start, end};
}

char *url_moved(const char *url, int port)
{
    struct authority authority = authority_of(url);
    if (authority.host == authority.end)
        return NULL;
    return memory_format("%.*s127.0.0.1:%d%s", (int)(authority.host - url), url, port,
                         authority.end);
}

char *url_password(const char *url)
{
    struct authority authority = authority_of(url);
    if (authority.host == authority.start)
        return NULL;
    const char *end = authority.host - 1;
    const char *colon = memchr(authority.start, ':', (size_t)(end - authority.start));
    return colon != NULL ? memory_copy_n(colon + 1, (size_t)(end - colon - 1)) : NULL;
}
