/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/message.h"

#include "core/memory.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void headers_add(struct headers *headers, const char *name, const char *value)
{
    headers->at = memory_resize(headers->at, headers->n + 1, sizeof *headers->at);
    headers->at[headers->n++] = (struct header){memory_copy(name), memory_copy(value)};
}

const char *headers_find(const struct headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->n; i++)
        if (strcasecmp(headers->at[i].name, name) == 0)
            return headers->at[i].value;
    return NULL;
}

void headers_fini(struct headers *headers)
{
    for (size_t i = 0; i < headers->n; i++) {
        free(headers->at[i].name);
        free(headers->at[i].value);
    }
    free(headers->at);
    *headers = (struct headers){0};
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Undoes %41. */
static char *decode(const char *chars, size_t length)
{
    struct text text = {0};
    for (size_t i = 0; i < length; i++) {
        char c = chars[i];
        if (c == '%' && i + 2 < length && isxdigit((unsigned char)chars[i + 1]) &&
            isxdigit((unsigned char)chars[i + 2])) {
            c = (char)(hex_digit(chars[i + 1]) << 4 | hex_digit(chars[i + 2]));
            i += 2;
        }
        if (c != '\0')
            text_add_n(&text, &c, 1);
    }
    return text_take(&text);
}

void request_init(struct request *request, const char *target)
{
    *request = (struct request){.target = memory_copy(target)};
    const char *at = target + strspn(target, "/");
    while (*at != '\0' && *at != '?') {
        size_t length = strcspn(at, "/?");
        if (request->n_parts < REQUEST_PARTS_MOST)
            request->parts[request->n_parts] = decode(at, length);
        request->n_parts++;
        at += length;
        at += strspn(at, "/");
    }
}

void request_fini(struct request *request)
{
    for (size_t i = 0; i < REQUEST_PARTS_MOST; i++)
        free(request->parts[i]);
    headers_fini(&request->headers);
    text_fini(&request->body);
    free(request->method);
    free(request->target);
}

char *request_path(const struct request *request)
{
    return memory_copy_n(request->target, strcspn(request->target, "?"));
}

bool request_is(const struct request *request, const char *pattern)
{
    const char *at = pattern + 1;
    for (size_t i = 0; i < request->n_parts; i++) {
        size_t length = strcspn(at, "/");
        if (length == 0 || i >= REQUEST_PARTS_MOST)
            return false;
        bool is_any = length == 1 && *at == '*';
        if (!is_any &&
            (strncmp(request->parts[i], at, length) != 0 || request->parts[i][length] != '\0'))
            return false;
        at += length + (at[length] == '/');
    }
    return *at == '\0';
}

void reply_fini(struct reply *reply)
{
    text_fini(&reply->body);
    headers_fini(&reply->headers);
    free(reply->content_type);
    *reply = (struct reply){0};
}

void reply_set_type(struct reply *reply, const char *content_type)
{
    free(reply->content_type);
    reply->content_type = memory_copy(content_type);
}

void reply_json(struct reply *reply, int status, cJSON *json)
{
    char *chars = cJSON_PrintUnformatted(json);
    text_clear(&reply->body);
    text_add(&reply->body, chars != NULL ? chars : "null");
    reply->status = status;
    reply_set_type(reply, "application/json");
    free(chars);
    cJSON_Delete(json);
}

cJSON *reply_refusal(const char *id, const char *format, ...)
{
    char *message = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&message, format, args);
    va_end(args);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "id", id);
    cJSON_AddStringToObject(json, "message", length >= 0 ? message : "");
    free(message);
    return json;
}

void reply_refuse(struct reply *reply, int status, const char *id, const char *message)
{
    reply_json(reply, status, reply_refusal(id, "%s", message));
}
