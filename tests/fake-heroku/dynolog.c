/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/dynolog.h"

#include "core/memory.h"
#include "tests/fake-heroku/when.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct dynolog {
    int fd;
};

struct dynolog *dynolog_new(const char *file, struct error *error)
{
    int fd =
        file == NULL ? STDERR_FILENO : open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        error_set(error, "cannot write the dynos' log %s: %s", file, strerror(errno));
        return NULL;
    }
    struct dynolog *log = memory_new(1, sizeof *log);
    log->fd = fd;
    return log;
}

void dynolog_free(struct dynolog *log)
{
    if (log == NULL)
        return;
    if (log->fd != STDERR_FILENO)
        close(log->fd);
    free(log);
}

void dynolog_line(struct dynolog *log, const char *source, const char *dyno, const char *text,
                  size_t length)
{
    char time[WHEN_SIZE];
    struct text line = {0};
    text_add_format(&line, "%s %s[%s]: ", when_log(when_wall_us(), time), source, dyno);
    text_add_n(&line, text, length);
    text_add(&line, "\n");
    while (write(log->fd, line.chars, line.length) < 0 && errno == EINTR)
        continue;
    text_fini(&line);
}

void dynolog_say(struct dynolog *log, const char *source, const char *dyno, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length >= 0)
        dynolog_line(log, source, dyno, text, (size_t)length);
    free(text);
}

/* The length of the first line in `rest`, its end included; 0 if there is no whole one. */
static size_t first_line(const struct text *rest)
{
    const char *end = rest->length > 0 ? memchr(rest->chars, '\n', rest->length) : NULL;
    size_t length = end != NULL ? (size_t)(end - rest->chars) + 1 : 0;
    if (length > DYNOLOG_LINE_MOST + 1 || (length == 0 && rest->length > DYNOLOG_LINE_MOST))
        return DYNOLOG_LINE_MOST;
    return length;
}

void dynolog_feed(struct dynolog *log, const char *dyno, struct text *rest, const char *bytes,
                  size_t length)
{
    text_add_n(rest, bytes, length);
    for (size_t line = first_line(rest); line > 0; line = first_line(rest)) {
        size_t shown = line - (rest->chars[line - 1] == '\n');
        dynolog_line(log, "app", dyno, rest->chars, shown);
        rest->length -= line;
        memmove(rest->chars, rest->chars + line, rest->length + 1);
    }
}

void dynolog_flush(struct dynolog *log, const char *dyno, struct text *rest)
{
    if (rest->length > 0)
        dynolog_line(log, "app", dyno, rest->chars, rest->length);
    text_clear(rest);
}
