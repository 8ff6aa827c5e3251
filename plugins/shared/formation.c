/* SPDX-License-Identifier: MIT */
#include "shared/formation.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void forget_ids(struct formation *formation)
{
    for (size_t i = 0; i < formation->n_dynos; i++) {
        free(formation->dynos[i].id);
        free(formation->dynos[i].name);
    }
    free(formation->dynos);
    formation->dynos = NULL;
    formation->n_dynos = 0;
    formation->has_dynos = false;
}

void formation_fini(struct formation *formation)
{
    forget_ids(formation);
    for (size_t i = 0; i < formation->n; i++)
        free(formation->items[i].type);
    free(formation->items);
    *formation = (struct formation){0};
}

static struct process *find(const struct formation *formation, const char *type, size_t length)
{
    for (size_t i = 0; i < formation->n; i++) {
        struct process *process = &formation->items[i];
        if (strncmp(process->type, type, length) == 0 && process->type[length] == '\0')
            return process;
    }
    return NULL;
}

struct process *formation_find(const struct formation *formation, const char *type)
{
    return find(formation, type, strlen(type));
}

static bool add(struct formation *formation, const char *type, int32_t quantity)
{
    struct process *more = realloc(formation->items, (formation->n + 1) * sizeof *more);
    if (more == NULL)
        return false;
    formation->items = more;
    char *copy = strdup(type);
    if (copy == NULL)
        return false;
    formation->items[formation->n++] = (struct process){
        .type = copy, .quantity = quantity, .up = -1, .starting = -1, .crashed = -1};
    return true;
}

bool formation_set(struct formation *formation, const char *type, int32_t quantity)
{
    struct process *process = formation_find(formation, type);
    if (process == NULL)
        return add(formation, type, quantity);
    process->quantity = quantity;
    return true;
}

/* ---- Replies ---- */

static int32_t quantity_of(const cJSON *object)
{
    const cJSON *quantity = cJSON_GetObjectItemCaseSensitive(object, "quantity");
    if (!cJSON_IsNumber(quantity))
        return -1;
    double number = quantity->valuedouble;
    if (!(number >= 0 && number <= INT32_MAX) || number != (double)(int32_t)number)
        return -1;
    return (int32_t)number;
}

static const char *parse_process(struct formation *formation, const cJSON *object)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "type"));
    if (type == NULL)
        return "JSON, but not a list of process types";
    int32_t quantity = quantity_of(object);
    const struct process *told = formation_find(formation, type);
    if (told != NULL && told->quantity != quantity)
        quantity = -1;
    if (!formation_set(formation, type, quantity))
        return "too large: out of memory";
    const char *size = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "size"));
    formation_find(formation, type)->is_eco = size != NULL && strcasecmp(size, "eco") == 0;
    return NULL;
}

bool formation_parse(struct formation *formation, const char *json, size_t length, const char **why)
{
    /* The NUL belongs to the text, so that anything behind the list is a mistake. */
    cJSON *root = cJSON_ParseWithLengthOpts(json, length + 1, NULL, 1);
    *why = NULL;
    if (root == NULL)
        *why = length == 0 ? "empty" : "not JSON, or cut short";
    else if (!cJSON_IsArray(root))
        *why = parse_process(formation, root);
    else
        for (const cJSON *item = root->child; item != NULL && *why == NULL; item = item->next)
            *why = parse_process(formation, item);
    cJSON_Delete(root);
    return *why == NULL;
}

/* ---- What runs ---- */

static void set_dynos(struct formation *formation, int32_t number)
{
    for (size_t i = 0; i < formation->n; i++)
        formation->items[i].up = formation->items[i].starting = formation->items[i].crashed =
            number;
}

void formation_forget_dynos(struct formation *formation)
{
    forget_ids(formation);
    set_dynos(formation, -1);
}

/* Without memory for it, it is not known. */
static void take_id(struct formation *formation, const char *id, const char *name)
{
    size_t size = (formation->n_dynos + 1) * sizeof *formation->dynos;
    struct dyno *more = realloc(formation->dynos, size);
    if (more == NULL)
        return;
    formation->dynos = more;
    struct dyno *dyno = &more[formation->n_dynos];
    *dyno = (struct dyno){strdup(id), strdup(name)};
    if (dyno->id != NULL && dyno->name != NULL) {
        formation->n_dynos++;
        return;
    }
    free(dyno->id);
    free(dyno->name);
}

/* False if it is no dyno. One of no process type, such as a console, is passed over. */
static bool take_dyno(struct formation *formation, const cJSON *dyno)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(dyno, "type"));
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(dyno, "state"));
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(dyno, "id"));
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(dyno, "name"));
    struct process *process = type != NULL ? formation_find(formation, type) : NULL;
    if (process != NULL && id != NULL && name != NULL)
        take_id(formation, id, name);
    if (process != NULL && state != NULL) {
        process->up += strcmp(state, "up") == 0;
        process->starting += strcmp(state, "starting") == 0;
        process->crashed += strcmp(state, "crashed") == 0;
    }
    return type != NULL && state != NULL;
}

bool formation_take_dynos(struct formation *formation, const char *json, size_t length)
{
    cJSON *root = cJSON_ParseWithLengthOpts(json, length + 1, NULL, 1);
    bool is_list = cJSON_IsArray(root);
    forget_ids(formation);
    set_dynos(formation, 0);
    for (const cJSON *item = is_list ? root->child : NULL; item != NULL && is_list;
         item = item->next)
        is_list = take_dyno(formation, item);
    formation->has_dynos = is_list;
    if (!is_list)
        formation_forget_dynos(formation);
    cJSON_Delete(root);
    return is_list;
}

/* ---- Names ---- */

void formation_list(const struct formation *formation, char *out, size_t room)
{
    size_t length = 0;
    out[0] = '\0';
    for (size_t i = 0; i < formation->n; i++) {
        int n = snprintf(out + length, room - length, "%s%s", i > 0 ? ", " : "",
                         formation->items[i].type);
        if (n < 0 || (size_t)n >= room - length) {
            memcpy(out + room - sizeof "...", "...", sizeof "...");
            return;
        }
        length += (size_t)n;
    }
}

static const struct dyno *find_dyno(const struct formation *formation, const char *host)
{
    for (size_t i = 0; i < formation->n_dynos; i++)
        if (strcmp(formation->dynos[i].id, host) == 0 ||
            strcmp(formation->dynos[i].name, host) == 0)
            return &formation->dynos[i];
    return NULL;
}

/* The number in "worker.3"; 0: that is no such name. */
static int32_t number_in(const struct formation *formation, const char *name,
                         const struct process **process)
{
    const char *dot = strrchr(name, '.');
    if (dot == NULL || dot[1] < '1' || dot[1] > '9' || strlen(dot + 1) > 9 ||
        strspn(dot + 1, "0123456789") != strlen(dot + 1))
        return 0;
    *process = find(formation, name, (size_t)(dot - name));
    return *process != NULL ? atoi(dot + 1) : 0;
}

/* Whether a text is like a pattern, in which x stands for a letter or a digit. */
static bool is_like(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; text++, pattern++)
        if (*pattern == 'x' ? !isalnum((unsigned char)*text) : *text != *pattern)
            return false;
    return *text == '\0';
}

/* An id, or the name of a dyno without a number of one of the types. */
static bool is_of_heroku(const struct formation *formation, const char *host)
{
    static const char end[] = "-xxxxxxxxx-xxxxx";
    size_t length = strlen(host);
    if (is_like(host, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"))
        return true;
    return length >= sizeof end && is_like(host + length - (sizeof end - 1), end) &&
           find(formation, host, length - (sizeof end - 1)) != NULL;
}

enum whereabouts formation_where(const struct formation *formation, const char *host,
                                 const struct process **process, int32_t *number)
{
    const struct dyno *dyno = find_dyno(formation, host);
    *number = number_in(formation, dyno != NULL ? dyno->name : host, process);
    if (*number > 0)
        return *number <= (*process)->quantity ? DYNO_RUNS : DYNO_GONE;
    bool is_gone = dyno == NULL && formation->has_dynos && is_of_heroku(formation, host);
    return is_gone ? DYNO_GONE : DYNO_UNKNOWN;
}
