/* SPDX-License-Identifier: MIT
 * A line is put together on the stack, made safe, and written by one write(2) under a lock: lines
 * of several threads never mix, and nothing that a store or a platform says can make a second line
 * or reach a terminal as a command. */
#include "core/log.h"

#include "core/terminal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE_MOST = 8192,   /* bytes: Heroku's Logplex splits lines past 10000 */
    SUBJECT_MOST = 256, /* bytes of a line up to the end of its subject */
    PIECE = 12,         /* room for one character as written */
    TAIL = 16,          /* room kept for what closes a line */
    PATIENCE_MS = 1000  /* with a reader that does not read; then the line is lost */
};

static const struct {
    const char *name;
    const char *mark; /* on a terminal, where it may have no colour */
    const char *colour;
} levels[] = {
    [LOG_ERROR] = {"error", "error: ", "\033[31m"},
    [LOG_WARN] = {"warn", "warning: ", "\033[33m"},
    [LOG_INFO] = {"info", "", ""},
    [LOG_DEBUG] = {"debug", "", "\033[2m"},
};

/* Set once, before there are threads. */
static struct {
    enum log_level most;
    bool is_terminal;
    bool has_colours;
} form = {.most = LOG_INFO};

static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

void log_init(enum log_level most)
{
    form.most = most;
    form.is_terminal = isatty(STDERR_FILENO);
    form.has_colours = terminal_has_colours(STDERR_FILENO);
    tzset();
}

enum log_level log_most(void)
{
    return form.most;
}

/* ---- Characters ---- */

/* Bytes of a character of UTF-8 that begins with this one; 0: none does. */
static size_t length_of(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC0)
        return 0;
    if (first < 0xE0)
        return 2;
    return first < 0xF0 ? 3 : first < 0xF8 ? 4 : 0;
}

/* Reads one character of UTF-8. Returns its bytes, 0 if they are none: cut short, longer than need
 * be, half of a pair, past the end of Unicode. */
static size_t read_char(const unsigned char *bytes, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* that needs so many bytes */
    size_t n = length_of(bytes[0]);
    *code = n < 2 ? bytes[0] : bytes[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        *code = *code << 6 | (bytes[i] & 0x3F);
    }
    bool is_half = *code >= 0xD800 && *code <= 0xDFFF;
    return *code < least[n] || is_half || *code > 0x10FFFF ? 0 : n;
}

/* Controls of both sets, and the two characters that some readers take for the end of a line. */
static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x2028 || code == 0x2029;
}

/* How the character at *text is written; moves *text past it. */
static void write_char(const char **text, bool is_quoted, char piece[PIECE])
{
    uint32_t code;
    size_t n = read_char((const unsigned char *)*text, &code);
    if (n == 0)
        snprintf(piece, PIECE, "\xEF\xBF\xBD"); /* U+FFFD, for each byte that is no character */
    else if (code == '\n' || code == '\r' || code == '\t')
        snprintf(piece, PIECE, "\\%c", code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
    else if (is_control(code))
        snprintf(piece, PIECE, "\\u%04x", (unsigned)code);
    else if (is_quoted && (code == '"' || code == '\\'))
        snprintf(piece, PIECE, "\\%c", (char)code);
    else {
        memcpy(piece, *text, n);
        piece[n] = '\0';
    }
    *text += n > 0 ? n : 1;
}

/* ---- The line ---- */

struct line {
    char chars[LINE_MOST];
    size_t length;
};

/* Adds what is ours, and short. */
static void add(struct line *line, const char *chars)
{
    size_t n = strlen(chars);
    memcpy(line->chars + line->length, chars, n);
    line->length += n;
}

/* Adds what others said, made safe; cut with an ellipsis where the line would pass `end`. */
static void add_text(struct line *line, const char *text, bool is_quoted, size_t end)
{
    while (*text != '\0') {
        char piece[PIECE];
        write_char(&text, is_quoted, piece);
        if (line->length + strlen(piece) > end) {
            add(line, "…");
            return;
        }
        add(line, piece);
    }
}

static void add_local_time(struct line *line, struct timespec now)
{
    struct tm parts;
    localtime_r(&now.tv_sec, &parts);
    line->length += strftime(line->chars, LINE_MOST, "%H:%M:%S", &parts);
}

static void add_utc(struct line *line, struct timespec now)
{
    struct tm parts;
    char text[32];
    gmtime_r(&now.tv_sec, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    add(line, text);
    snprintf(text, sizeof text, ".%03dZ", (int)(now.tv_nsec / 1000000));
    add(line, text);
}

/* Whether a value of logfmt can stand without quotes. */
static bool is_bare(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || strchr("\"=\\", *c) != NULL)
            return false;
    return text[0] != '\0';
}

static void add_quoted(struct line *line, const char *text, size_t end)
{
    add(line, "\"");
    add_text(line, text, true, end);
    add(line, "\"");
}

static void put_logfmt(struct line *line, struct timespec now, enum log_level level,
                       const char *subject, const char *text)
{
    add(line, "ts=");
    add_utc(line, now);
    add(line, " level=");
    add(line, levels[level].name);
    add(line, " subject=");
    if (is_bare(subject))
        add_text(line, subject, false, SUBJECT_MOST);
    else
        add_quoted(line, subject, SUBJECT_MOST);
    add(line, " msg=");
    add_quoted(line, text, LINE_MOST - TAIL);
}

static void put_readable(struct line *line, struct timespec now, enum log_level level,
                         const char *subject, const char *text)
{
    bool is_coloured = form.has_colours && levels[level].colour[0] != '\0';
    add_local_time(line, now);
    add(line, "  ");
    if (is_coloured)
        add(line, levels[level].colour);
    add_text(line, subject, false, SUBJECT_MOST);
    add(line, ": ");
    add(line, levels[level].mark);
    add_text(line, text, false, LINE_MOST - TAIL);
    if (is_coloured)
        add(line, "\033[0m");
}

static void put_out(const struct line *line)
{
    size_t done = 0;
    pthread_mutex_lock(&writing);
    while (done < line->length) {
        ssize_t n = write(STDERR_FILENO, line->chars + done, line->length - done);
        struct pollfd fd = {STDERR_FILENO, POLLOUT, 0};
        if (n > 0)
            done += (size_t)n;
        else if (n < 0 && errno == EAGAIN && poll(&fd, 1, PATIENCE_MS) > 0)
            continue;
        else if (n == 0 || errno != EINTR)
            break; /* there is nobody to tell */
    }
    pthread_mutex_unlock(&writing);
}

void log_write(enum log_level level, const char *subject, const char *format, ...)
{
    if (level > form.most)
        return;
    int saved = errno;
    char text[LINE_MOST]; /* what it cuts would not fit into the line either */
    struct line line;
    struct timespec now;
    va_list args;
    line.length = 0;
    clock_gettime(CLOCK_REALTIME, &now);
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (form.is_terminal)
        put_readable(&line, now, level, subject, text);
    else
        put_logfmt(&line, now, level, subject, text);
    add(&line, "\n");
    put_out(&line);
    errno = saved;
}
