/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/record.h"

#include "core/memory.h"
#include "tests/fake-heroku/digest.h"
#include "tests/fake-heroku/when.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct record {
    int fd;
};

/* What must not be seen. */
struct secrets {
    const char **at;
    size_t n;
};

struct record *record_new(const char *file, struct error *error)
{
    int fd =
        file == NULL ? STDOUT_FILENO : open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        error_set(error, "cannot write the log %s: %s", file, strerror(errno));
        return NULL;
    }
    struct record *record = memory_new(1, sizeof *record);
    record->fd = fd;
    return record;
}

void record_free(struct record *record)
{
    if (record == NULL)
        return;
    if (record->fd != STDOUT_FILENO)
        close(record->fd);
    free(record);
}

/* The bytes of the UTF-8 character that starts here; 0 if none does. */
static size_t character(const unsigned char *at)
{
    size_t length = *at < 0x80 ? 1 : *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2;
    if (*at > 0xf4 || (*at >= 0x80 && *at < 0xc2))
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

/* Shorter tokens are hidden where they authorise, but not sought elsewhere: they are words. */
enum { SOUGHT_LEAST = 8 };

static const char *secret_at(const char *at, const struct secrets *secrets)
{
    for (size_t i = 0; i < secrets->n; i++)
        if (strncmp(at, secrets->at[i], strlen(secrets->at[i])) == 0)
            return secrets->at[i];
    return NULL;
}

static void add_secret(struct secrets *secrets, const char *secret)
{
    if (strlen(secret) >= SOUGHT_LEAST)
        secrets->at[secrets->n++] = secret;
}

/* A copy with marks for secrets, and U+FFFD for what is no UTF-8: the caller's. */
static char *clean(const char *chars, const struct secrets *secrets)
{
    struct text text = {0};
    while (*chars != '\0') {
        const char *secret = secret_at(chars, secrets);
        size_t length = character((const unsigned char *)chars);
        char mark[DIGEST_MARK_SIZE];
        if (secret != NULL) {
            digest_mark(secret, mark);
            text_add(&text, mark);
            length = strlen(secret);
        } else if (length == 0) {
            text_add(&text, "\xef\xbf\xbd");
            length = 1;
        } else {
            text_add_n(&text, chars, length);
        }
        chars += length;
    }
    return text_take(&text);
}

static void add_clean(cJSON *json, const char *name, const char *value,
                      const struct secrets *secrets)
{
    char *text = clean(value, secrets);
    cJSON_AddStringToObject(json, name, text);
    free(text);
}

static bool is_secret(const char *header)
{
    static const char *const names[] = {"Authorization", "Proxy-Authorization", "Cookie",
                                        "Heroku-Two-Factor-Code"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(header, names[i]) == 0)
            return true;
    return false;
}

/* "Bearer sha256:...": what was hashed is the token, also where Basic wrapped it. */
static char *hidden(const char *value)
{
    char mark[DIGEST_MARK_SIZE];
    char *token = token_of(value);
    digest_mark(token != NULL ? token : value, mark);
    char *text = token != NULL ? memory_format("%.*s %s", (int)strcspn(value, " "), value, mark)
                               : memory_copy(mark);
    free(token);
    return text;
}

static void add_header(cJSON *json, const struct header *header, const struct secrets *secrets)
{
    char *name = clean(header->name, secrets);
    for (char *c = name; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    char *value = is_secret(header->name) ? hidden(header->value) : clean(header->value, secrets);
    cJSON *old = cJSON_GetObjectItemCaseSensitive(json, name);
    if (old != NULL) {
        char *both = memory_format("%s, %s", old->valuestring, value);
        cJSON_SetValuestring(old, both);
        free(both);
    } else {
        cJSON_AddStringToObject(json, name, value);
    }
    free(name);
    free(value);
}

static void add_request(cJSON *json, const struct request *request, const struct secrets *secrets)
{
    char *path = request_path(request);
    cJSON_AddStringToObject(json, "method", request->method);
    add_clean(json, "path", path, secrets);
    if (request->target[strlen(path)] == '?')
        add_clean(json, "query", request->target + strlen(path) + 1, secrets);
    free(path);
    cJSON *headers = cJSON_AddObjectToObject(json, "headers");
    for (size_t i = 0; i < request->headers.n; i++)
        add_header(headers, &request->headers.at[i], secrets);
    if (request->body.length > 0)
        add_clean(json, "body", text_chars(&request->body), secrets);
    else
        cJSON_AddNullToObject(json, "body");
}

static cJSON *line_of(const struct record_entry *entry, const struct secrets *secrets)
{
    char time[WHEN_SIZE];
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "time", when_log(entry->wall_us, time));
    cJSON_AddNumberToObject(json, "connection", (double)entry->request->connection);
    add_request(json, entry->request, secrets);
    if (entry->status > 0)
        cJSON_AddNumberToObject(json, "status", entry->status);
    else
        cJSON_AddNullToObject(json, "status");
    if (entry->fault != NULL)
        cJSON_AddStringToObject(json, "fault", entry->fault);
    cJSON_AddNumberToObject(json, "tokens_left", (double)entry->tokens_left);
    cJSON_AddItemToObject(json, "before", entry->before);
    cJSON_AddItemToObject(json, "after", entry->after);
    return json;
}

void record_write(struct record *record, const struct record_entry *entry,
                  const struct token *tokens, size_t n_tokens)
{
    char *own = token_of(headers_find(&entry->request->headers, "Authorization"));
    struct secrets secrets = {memory_new(n_tokens + 1, sizeof *secrets.at), 0};
    for (size_t i = 0; i < n_tokens; i++)
        add_secret(&secrets, tokens[i].text);
    if (own != NULL)
        add_secret(&secrets, own);
    cJSON *json = line_of(entry, &secrets);
    char *line = cJSON_PrintUnformatted(json);
    if (line != NULL) {
        size_t length = strlen(line);
        line[length] = '\n'; /* in place of the end: one write, one line */
        while (write(record->fd, line, length + 1) < 0 && errno == EINTR)
            continue;
    }
    free(line);
    free(secrets.at);
    free(own);
    cJSON_Delete(json);
}
