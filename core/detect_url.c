/* SPDX-License-Identifier: MIT */
#include "core/detect_url.h"

#include "core/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In this order; an ending stands for all names that lie between. */
static const struct {
    const char *start;
    const char *end;
} names[] = {
    {"DATABASE_URL", NULL},         {"REDIS_URL", NULL},       {"REDIS_TLS_URL", NULL},
    {"HEROKU_POSTGRESQL_", "_URL"}, {"HEROKU_REDIS_", "_URL"},
};

/* Whether "NAME=value" is of that place in the order. */
static bool is_named(const char *entry, size_t place)
{
    size_t length = strcspn(entry, "=");
    size_t start = strlen(names[place].start);
    size_t end = names[place].end != NULL ? strlen(names[place].end) : 0;
    if (length < start + end || memcmp(entry, names[place].start, start) != 0)
        return false;
    return end > 0 ? memcmp(entry + length - end, names[place].end, end) == 0 : length == start;
}

struct list {
    struct detect_url *urls;
    size_t n;
};

static struct detect_url *find_value(const struct list *list, const char *value)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->urls[i].value, value) == 0)
            return &list->urls[i];
    return NULL;
}

static void add(struct list *list, const char *entry)
{
    size_t length = strcspn(entry, "=");
    const char *value = entry[length] == '=' ? entry + length + 1 : "";
    struct detect_url *same = find_value(list, value);
    char *name = memory_copy_n(entry, length);
    if (value[0] == '\0') {
        free(name);
    } else if (same != NULL) {
        text_add_format(&same->also, "%s%s", same->also.length > 0 ? ", " : "", name);
        free(name);
    } else {
        list->urls = memory_resize(list->urls, list->n + 1, sizeof *list->urls);
        list->urls[list->n++] = (struct detect_url){name, value, {0}};
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct detect_url *detect_urls(size_t *n)
{
    struct list list = {NULL, 0};
    size_t n_entries = 0;
    while (environ != NULL && environ[n_entries] != NULL)
        n_entries++;
    const char **entries = memory_new(n_entries, sizeof *entries);
    for (size_t i = 0; i < n_entries; i++)
        entries[i] = environ[i];
    qsort(entries, n_entries, sizeof *entries, compare);
    for (size_t place = 0; place < sizeof names / sizeof names[0]; place++)
        for (size_t i = 0; i < n_entries; i++)
            if (is_named(entries[i], place))
                add(&list, entries[i]);
    free(entries);
    *n = list.n;
    return list.urls;
}

void detect_urls_free(struct detect_url *urls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(urls[i].name);
        text_fini(&urls[i].also);
    }
    free(urls);
}
