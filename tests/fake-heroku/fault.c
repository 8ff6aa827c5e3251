/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/fault.h"

#include "core/memory.h"
#include "tests/fake-heroku/when.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int set_text(char **to, const char *value)
{
    free(*to);
    *to = memory_copy(value);
    return 0;
}

static int set_method(struct fault *fault, const char *value)
{
    return set_text(&fault->method, value);
}

static int set_path(struct fault *fault, const char *value)
{
    return set_text(&fault->path, value);
}

static int set_id(struct fault *fault, const char *value)
{
    return set_text(&fault->id, value);
}

static int set_message(struct fault *fault, const char *value)
{
    return set_text(&fault->message, value);
}

static int set_body(struct fault *fault, const char *value)
{
    return set_text(&fault->body, value);
}

static int set_type(struct fault *fault, const char *value)
{
    return set_text(&fault->content_type, value);
}

/* 3, 3-5 or 3- */
static int set_call(struct fault *fault, const char *value)
{
    char *end;
    long first = strtol(value, &end, 10);
    long last = first;
    if (*end == '-')
        last = end[1] == '\0' ? 0 : strtol(end + 1, &end, 10);
    if (first < 1 || (last != 0 && last < first) || (*end != '\0' && strcmp(end, "-") != 0))
        return -1;
    fault->first_call = first;
    fault->last_call = last;
    return 0;
}

static int set_after(struct fault *fault, const char *value)
{
    return when_parse(value, &fault->from_ms);
}

static int set_until(struct fault *fault, const char *value)
{
    return when_parse(value, &fault->until_ms);
}

static int set_probability(struct fault *fault, const char *value)
{
    char *end;
    fault->probability = strtod(value, &end);
    return *value != '\0' && *end == '\0' && fault->probability >= 0 && fault->probability <= 1
               ? 0
               : -1;
}

static int set_seed(struct fault *fault, const char *value)
{
    char *end;
    fault->seed = strtoull(value, &end, 10);
    return *value != '\0' && *end == '\0' ? 0 : -1;
}

static int set_delay(struct fault *fault, const char *value)
{
    return when_parse(value, &fault->delay_ms);
}

static int set_status(struct fault *fault, const char *value)
{
    char *end;
    long status = strtol(value, &end, 10);
    if (*value == '\0' || *end != '\0' || status < 200 || status > 599)
        return -1;
    fault->status = (int)status;
    return 0;
}

static int set_reset(struct fault *fault, const char *value)
{
    if (strcmp(value, "before") == 0)
        fault->breaks = FAULT_RESET_BEFORE;
    else if (strcmp(value, "after") == 0)
        fault->breaks = FAULT_RESET_AFTER;
    else
        return -1;
    return 0;
}

static int set_hang(struct fault *fault, const char *value)
{
    fault->breaks = FAULT_HANGS;
    return *value == '\0' || strcmp(value, "true") == 0 ? 0 : -1;
}

static int set_slow(struct fault *fault, const char *value)
{
    return when_parse(value, &fault->spoil.slow_ms);
}

static int set_bytes(long *bytes, const char *value)
{
    char *end;
    *bytes = strtol(value, &end, 10);
    return *value != '\0' && *end == '\0' && *bytes >= 0 && *bytes <= 64L << 20 ? 0 : -1;
}

static int set_cut(struct fault *fault, const char *value)
{
    return set_bytes(&fault->spoil.cut, value);
}

static int set_pad(struct fault *fault, const char *value)
{
    return set_bytes(&fault->spoil.pad, value);
}

static int set_shape(struct fault *fault, const char *value)
{
    fault->spoil.is_reshaped = strcmp(value, "other") == 0;
    return fault->spoil.is_reshaped ? 0 : -1;
}

static int set_chunked(struct fault *fault, const char *value)
{
    fault->spoil.is_chunked = true;
    return *value == '\0' || strcmp(value, "true") == 0 ? 0 : -1;
}

static int set_headers(struct fault *fault, const char *value)
{
    fault->spoil.is_lower = strcmp(value, "lower") == 0;
    return fault->spoil.is_lower ? 0 : -1;
}

static const struct row {
    const char *key;
    const char *takes;
    int (*set)(struct fault *, const char *);
} rows[] = {
    {"method", "a method, such as PATCH", set_method},
    {"path", "a path, in which * stands for anything", set_path},
    {"call", "a number, or two of them such as 2-4, or 2-", set_call},
    {"after", "a duration, such as 10s", set_after},
    {"until", "a duration, such as 20s", set_until},
    {"probability", "a number from 0 to 1", set_probability},
    {"seed", "a whole number", set_seed},
    {"delay", "a duration, such as 2s", set_delay},
    {"status", "a status from 200 to 599", set_status},
    {"id", "a text", set_id},
    {"message", "a text", set_message},
    {"body", "a text", set_body},
    {"type", "a content type", set_type},
    {"slow", "a duration, such as 2s", set_slow},
    {"cut", "a number of bytes", set_cut},
    {"pad", "a number of bytes", set_pad},
    {"shape", "other", set_shape},
    {"chunked", "nothing", set_chunked},
    {"headers", "lower", set_headers},
    {"reset", "before or after", set_reset},
    {"hang", "nothing", set_hang},
};

enum { N_ROWS = sizeof rows / sizeof rows[0] };

static int set(struct fault *fault, const char *key, const char *value, struct error *error)
{
    const char *keys[N_ROWS];
    for (size_t i = 0; i < N_ROWS; i++) {
        keys[i] = rows[i].key;
        if (strcmp(key, rows[i].key) != 0)
            continue;
        if (rows[i].set(fault, value) == 0)
            return 0;
        return error_set(error, "%s takes %s, not \"%s\"", key, rows[i].takes, value);
    }
    const char *nearest = text_nearest(key, keys, N_ROWS);
    return error_set(error, "\"%s\" is no key of a fault%s%s%s", key,
                     nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
                     nearest != NULL ? "\"?" : "");
}

static struct fault *fault_new(int64_t now_ms)
{
    struct fault *fault = memory_new(1, sizeof *fault);
    *fault = (struct fault){.first_call = 1,
                            .until_ms = WHEN_NEVER,
                            .probability = 1,
                            .seed = 1,
                            .made_ms = now_ms,
                            .spoil = {.cut = -1}};
    return fault;
}

static void fault_free(struct fault *fault)
{
    free(fault->method);
    free(fault->path);
    free(fault->id);
    free(fault->message);
    free(fault->body);
    free(fault->content_type);
    free(fault);
}

static bool spoils(const struct spoil *spoil)
{
    return spoil->slow_ms > 0 || spoil->cut >= 0 || spoil->pad > 0 || spoil->is_reshaped ||
           spoil->is_chunked || spoil->is_lower;
}

static int keep(struct faults *faults, struct fault *fault, int result, struct error *error)
{
    if (result == 0 && fault->delay_ms == 0 && fault->breaks == FAULT_ANSWERS &&
        fault->status == 0 && !spoils(&fault->spoil))
        result =
            error_set(error, "it does nothing: it needs delay, status, reset, hang, slow, cut, "
                             "pad, shape, chunked or headers");
    if (result < 0) {
        fault_free(fault);
        return -1;
    }
    faults->at = memory_resize(faults->at, faults->n + 1, sizeof *faults->at);
    faults->at[faults->n++] = fault;
    return 0;
}

/* Cuts the next word KEY=VALUE or KEY off the text; NULL at its end. In place. */
static char *next_word(char **at, char **value)
{
    char *word = *at + strspn(*at, " \t,");
    if (*word == '\0')
        return NULL;
    char *end = word + strcspn(word, " \t,=");
    bool has_value = *end == '=';
    *value = has_value ? end + 1 : end;
    if (has_value) {
        *end = '\0';
        bool is_quoted = **value == '\'' && strchr(*value + 1, '\'') != NULL;
        *value += is_quoted;
        end = is_quoted ? strchr(*value, '\'') : *value + strcspn(*value, " \t,");
    }
    *at = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

int faults_add_text(struct faults *faults, const char *text, int64_t now_ms, struct error *error)
{
    struct fault *fault = fault_new(now_ms);
    char *copy = memory_copy(text);
    char *at = copy;
    char *value;
    int result = 0;
    for (char *key = next_word(&at, &value); key != NULL && result == 0;
         key = next_word(&at, &value))
        result = set(fault, key, value, error);
    free(copy);
    return keep(faults, fault, result, error);
}

int faults_add_json(struct faults *faults, const cJSON *object, int64_t now_ms, struct error *error)
{
    if (!cJSON_IsObject(object))
        return error_set(error, "a fault is an object");
    struct fault *fault = fault_new(now_ms);
    int result = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        char *value =
            cJSON_IsString(item) ? memory_copy(item->valuestring) : cJSON_PrintUnformatted(item);
        if (result == 0)
            result = set(fault, item->string, value != NULL ? value : "", error);
        free(value);
    }
    return keep(faults, fault, result, error);
}

void faults_clear(struct faults *faults)
{
    for (size_t i = 0; i < faults->n; i++)
        fault_free(faults->at[i]);
    faults->n = 0;
}

void faults_fini(struct faults *faults)
{
    faults_clear(faults);
    free(faults->at);
    *faults = (struct faults){0};
}

static void add_ms(cJSON *json, const char *key, int64_t ms)
{
    char value[32];
    snprintf(value, sizeof value, "%lldms", (long long)ms);
    if (ms != 0 && ms != WHEN_NEVER)
        cJSON_AddStringToObject(json, key, value);
}

static void add_text(cJSON *json, const char *key, const char *value)
{
    if (value != NULL)
        cJSON_AddStringToObject(json, key, value);
}

static cJSON *fault_json(const struct fault *fault)
{
    static const char *const breaks[] = {NULL, "before", "after", NULL};
    cJSON *json = cJSON_CreateObject();
    add_text(json, "method", fault->method);
    add_text(json, "path", fault->path);
    char call[64];
    if (fault->last_call > 0)
        snprintf(call, sizeof call, "%ld-%ld", fault->first_call, fault->last_call);
    else
        snprintf(call, sizeof call, "%ld-", fault->first_call);
    add_text(json, "call", call);
    add_ms(json, "after", fault->from_ms);
    add_ms(json, "until", fault->until_ms);
    cJSON_AddNumberToObject(json, "probability", fault->probability);
    add_ms(json, "delay", fault->delay_ms);
    if (fault->status > 0)
        cJSON_AddNumberToObject(json, "status", fault->status);
    add_text(json, "reset", breaks[fault->breaks]);
    add_ms(json, "slow", fault->spoil.slow_ms);
    if (fault->spoil.cut >= 0)
        cJSON_AddNumberToObject(json, "cut", (double)fault->spoil.cut);
    if (fault->spoil.pad > 0)
        cJSON_AddNumberToObject(json, "pad", (double)fault->spoil.pad);
    add_text(json, "shape", fault->spoil.is_reshaped ? "other" : NULL);
    if (fault->spoil.is_chunked)
        cJSON_AddTrueToObject(json, "chunked");
    add_text(json, "headers", fault->spoil.is_lower ? "lower" : NULL);
    if (fault->breaks == FAULT_HANGS)
        cJSON_AddTrueToObject(json, "hang");
    cJSON_AddNumberToObject(json, "calls", (double)fault->calls);
    cJSON_AddNumberToObject(json, "hits", (double)fault->hits);
    return json;
}

cJSON *faults_json(const struct faults *faults)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < faults->n; i++)
        cJSON_AddItemToArray(list, fault_json(faults->at[i]));
    return list;
}

/* A number from 0 to 1 (xorshift64*): the same row of them for the same seed. */
static double draw(uint64_t *seed)
{
    uint64_t x = *seed != 0 ? *seed : 1;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *seed = x;
    return (double)(x * 2685821657736338717ULL >> 11) / 9007199254740992.0;
}

static bool strikes(struct fault *fault, const struct request *request, const char *path,
                    int64_t now_ms)
{
    int64_t age_ms = now_ms - fault->made_ms;
    if (fault->method != NULL && strcasecmp(fault->method, request->method) != 0)
        return false;
    if (fault->path != NULL && fnmatch(fault->path, path, 0) != 0)
        return false;
    if (age_ms < fault->from_ms || age_ms >= fault->until_ms)
        return false;
    fault->calls++;
    if (fault->calls < fault->first_call ||
        (fault->last_call > 0 && fault->calls > fault->last_call))
        return false;
    return fault->probability >= 1 || draw(&fault->seed) < fault->probability;
}

const struct fault *faults_strike(struct faults *faults, const struct request *request,
                                  int64_t now_ms)
{
    char *path = request_path(request);
    struct fault *found = NULL;
    for (size_t i = 0; i < faults->n; i++)
        if (strikes(faults->at[i], request, path, now_ms) && found == NULL)
            found = faults->at[i];
    if (found != NULL)
        found->hits++;
    free(path);
    return found;
}

void fault_answer(const struct fault *fault, struct reply *reply)
{
    reply_refuse(reply, fault->status, fault->id != NULL ? fault->id : "fault",
                 fault->message != NULL ? fault->message : "The fake was told to fail.");
    if (fault->body != NULL) {
        text_clear(&reply->body);
        text_add(&reply->body, fault->body);
    }
    if (fault->content_type != NULL)
        reply_set_type(reply, fault->content_type);
}

static void reshape(struct reply *reply)
{
    cJSON *json = cJSON_ParseWithLength(reply->body.chars, reply->body.length);
    if (json == NULL)
        return;
    cJSON *other = cJSON_IsArray(json) ? cJSON_DetachItemFromArray(json, 0) : cJSON_CreateArray();
    if (!cJSON_IsArray(json))
        cJSON_AddItemToArray(other, json);
    else
        cJSON_Delete(json);
    reply_json(reply, reply->status, other != NULL ? other : cJSON_CreateObject());
}

void fault_spoil(const struct spoil *spoil, struct reply *reply)
{
    if (spoil->is_reshaped)
        reshape(reply);
    for (size_t i = 0; spoil->is_lower && i < reply->headers.n; i++)
        for (char *c = reply->headers.at[i].name; *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
    if (spoil->pad == 0)
        return;
    struct text body = {0};
    char *blanks = memory_new((size_t)spoil->pad + 1, 1);
    memset(blanks, ' ', (size_t)spoil->pad);
    text_add(&body, blanks);
    text_add_n(&body, text_chars(&reply->body), reply->body.length);
    free(blanks);
    text_fini(&reply->body);
    reply->body = body;
}
