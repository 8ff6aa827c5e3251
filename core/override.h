/* SPDX-License-Identifier: MIT
 * What a person decided by hand about a pool: a size that is held, or a pause, with an end and a
 * reason. Times are ms of UTC, since 1970, because they outlast the program. */
#ifndef CORE_OVERRIDE_H
#define CORE_OVERRIDE_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum override_kind {
    OVERRIDE_HOLD, /* the size is this one, whatever the rules say */
    OVERRIDE_PAUSE /* no size is applied at all; goes before a hold */
};
enum { OVERRIDE_KINDS = OVERRIDE_PAUSE + 1 };

#define OVERRIDE_ENDLESS INT64_MAX

struct override {
    char *pool; /* NULL: there is none */
    enum override_kind kind;
    int32_t size; /* a hold's; else 0 */
    int64_t since_ms;
    int64_t until_ms; /* OVERRIDE_ENDLESS: until it is ended by hand */
    char *who;        /* login name */
    char *why;        /* "": they did not say */
};

struct override override_copy(const struct override *override);
void override_fini(struct override *override);
bool override_is_same(const struct override *a, const struct override *b);

/* "hold" and "pause"; and what a pool then is: "held", "paused". */
const char *override_name(enum override_kind kind);
const char *override_state(enum override_kind kind);

/* "held at 6", "paused"; "14:30:00 UTC", with the date if that is another day than utc_ms, or
 * "released", "resumed"; and all of it: "held at 6 until 14:30:00 UTC, by ann: deploy". */
void override_add_state(const struct override *override, struct text *out);
void override_add_end(const struct override *override, int64_t utc_ms, struct text *out);
void override_add(const struct override *override, int64_t utc_ms, struct text *out);

/* Whether a text may be kept, and shown on a terminal: UTF-8 of one line, and not too long. */
bool override_is_text(const char *text);

/* ---- All of them: at most one of a kind for a pool, in the order of the pools' names ---- */

struct override_list {
    struct override *all;
    size_t n;
};

void override_list_fini(struct override_list *list);

/* The pool's override of this kind that is in force at utc_ms; NULL: there is none. */
const struct override *override_list_find(const struct override_list *list, const char *pool,
                                          enum override_kind kind, int64_t utc_ms);

/* Puts it in the place of the pool's other one of its kind; it is the list's from then on. */
void override_list_put(struct override_list *list, struct override override);

/* Takes the pool's override of this kind out; whether there was one. */
bool override_list_remove(struct override_list *list, const char *pool, enum override_kind kind);

/* Takes those out that are over at utc_ms. */
void override_list_expire(struct override_list *list, int64_t utc_ms);

#endif
