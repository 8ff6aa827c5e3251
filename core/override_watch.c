/* SPDX-License-Identifier: MIT */
#include "core/override_watch.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/override_file.h"

#include <stdlib.h>
#include <string.h>

enum {
    RETRY_MS = 10000, /* what cannot be read may be readable later, and look the same */
    REMIND_MS = 600000
};

void override_watch_init(struct override_watch *watch, const char *folder)
{
    *watch = (struct override_watch){.folder = folder};
}

void override_watch_fini(struct override_watch *watch)
{
    free(watch->trouble);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Whether there is something to be read: one stat(2), since it is asked at each step. */
static bool is_news(const struct override_watch *watch, int64_t now_ms)
{
    struct stat there = {0};
    char *path = override_path(watch->folder);
    if (stat(path, &there) != 0)
        there = (struct stat){0};
    free(path);
    bool is_due = watch->trouble != NULL && now_ms >= watch->retry_ms;
    return !watch->was_read || is_due || !is_same_file(&there, &watch->seen);
}

static void note_trouble(struct override_watch *watch, const char *text, int64_t now_ms)
{
    bool is_told = watch->trouble != NULL && strcmp(watch->trouble, text) == 0;
    watch->retry_ms = now_ms + RETRY_MS;
    if (is_told && now_ms - watch->told_ms < REMIND_MS)
        return;
    char *copy = memory_copy(text);
    free(watch->trouble);
    watch->trouble = copy;
    watch->told_ms = now_ms;
    log_write(LOG_ERROR, "dynomatic",
              "%s; overrides that were known stay in force, and no size is lowered", text);
}

static void note_end_of_trouble(struct override_watch *watch)
{
    if (watch->trouble == NULL)
        return;
    log_write(LOG_INFO, "dynomatic", "the overrides can be read again");
    free(watch->trouble);
    watch->trouble = NULL;
}

bool override_watch_look(struct override_watch *watch, struct override_list *list, int64_t now_ms)
{
    struct error error = {""};
    *list = (struct override_list){0};
    if (watch->folder == NULL || !is_news(watch, now_ms))
        return false;
    watch->was_read = true;
    if (override_read(watch->folder, list, &watch->seen, &error) != 0) {
        note_trouble(watch, error.text, now_ms);
        return false;
    }
    note_end_of_trouble(watch);
    return true;
}
