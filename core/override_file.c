/* SPDX-License-Identifier: MIT */
#include "core/override_file.h"

#include "core/memory.h"
#include "core/state_file.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum {
    BYTES_MOST = 8 << 20, /* that a file of ours can have */
    SIZE_MOST = 100000    /* as in dynomatic.yml(5) */
};

#define NAME "overrides.json"

char *override_path(const char *folder)
{
    return memory_format("%s/" NAME, folder);
}

/* ---- Times ---- */

#define TIME_FORM "%Y-%m-%dT%H:%M:%SZ"

static void print_time(int64_t ms, char *text, size_t room)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(text, room, TIME_FORM, &parts);
}

static int parse_time(const char *text, int64_t *ms)
{
    struct tm parts = {0};
    char again[32];
    const char *end = strptime(text, TIME_FORM, &parts);
    if (end == NULL || *end != '\0')
        return -1;
    *ms = (int64_t)timegm(&parts) * 1000;
    print_time(*ms, again, sizeof again); /* the 30th of February is none */
    return *ms > 0 && strcmp(again, text) == 0 ? 0 : -1;
}

/* ---- Writing ---- */

static void add_time(cJSON *object, const char *key, int64_t ms)
{
    char text[32];
    print_time(ms, text, sizeof text);
    cJSON_AddStringToObject(object, key, text);
}

static cJSON *json_of(const struct override *override)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "pool", override->pool);
    cJSON_AddStringToObject(object, "kind", override_name(override->kind));
    if (override->kind == OVERRIDE_HOLD)
        cJSON_AddNumberToObject(object, "size", override->size);
    add_time(object, "since", override->since_ms);
    if (override->until_ms == OVERRIDE_ENDLESS)
        cJSON_AddNullToObject(object, "until");
    else
        add_time(object, "until", override->until_ms);
    cJSON_AddStringToObject(object, "who", override->who);
    cJSON_AddStringToObject(object, "why", override->why);
    return object;
}

void override_print(const struct override_list *list, struct text *out)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < list->n; i++)
        cJSON_AddItemToArray(array, json_of(&list->all[i]));
    char *chars = cJSON_Print(array);
    text_add_format(out, "%s\n", chars);
    cJSON_free(chars);
    cJSON_Delete(array);
}

int override_write(const char *folder, const struct override_list *list, struct error *error)
{
    struct text text = {0};
    override_print(list, &text);
    int result = state_file_replace(folder, NAME, &text, error);
    text_fini(&text);
    return result;
}

/* ---- The folder ---- */

int override_lock(const char *folder, struct error *error)
{
    state_file_make_folder(folder); /* whether it is there now is seen when it is opened */
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set(error, "cannot open the state folder %s: %s", folder, strerror(errno));
    while (flock(fd, LOCK_EX) != 0)
        if (errno != EINTR) {
            error_set(error, "cannot lock the state folder %s: %s", folder, strerror(errno));
            close(fd);
            return -1;
        }
    return fd;
}

/* ---- Reading ---- */

/* The text of a key, NULL if it is none that can be shown. */
static const char *text_of(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return text != NULL && override_is_text(text) ? text : NULL;
}

static int read_kind(const cJSON *object, enum override_kind *kind)
{
    const char *text = text_of(object, "kind");
    for (int k = 0; text != NULL && k < OVERRIDE_KINDS; k++)
        if (strcmp(text, override_name((enum override_kind)k)) == 0) {
            *kind = (enum override_kind)k;
            return 0;
        }
    return -1;
}

static int read_size(const cJSON *object, int32_t *size)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "size");
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > SIZE_MOST)
        return -1;
    *size = (int32_t)item->valuedouble;
    return (double)*size == item->valuedouble ? 0 : -1;
}

static int read_time(const cJSON *object, const char *key, int64_t *ms)
{
    const char *text = text_of(object, key);
    return text != NULL ? parse_time(text, ms) : -1;
}

/* The key that is lacking or wrong; NULL: none. */
static const char *read_override(const cJSON *object, struct override *override)
{
    const char *pool = text_of(object, "pool");
    const char *who = text_of(object, "who");
    const char *why = text_of(object, "why");
    override->until_ms = OVERRIDE_ENDLESS;
    if (pool == NULL || pool[0] == '\0')
        return "pool";
    if (read_kind(object, &override->kind) != 0)
        return "kind";
    if (override->kind == OVERRIDE_HOLD && read_size(object, &override->size) != 0)
        return "size";
    if (read_time(object, "since", &override->since_ms) != 0)
        return "since";
    if (!cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(object, "until")) &&
        read_time(object, "until", &override->until_ms) != 0)
        return "until";
    if (who == NULL)
        return "who";
    if (why == NULL)
        return "why";
    override->pool = memory_copy(pool);
    override->who = memory_copy(who);
    override->why = memory_copy(why);
    return NULL;
}

static int read_array(const cJSON *array, struct override_list *list, struct error *error)
{
    const cJSON *object;
    int number = 0;
    if (!cJSON_IsArray(array))
        return error_set(error, "it is no JSON array");
    cJSON_ArrayForEach(object, array)
    {
        struct override override = {0};
        const char *wrong = read_override(object, &override);
        number++;
        if (wrong != NULL)
            return error_set(error, "\"%s\" of entry %d is not as it must be", wrong, number);
        override_list_put(list, override);
    }
    return 0;
}

/* The whole text of a file, which the caller frees; NULL with an error. A pipe is not waited for.
 */
static char *read_file(int fd, struct stat *seen, struct error *error)
{
    if (fstat(fd, seen) != 0 || !S_ISREG(seen->st_mode) || seen->st_size > BYTES_MOST) {
        error_set(error, "it is no file of ours");
        return NULL;
    }
    char *chars = memory_new((size_t)seen->st_size + 1, 1);
    size_t length = 0;
    ssize_t n = 0;
    while (length < (size_t)seen->st_size &&
           (n = read(fd, chars + length, (size_t)seen->st_size - length)) > 0)
        length += (size_t)n;
    if (n >= 0)
        return chars;
    error_set(error, "%s", strerror(errno));
    free(chars);
    return NULL;
}

static int read_open(int fd, struct override_list *list, struct stat *seen, struct error *error)
{
    char *chars = read_file(fd, seen, error);
    if (chars == NULL)
        return -1;
    cJSON *array = cJSON_ParseWithOpts(chars, NULL, 1);
    int result = read_array(array, list, error);
    if (result != 0)
        override_list_fini(list);
    cJSON_Delete(array);
    free(chars);
    return result;
}

int override_read(const char *folder, struct override_list *list, struct stat *seen,
                  struct error *error)
{
    struct error cause = {""};
    char *path = override_path(folder);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int result = 0;
    *list = (struct override_list){0};
    *seen = (struct stat){0};
    if (fd >= 0)
        result = read_open(fd, list, seen, &cause);
    else if (errno != ENOENT)
        result = error_set(&cause, "%s", strerror(errno));
    if (result != 0)
        error_set(error, "cannot read %s: %s", path, cause.text);
    if (fd >= 0)
        close(fd);
    free(path);
    return result;
}
