/* SPDX-License-Identifier: MIT
 * A request as it came, and the reply to it. */
#ifndef FAKE_MESSAGE_H
#define FAKE_MESSAGE_H

#include "core/text.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct header {
    char *name;
    char *value;
};

struct headers {
    struct header *at;
    size_t n;
};

void headers_add(struct headers *headers, const char *name, const char *value);
/* The value, whatever the case of the name; NULL if there is none. */
const char *headers_find(const struct headers *headers, const char *name);
void headers_fini(struct headers *headers);

enum { REQUEST_PARTS_MOST = 8 };

struct request {
    uint64_t connection; /* the number of its connection, from 1 */
    char *method;
    char *target; /* as it came, with the query */
    struct headers headers;
    struct text body;
    char
        *parts[REQUEST_PARTS_MOST]; /* the path's, decoded: /apps/x/dynos is "apps", "x", "dynos" */
    size_t n_parts;                 /* more than REQUEST_PARTS_MOST: the path is none we know */
};

struct reply {
    int status;
    struct text body;
    char *content_type;
    struct headers headers;
};

/* method NULL: it is set later. */
void request_init(struct request *request, const char *target);
void request_fini(struct request *request);
/* The path, without the query: the caller's, free(). */
char *request_path(const struct request *request);
/* True if the path is this one; "*" stands for any part. */
bool request_is(const struct request *request, const char *pattern);

void reply_fini(struct reply *reply);
void reply_set_type(struct reply *reply, const char *content_type);
/* Each replaces what the reply was. Takes the JSON. */
void reply_json(struct reply *reply, int status, cJSON *json);
/* {"id", "message"}, as the platform refuses; further members can be added to the JSON it returns
 * before reply_json(). */
cJSON *reply_refusal(const char *id, const char *format, ...) __attribute__((format(printf, 2, 3)));
void reply_refuse(struct reply *reply, int status, const char *id, const char *message);

#endif
