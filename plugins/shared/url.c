/* SPDX-License-Identifier: MIT */
#include "shared/url.h"

#include <stdlib.h>
#include <string.h>

char *url_decode(const char *text, size_t length)
{
    char *out = malloc(length + 1);
    size_t n = 0;
    for (size_t i = 0; out != NULL && i < length; i++) {
        char digits[3] = {0};
        if (text[i] != '%') {
            out[n++] = text[i];
            continue;
        }
        if (length - i > 2)
            memcpy(digits, text + i + 1, 2);
        if (strspn(digits, "0123456789abcdefABCDEF") != 2 || strcmp(digits, "00") == 0) {
            free(out);
            return NULL;
        }
        out[n++] = (char)strtoul(digits, NULL, 16);
        i += 2;
    }
    if (out != NULL)
        out[n] = '\0';
    return out;
}

bool url_number(const char *text, size_t length, unsigned most, unsigned *number)
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

/* What is empty stays NULL; false if it cannot be decoded. */
static bool set(char **to, const char *text, size_t length)
{
    *to = length > 0 ? url_decode(text, length) : NULL;
    return *to != NULL || length == 0;
}

/* "USER:PASSWORD", ":PASSWORD", "USER" */
static bool read_user(struct url *url, const char *text, size_t length)
{
    const char *colon = memchr(text, ':', length);
    size_t n = colon != NULL ? (size_t)(colon - text) : length;
    return set(&url->user, text, n) &&
           (colon == NULL || set(&url->password, colon + 1, length - n - 1));
}

/* "HOST:PORT", "[::1]:PORT" */
static bool read_host(struct url *url, const char *text, size_t length)
{
    bool has_brackets = length > 0 && text[0] == '[';
    const char *end = memchr(text, has_brackets ? ']' : ':', length);
    if (has_brackets && end == NULL)
        return false;
    size_t n = end == NULL ? length : (size_t)(end - text);
    url->host = url_decode(text + has_brackets, n - has_brackets);
    const char *rest = text + n + has_brackets;
    size_t left = (size_t)(text + length - rest);
    return url->host != NULL &&
           (left == 0 ||
            (rest[0] == ':' && url_number(rest + 1, left - 1, 65535, &url->port) && url->port > 0));
}

const char *url_read(const char *text, struct url *url)
{
    *url = (struct url){0};
    size_t length = strcspn(text, "/?#");
    const char *at = memrchr(text, '@', length);
    const char *host = at != NULL ? at + 1 : text;
    const char *rest = text + length;
    /* They may be part of a password, which then would be taken for the host, and be shown. */
    bool is_odd = strchr(rest, '#') != NULL || (host != rest && strchr(rest, '@') != NULL);
    bool is_good = !is_odd && (at == NULL || read_user(url, text, (size_t)(at - text))) &&
                   read_host(url, host, (size_t)(rest - host));
    return is_good ? rest : NULL;
}

void url_fini(struct url *url)
{
    free(url->user);
    free(url->password);
    free(url->host);
    *url = (struct url){0};
}
