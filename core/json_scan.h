/* SPDX-License-Identifier: MIT
 * Reads one JSON text from left to right and builds no tree: for lines by the hundred thousand.
 *
 *     struct json_scan scan = json_scan(chars, length);
 *     for (json_enter(&scan, '{'); json_next(&scan, '}');)
 *         if (json_key_is(json_key(&scan), "size")) size = json_whole(&scan); else
 * json_skip(&scan);
 *
 * What is not as it is asked for makes the scan bad: then nothing more comes out of it. */
#ifndef CORE_JSON_SCAN_H
#define CORE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_scan {
    const char *at;
    const char *end;
    bool is_bad;
};

/* A member's name, or a string, as it is written, escapes and all. */
struct json_key {
    const char *chars;
    size_t length;
};

struct json_scan json_scan(const char *chars, size_t length);

/* Begins an object or an array, told by its bracket. */
void json_enter(struct json_scan *scan, char open);

/* Whether one more member or item follows; false past the closing bracket. */
bool json_next(struct json_scan *scan, char close);

struct json_key json_key(struct json_scan *scan);
bool json_key_is(struct json_key key, const char *name);

/* The first character of the value that comes; '\0' if none does. */
char json_peek(struct json_scan *scan);

/* A number without its fraction; null, false and true count as 0, 0 and 1. */
int64_t json_whole(struct json_scan *scan);

/* A string as it is written. */
struct json_key json_quoted(struct json_scan *scan);

/* Copies a string, cut to what there is room for. */
void json_string(struct json_scan *scan, char *out, size_t room);

void json_skip(struct json_scan *scan);

/* Whether the text was good, and over. */
bool json_is_over(struct json_scan *scan);

#endif
