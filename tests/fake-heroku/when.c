/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/when.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t when_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t when_wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct tm utc(int64_t wall_us)
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    return tm;
}

const char *when_api(int64_t wall_us, char room[WHEN_SIZE])
{
    struct tm tm = utc(wall_us);
    strftime(room, WHEN_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return room;
}

const char *when_log(int64_t wall_us, char room[WHEN_SIZE])
{
    struct tm tm = utc(wall_us);
    size_t length = strftime(room, WHEN_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(room + length, WHEN_SIZE - length, ".%06d+00:00", (int)(wall_us % 1000000));
    return room;
}

const char *when_http(int64_t wall_us, char room[WHEN_SIZE])
{
    /* The names are HTTP's, not those of a locale; the program sets none. */
    struct tm tm = utc(wall_us);
    strftime(room, WHEN_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    return room;
}

int when_parse(const char *text, int64_t *ms)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    char *end;
    if (strspn(text, "0123456789.") == 0)
        return -1;
    double number = strtod(text, &end);
    if (number == 0 && *end == '\0' && end != text) {
        *ms = 0;
        return 0;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (end != text && strcmp(end, units[i].name) == 0 && number * units[i].ms < 1e12) {
            *ms = llround(number * units[i].ms);
            return 0;
        }
    return -1;
}
