/* SPDX-License-Identifier: MIT
 * Outside of strings each bracket and comma is one, and from outside of a string its other end is
 * found in either direction: a quote with an even number of backslashes before it. So nothing but
 * depth and the latest key need be remembered, however deep the rest is nested. */
#include "shared/json_member.h"

#include <stdbool.h>
#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Whether the quoted text from `start` to `end` is a key's. */
static bool is_key(const char *start, const char *end, const char *key)
{
    size_t n = strlen(key);
    return (size_t)(end - start) == n + 2 && memcmp(start + 1, key, n) == 0;
}

static cJSON *parse(const char *start, const char *end)
{
    const char *after = NULL;
    cJSON *value = cJSON_ParseWithLengthOpts(start, (size_t)(end - start), &after, 0);
    while (value != NULL && after < end && is_space(*after))
        after++;
    if (value == NULL || after == end)
        return value;
    cJSON_Delete(value); /* followed by what does not belong there */
    return NULL;
}

/* Past the closing quote of the string that opens at `at`; NULL: it does not close. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at < end ? at + 1 : NULL;
}

cJSON *json_first(const char *text, size_t length, const char *key)
{
    const char *end = text + length;
    const char *value = NULL; /* of the wanted key, once its colon was met */
    bool is_wanted = false;   /* the string just met is the wanted key */
    size_t depth = 0;
    for (const char *at = text; at < end;) {
        char c = *at;
        if (depth == 0 && c != '{' && !is_space(c))
            return NULL;
        if (c == '"') {
            const char *after = skip_string(at, end);
            if (after == NULL)
                return NULL;
            is_wanted = depth == 1 && value == NULL && is_key(at, after, key);
            at = after;
            continue;
        }
        bool is_end = depth == 1 && (c == ',' || c == '}');
        if (is_end && value != NULL)
            return parse(value, at);
        if (c == '{' || c == '[')
            depth++;
        if ((c == '}' || c == ']') && --depth == 0)
            return NULL;
        if (c == ':' && is_wanted)
            value = at + 1;
        is_wanted = is_wanted && is_space(c);
        at++;
    }
    return NULL;
}

/* The opening quote of the string that closes at `at`; NULL: it lies before the text. */
static const char *skip_string_back(const char *at, const char *text)
{
    while (at > text) {
        at--;
        const char *slash = at;
        while (*at == '"' && slash > text && slash[-1] == '\\')
            slash--;
        if (*at == '"' && (at - slash) % 2 == 0)
            return slash > text ? at : NULL; /* else more backslashes may be cut off */
    }
    return NULL;
}

cJSON *json_last(const char *text, size_t length, const char *key)
{
    const char *end = text + length; /* of the member at hand */
    const char *colon = NULL;        /* of the member at hand, once it was met */
    size_t depth = 0;
    for (const char *at = end; at > text;) {
        char c = *--at;
        if (depth == 0 && c != '}' && !is_space(c))
            return NULL;
        if (c == '"') {
            const char *start = skip_string_back(at, text);
            if (start == NULL)
                return NULL;
            if (depth == 1 && colon != NULL && is_key(start, at + 1, key))
                return parse(colon + 1, end);
            at = start;
        } else if (c == '}' || c == ']') {
            end = depth++ == 0 ? at : end;
        } else if (c == '{' || c == '[') {
            if (--depth == 0)
                return NULL;
        } else if (depth == 1 && c == ',') {
            end = at;
            colon = NULL;
        } else if (depth == 1 && c == ':')
            colon = at;
    }
    return NULL;
}
