/* SPDX-License-Identifier: MIT
 * What dynos write and what befalls them, in the line format of the platform's log:
 * `2026-01-02T03:04:05.123456+00:00 app[worker.1]: text`. */
#ifndef FAKE_DYNOLOG_H
#define FAKE_DYNOLOG_H

#include "core/error.h"
#include "core/text.h"

enum { DYNOLOG_LINE_MOST = 10000 }; /* bytes; longer lines are split, as the platform does */

struct dynolog;

/* Appends to the file; NULL: standard error. */
struct dynolog *dynolog_new(const char *file, struct error *error);
void dynolog_free(struct dynolog *log);

/* One line, by one write(2). Source: "app" (what the dyno wrote), "heroku" (the platform). */
void dynolog_line(struct dynolog *log, const char *source, const char *dyno, const char *text,
                  size_t length);
void dynolog_say(struct dynolog *log, const char *source, const char *dyno, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Takes bytes that a dyno wrote; whole lines go to the log, the rest waits in `rest`. */
void dynolog_feed(struct dynolog *log, const char *dyno, struct text *rest, const char *bytes,
                  size_t length);
/* Writes what still waits. */
void dynolog_flush(struct dynolog *log, const char *dyno, struct text *rest);

#endif
