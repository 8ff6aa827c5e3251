/* SPDX-License-Identifier: MIT */
#include "core/zone.h"

#include "core/memory.h"
#include "core/text.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct zone {
    char *name;
    GTimeZone *time_zone;
};

/* ---- What the system has ---- */

/* Where GLib looks, too. */
static const char *folder(void)
{
    const char *named = getenv("TZDIR");
    return named != NULL && named[0] != '\0' ? named : "/usr/share/zoneinfo";
}

static FILE *open_file(const char *name)
{
    char *path = memory_format("%s/%s", folder(), name);
    FILE *file = fopen(path, "re");
    free(path);
    return file;
}

/* GLib takes rules and offsets for names as well, so that many a misspelt name would be a zone. */
static bool is_there(const char *name)
{
    char magic[4] = "";
    bool is_name = name[0] != '/' && strspn(name, "abcdefghijklmnopqrstuvwxyz"
                                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                  "0123456789_+-/") == strlen(name);
    FILE *file = is_name ? open_file(name) : NULL;
    if (file == NULL)
        return false;
    bool is_zone = fread(magic, 1, sizeof magic, file) == sizeof magic &&
                   memcmp(magic, "TZif", sizeof magic) == 0;
    fclose(file);
    return is_zone;
}

/* The names in tzdata's table of them, in which a line is: countries, place, name, remarks. */
static char **read_names(size_t *n)
{
    char **names = NULL;
    char line[512];
    FILE *file = open_file("zone.tab");
    *n = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char name[65];
        if (line[0] == '#' || sscanf(line, "%*s %*s %64s", name) != 1)
            continue;
        names = memory_resize(names, *n + 1, sizeof *names);
        names[(*n)++] = memory_copy(name);
    }
    if (file != NULL)
        fclose(file);
    return names;
}

static void refuse(const char *name, struct error *error)
{
    size_t n;
    char **names = read_names(&n);
    const char *nearest = text_nearest(name, (const char *const *)names, n);
    if (access(folder(), R_OK) != 0)
        error_set(error,
                  "the system's time zones cannot be read (%s: %s): install tzdata, or leave "
                  "out zone for UTC",
                  folder(), strerror(errno));
    else if (nearest != NULL)
        error_set(error, "there is no such time zone; did you mean \"%s\"?", nearest);
    else
        error_set(error, "there is no such time zone; it is a name such as Europe/Brussels, "
                         "America/New_York or UTC");
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

/* ---- A zone ---- */

struct zone *zone_new(const char *name, struct error *error)
{
    bool is_utc = strcmp(name, "UTC") == 0;
    GTimeZone *time_zone = is_utc           ? g_time_zone_new_utc()
                           : is_there(name) ? g_time_zone_new_identifier(name)
                                            : NULL;
    if (time_zone == NULL) {
        refuse(name, error);
        return NULL;
    }
    struct zone *zone = memory_new(1, sizeof *zone);
    zone->name = memory_copy(name);
    zone->time_zone = time_zone;
    return zone;
}

void zone_free(struct zone *zone)
{
    if (zone == NULL)
        return;
    g_time_zone_unref(zone->time_zone);
    free(zone->name);
    free(zone);
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

/* Between two settings of its clocks lies an interval; they are numbered in order. */
static int interval_at(const struct zone *zone, int64_t utc_s)
{
    return g_time_zone_find_interval(zone->time_zone, G_TIME_TYPE_UNIVERSAL, utc_s);
}

int32_t zone_ahead_s(const struct zone *zone, int64_t utc_s)
{
    return g_time_zone_get_offset(zone->time_zone, interval_at(zone, utc_s));
}

int64_t zone_next_change(const struct zone *zone, int64_t from_s, int64_t to_s)
{
    int interval = interval_at(zone, from_s);
    int64_t before_s = from_s; /* in the interval */
    int64_t after_s = to_s;    /* past it, or the end */
    while (interval_at(zone, after_s) != interval && after_s - before_s > 1) {
        int64_t middle_s = before_s + (after_s - before_s) / 2;
        if (interval_at(zone, middle_s) == interval)
            before_s = middle_s;
        else
            after_s = middle_s;
    }
    return after_s;
}
