/* SPDX-License-Identifier: MIT */
#include "shared/redis_url.h"

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

static int hex_of(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c | 0x20);
    return at != NULL ? (int)(at - digits) : -1;
}

/* A copy with %XX decoded; NULL if that is wrong, or memory is gone. */
static char *decode(const char *text, size_t length)
{
    char *out = malloc(length + 1);
    size_t n = 0;
    for (size_t i = 0; out != NULL && i < length; i++, n++) {
        out[n] = text[i];
        if (text[i] != '%')
            continue;
        int high = i + 2 < length ? hex_of(text[i + 1]) : -1;
        int low = high >= 0 ? hex_of(text[i + 2]) : -1;
        if (low < 0 || (high == 0 && low == 0)) {
            free(out);
            return NULL;
        }
        out[n] = (char)(high * 16 + low);
        i += 2;
    }
    if (out != NULL)
        out[n] = '\0';
    return out;
}

/* A whole number that is all of the text; false if it is none or too great. */
static bool read_number(const char *text, size_t length, unsigned most, unsigned *number)
{
    unsigned long value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (unsigned long)(text[i] - '0');
        if (value > most)
            return false;
    }
    *number = (unsigned)value;
    return length > 0;
}

/* "USER:PASSWORD", ":PASSWORD"; a word alone is a user, as redis-rb has it. */
static bool read_user(struct redis_url *url, const char *text, size_t length)
{
    const char *colon = memchr(text, ':', length);
    size_t n = colon != NULL ? (size_t)(colon - text) : length;
    if (n > 0 && (url->user = decode(text, n)) == NULL)
        return false;
    if (colon == NULL || n + 1 == length)
        return true;
    url->password = decode(colon + 1, length - n - 1);
    return url->password != NULL;
}

static bool read_host(struct redis_url *url, const char *text, size_t length)
{
    bool has_brackets = length > 0 && text[0] == '[';
    const char *end = memchr(text, has_brackets ? ']' : ':', length);
    if (has_brackets && end == NULL)
        return false;
    size_t n = end == NULL ? length : (size_t)(end - text);
    url->host = decode(text + has_brackets, n - has_brackets);
    const char *rest = text + n + has_brackets;
    size_t left = (size_t)(text + length - rest);
    if (url->host == NULL || url->host[0] == '\0')
        return false;
    return left == 0 || (rest[0] == ':' && read_number(rest + 1, left - 1, 65535, &url->port));
}

/* "?db=3" */
static bool read_database(struct redis_url *url, const char *query)
{
    const char *db = query[0] == '?' ? strstr(query, "db=") : NULL;
    return db == NULL || read_number(db + 3, strcspn(db + 3, "&"), 1000000, &url->database);
}

static const char *read_socket(struct redis_url *url, const char *path)
{
    size_t length = strcspn(path, "?");
    const char *at = memrchr(path, '@', length);
    if (at != NULL && !read_user(url, path, (size_t)(at - path)))
        return form;
    const char *start = at != NULL ? at + 1 : path;
    size_t n = length - (size_t)(start - path);
    url->socket = n > 0 && start[0] == '/' ? decode(start, n) : NULL;
    return url->socket != NULL && read_database(url, path + length)
               ? NULL
               : "not of the form unix:///PATH?db=0";
}

const char *redis_url_read(const char *text, unsigned port, struct redis_url *url)
{
    *url = (struct redis_url){.port = port};
    if (strncmp(text, "unix://", 7) == 0)
        return read_socket(url, text + 7);
    const char *rest = strstr(text, "://");
    url->is_tls = strncmp(text, "rediss://", 9) == 0;
    if (rest != NULL && !url->is_tls && strncmp(text, "redis://", 8) != 0)
        return "the scheme is not known; it is one of redis://, rediss://, unix://";
    rest = rest != NULL ? rest + 3 : text;
    size_t authority = strcspn(rest, "/?#");
    const char *at = memrchr(rest, '@', authority);
    const char *host = at != NULL ? at + 1 : rest;
    const char *path = rest + authority;
    if ((at != NULL && !read_user(url, rest, (size_t)(at - rest))) ||
        !read_host(url, host, (size_t)(path - host)))
        return form;
    size_t length = path[0] == '/' ? strcspn(path + 1, "?#") : 0;
    if (length > 0 && !read_number(path + 1, length, 1000000, &url->database))
        return "what stands behind the host is not the number of a database";
    return read_database(url, path + (path[0] == '/') + length) ? NULL : form;
}
