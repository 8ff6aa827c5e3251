/* SPDX-License-Identifier: MIT */
#include "core/moment.h"

#include "core/memory.h"
#include "core/option.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY_MS = 86400000 };

/* "5m ago". */
static bool parse_ago(const char *text, int64_t now_ms, int64_t *utc_ms)
{
    static const char ago[] = " ago";
    size_t length = strlen(text);
    size_t ago_length = sizeof ago - 1;
    int64_t ms;
    if (length <= ago_length || strcmp(text + length - ago_length, ago) != 0)
        return false;
    char *duration = memory_copy_n(text, length - ago_length);
    bool is_one = option_parse_duration(duration, &ms, NULL) == 0;
    free(duration);
    *utc_ms = now_ms - ms;
    return is_one;
}

/* "10:30", "10:30:15", and what follows. */
static const char *parse_clock(const char *text, struct tm *parts)
{
    const char *rest = strptime(text, "%H:%M:%S", parts);
    if (rest != NULL)
        return rest;
    parts->tm_sec = 0;
    return strptime(text, "%H:%M", parts);
}

/* Parts of a second are left out. */
static const char *skip_fraction(const char *text)
{
    return text != NULL && *text == '.' ? text + 1 + strspn(text + 1, "0123456789") : text;
}

static int64_t to_utc(struct tm *parts, bool is_utc)
{
    parts->tm_isdst = -1;
    return 1000 * (int64_t)(is_utc ? timegm(parts) : mktime(parts));
}

static bool parse_date(const char *text, int64_t *utc_ms)
{
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%d", &parts);
    if (rest == NULL || (*rest != 'T' && *rest != ' '))
        return false;
    rest = skip_fraction(parse_clock(rest + 1, &parts));
    bool is_utc = rest != NULL && strcmp(rest, "Z") == 0;
    if (rest == NULL || (*rest != '\0' && !is_utc))
        return false;
    *utc_ms = to_utc(&parts, is_utc);
    return true;
}

/* Of today; what is still to come was yesterday. */
static bool parse_time(const char *text, int64_t now_ms, int64_t *utc_ms)
{
    time_t now = (time_t)(now_ms / 1000);
    struct tm here, there;
    localtime_r(&now, &here);
    gmtime_r(&now, &there);
    bool is_utc = text[strcspn(text, "Z")] == 'Z';
    struct tm parts = is_utc ? there : here;
    const char *rest = parse_clock(text, &parts);
    if (rest == NULL || strcmp(rest, is_utc ? "Z" : "") != 0)
        return false;
    *utc_ms = to_utc(&parts, is_utc);
    if (*utc_ms > now_ms)
        *utc_ms -= DAY_MS;
    return true;
}

int moment_parse(const char *text, int64_t now_ms, int64_t *utc_ms, struct error *error)
{
    if (parse_ago(text, now_ms, utc_ms) || parse_date(text, utc_ms) ||
        parse_time(text, now_ms, utc_ms))
        return 0;
    return error_set(
        error, "\"%s\" is no time such as \"10:30\", \"2026-11-24T10:30Z\" or \"5m ago\"", text);
}

void moment_add(int64_t utc_ms, struct text *out)
{
    time_t s = (time_t)(utc_ms / 1000);
    struct tm parts;
    char chars[64];
    localtime_r(&s, &parts);
    strftime(chars, sizeof chars, "%Y-%m-%d %H:%M:%S %Z", &parts);
    text_add(out, chars);
}
