/* SPDX-License-Identifier: MIT
 * What reaches standard error, byte for byte. Each test puts something else in its place, writes,
 * puts it back, and looks at what came out. */
#include "core/log.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_MOST = 8192, ROOM = 65536 };

/* ---- Standard error, replaced ---- */

struct capture {
    int saved_fd;
    int read_fd;
    char chars[ROOM];
};

static void capture_to(struct capture *capture, int write_fd, int read_fd, enum log_level most)
{
    capture->saved_fd = dup(STDERR_FILENO);
    capture->read_fd = read_fd;
    dup2(write_fd, STDERR_FILENO);
    close(write_fd);
    log_init(most);
}

static void capture_pipe(struct capture *capture, enum log_level most)
{
    int fds[2];
    CHECK_INT(pipe(fds), 0);
    capture_to(capture, fds[1], fds[0], most);
}

/* A terminal, raw so that it passes on what it gets. */
static void capture_terminal(struct capture *capture, const char *kind, const char *no_colour)
{
    struct termios raw;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK_INT(grantpt(master), 0);
    CHECK_INT(unlockpt(master), 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    CHECK_INT(tcgetattr(slave, &raw), 0);
    cfmakeraw(&raw);
    CHECK_INT(tcsetattr(slave, TCSANOW, &raw), 0);
    setenv("TERM", kind, 1);
    if (no_colour != NULL)
        setenv("NO_COLOR", no_colour, 1);
    else
        unsetenv("NO_COLOR");
    capture_to(capture, slave, master, LOG_DEBUG);
}

/* Reads until there is a line's end, which is written with the line. */
static const char *captured(struct capture *capture)
{
    size_t length = 0;
    while (length < ROOM - 1 && (length == 0 || capture->chars[length - 1] != '\n')) {
        ssize_t n = read(capture->read_fd, capture->chars + length, ROOM - 1 - length);
        if (n <= 0)
            break;
        length += (size_t)n;
    }
    capture->chars[length] = '\0';
    dup2(capture->saved_fd, STDERR_FILENO);
    close(capture->saved_fd);
    close(capture->read_fd);
    return capture->chars;
}

/* What a logfmt line says after its time. */
static const char *after_time(const char *line)
{
    const char *space = strchr(line, ' ');
    return space != NULL ? space + 1 : line;
}

static void check_logfmt(const char *subject, const char *text, const char *expected)
{
    static struct capture capture;
    capture_pipe(&capture, LOG_INFO);
    log_write(LOG_INFO, subject, "%s", text);
    CHECK_TEXT(after_time(captured(&capture)), expected);
}

static void check_message(const char *text, const char *expected)
{
    char line[4096];
    snprintf(line, sizeof line, "level=info subject=worker msg=\"%s\"\n", expected);
    check_logfmt("worker", text, line);
}

/* ---- logfmt ---- */

static void elsewhere_than_on_a_terminal_it_is_logfmt(void)
{
    check_logfmt("worker", "2 -> 5 (31 waiting)",
                 "level=info subject=worker msg=\"2 -> 5 (31 waiting)\"\n");
}

/* The pattern of a text: 0 for a digit, all else as it is. */
static bool is_like(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; text++, pattern++)
        if (*pattern == '0' ? *text < '0' || *text > '9' : *text != *pattern)
            return false;
    return true;
}

/* By the log's clock: time() may lag behind it, and tell the second before. */
static time_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec;
}

static void the_time_is_utc_with_milliseconds(void)
{
    static struct capture capture;
    setenv("TZ", "XYZ-13", 1);
    capture_pipe(&capture, LOG_INFO);
    time_t before = now();
    log_write(LOG_INFO, "worker", "x");
    const char *line = captured(&capture);
    struct tm parts = {0};
    CHECK(is_like(line, "ts=0000-00-00T00:00:00.000Z "));
    CHECK(strptime(line, "ts=%Y-%m-%dT%H:%M:%S", &parts) != NULL);
    CHECK(timegm(&parts) >= before && timegm(&parts) <= now());
    unsetenv("TZ");
}

static void levels_have_names_and_a_limit(void)
{
    static struct capture capture;
    capture_pipe(&capture, LOG_INFO);
    log_write(LOG_DEBUG, "worker", "not written");
    log_write(LOG_WARN, "worker", "coped with");
    CHECK_TEXT(after_time(captured(&capture)), "level=warn subject=worker msg=\"coped with\"\n");
    capture_pipe(&capture, LOG_ERROR);
    log_write(LOG_WARN, "worker", "not written");
    log_write(LOG_ERROR, "worker", "a person is needed");
    CHECK_HAS(captured(&capture), "level=error ");
    CHECK(strstr(capture.chars, "not written") == NULL);
    capture_pipe(&capture, LOG_DEBUG);
    log_write(LOG_DEBUG, "worker", "a fault");
    CHECK_HAS(captured(&capture), "level=debug ");
}

static void what_would_end_a_value_is_escaped(void)
{
    check_message("say \"hello\" to C:\\x", "say \\\"hello\\\" to C:\\\\x");
    check_message("a=b c", "a=b c");
    check_message("", "");
}

static void a_line_stays_one_line(void)
{
    check_message("one\ntwo\r\nthree\tfour", "one\\ntwo\\r\\nthree\\tfour");
    check_message("\x01\x1b[31mred\x7f", "\\u0001\\u001b[31mred\\u007f");
    check_message("csi \xC2\x9B next \xC2\x85 end", "csi \\u009b next \\u0085 end");
    check_message("a\xE2\x80\xA8ts=\xE2\x80\xA9", "a\\u2028ts=\\u2029");
}

static void good_utf_8_passes(void)
{
    check_message("été ☃ 𝄞 €", "été ☃ 𝄞 €");
    check_message("\xC2\xA0|\xDF\xBF|\xE0\xA0\x80|\xEF\xBF\xBD|\xF4\x8F\xBF\xBF",
                  "\xC2\xA0|\xDF\xBF|\xE0\xA0\x80|\xEF\xBF\xBD|\xF4\x8F\xBF\xBF");
}

static void bad_utf_8_is_replaced(void)
{
    check_message("lone \x80 end", "lone \uFFFD end");
    check_message("cut \xE2\x82", "cut \uFFFD\uFFFD");
    check_message("too long \xC0\xAF \xE0\x80\xAF", "too long \uFFFD\uFFFD \uFFFD\uFFFD\uFFFD");
    check_message("half \xED\xA0\x80", "half \uFFFD\uFFFD\uFFFD");
    check_message("past the end \xF4\x90\x80\x80", "past the end \uFFFD\uFFFD\uFFFD\uFFFD");
    check_message("\xFF\xFE", "\uFFFD\uFFFD");
    check_message("broken \xC3( off", "broken \uFFFD( off");
}

static void a_subject_is_quoted_where_it_must_be(void)
{
    check_logfmt("delayedjob#2", "x", "level=info subject=delayedjob#2 msg=\"x\"\n");
    check_logfmt("my file.yml", "x", "level=info subject=\"my file.yml\" msg=\"x\"\n");
    check_logfmt("a=b", "x", "level=info subject=\"a=b\" msg=\"x\"\n");
    check_logfmt("a\"\nb", "x", "level=info subject=\"a\\\"\\nb\" msg=\"x\"\n");
    check_logfmt("été", "x", "level=info subject=\"été\" msg=\"x\"\n");
    check_logfmt("", "x", "level=info subject=\"\" msg=\"x\"\n");
}

/* ---- Long lines ---- */

/* A message of the same piece over and over, as one line; its length. */
static size_t check_long(const char *piece, const char *end)
{
    static struct capture capture;
    static char text[4 * LINE_MOST];
    text[0] = '\0';
    size_t n = strlen(piece);
    for (size_t at = 0; at + n < sizeof text; at += n)
        memcpy(text + at, piece, n + 1);
    capture_pipe(&capture, LOG_INFO);
    log_write(LOG_INFO, "worker", "%s", text);
    size_t length = strlen(captured(&capture));
    CHECK(length <= LINE_MOST);
    CHECK_INT(strchr(capture.chars, '\n') - capture.chars, length - 1);
    CHECK_TEXT(capture.chars + length - strlen(end), end);
    return length;
}

static void a_long_message_is_cut_at_a_character(void)
{
    CHECK(check_long("x", "xxx…\"\n") > LINE_MOST - 32);
    CHECK(check_long("€", "€€€…\"\n") > LINE_MOST - 32);
    CHECK(check_long("\"", "\\\"\\\"…\"\n") > LINE_MOST - 32);
    CHECK(check_long("\x01", "\\u0001…\"\n") > LINE_MOST - 32);
    CHECK(check_long("\xFF", "\uFFFD…\"\n") > LINE_MOST - 32);
}

static void a_long_subject_leaves_room_for_the_message(void)
{
    static struct capture capture;
    static char subject[LINE_MOST];
    memset(subject, 's', sizeof subject - 1);
    capture_pipe(&capture, LOG_INFO);
    log_write(LOG_INFO, subject, "what happened");
    CHECK_HAS(captured(&capture), "ss… msg=\"what happened\"\n");
    subject[0] = '"';
    capture_pipe(&capture, LOG_INFO);
    log_write(LOG_INFO, subject, "what happened");
    CHECK_HAS(captured(&capture), "ss…\" msg=\"what happened\"\n");
}

/* ---- A terminal ---- */

static void check_terminal(const char *kind, const char *no_colour, enum log_level level,
                           const char *text, const char *expected)
{
    static struct capture capture;
    capture_terminal(&capture, kind, no_colour);
    log_write(level, "worker", "%s", text);
    const char *line = captured(&capture);
    CHECK(is_like(line, "00:00:00  "));
    CHECK_TEXT(line + strlen("00:00:00  "), expected);
}

static void on_a_terminal_it_is_readable(void)
{
    check_terminal("xterm", NULL, LOG_INFO, "2 -> 5", "worker: 2 -> 5\n");
    check_terminal("dumb", NULL, LOG_ERROR, "no", "worker: error: no\n");
    check_terminal("dumb", NULL, LOG_WARN, "well", "worker: warning: well\n");
    check_terminal("dumb", NULL, LOG_DEBUG, "hm", "worker: hm\n");
    check_terminal("xterm", NULL, LOG_INFO, "say \"a\\b\"", "worker: say \"a\\b\"\n");
}

static void the_time_there_is_local(void)
{
    static struct capture capture;
    struct tm parts;
    const time_t ahead = 13L * 3600;
    setenv("TZ", "XYZ-13", 1);
    capture_terminal(&capture, "dumb", NULL);
    time_t before = now();
    log_write(LOG_INFO, "worker", "x");
    const char *line = captured(&capture);
    time_t after = now();
    bool is_one_of_them = false;
    for (time_t at = before; at <= after; at++) {
        char expected[16];
        time_t local = at + ahead;
        strftime(expected, sizeof expected, "%H:%M:%S  ", gmtime_r(&local, &parts));
        is_one_of_them |= strncmp(line, expected, strlen(expected)) == 0;
    }
    CHECK(is_one_of_them);
    unsetenv("TZ");
}

static void colour_tells_the_level(void)
{
    check_terminal("xterm", NULL, LOG_ERROR, "no", "\033[31mworker: error: no\033[0m\n");
    check_terminal("xterm", "", LOG_WARN, "well", "\033[33mworker: warning: well\033[0m\n");
    check_terminal("xterm", NULL, LOG_DEBUG, "hm", "\033[2mworker: hm\033[0m\n");
    check_terminal("xterm", "1", LOG_ERROR, "no", "worker: error: no\n");
}

static void nothing_written_is_a_command_to_the_terminal(void)
{
    check_terminal("xterm", NULL, LOG_INFO,
                   "\x1b]0;owned\x07\nnext\xC2\x9B"
                   "2J",
                   "worker: \\u001b]0;owned\\u0007\\nnext\\u009b2J\n");
}

/* ---- Writing ---- */

static void a_line_is_one_write(void)
{
    int fds[2];
    static struct capture capture;
    char bytes[LINE_MOST + 1];
    CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0); /* keeps writes apart */
    capture_to(&capture, fds[1], fds[0], LOG_INFO);
    log_write(LOG_INFO, "worker", "%8000s", "first");
    log_write(LOG_INFO, "worker", "second");
    ssize_t first = read(fds[0], bytes, sizeof bytes);
    CHECK(first > 8000 && bytes[first - 1] == '\n');
    CHECK_HAS(captured(&capture), "msg=\"second\"\n");
}

static void errno_stays(void)
{
    static struct capture capture;
    capture_pipe(&capture, LOG_INFO);
    close(STDERR_FILENO);
    errno = ENOENT;
    log_write(LOG_INFO, "worker", "into nothing");
    CHECK_INT(errno, ENOENT);
    CHECK_TEXT(captured(&capture), "");
}

enum { THREADS = 8, LINES = 200, LENGTH = 6000 }; /* longer than a pipe takes at once */

static void *write_lines(void *argument)
{
    const char *letter = argument;
    char text[LENGTH + 1];
    memset(text, *letter, LENGTH);
    text[LENGTH] = '\0';
    for (int i = 0; i < LINES; i++)
        log_write(LOG_INFO, "thread", "%s", text);
    return NULL;
}

/* Whether a line is all one letter between its quotes, of the right number. */
static bool is_whole(const char *line)
{
    const char *text = strstr(line, "msg=\"");
    if (text == NULL)
        return false;
    text += strlen("msg=\"");
    for (size_t i = 0; i < LENGTH; i++)
        if (text[i] != text[0])
            return false;
    return strcmp(text + LENGTH, "\"\n") == 0;
}

static void lines_of_threads_do_not_mix(void)
{
    static struct capture capture;
    static char letters[] = "abcdefgh";
    pthread_t threads[THREADS];
    char line[LINE_MOST + 1];
    int whole = 0;
    int n = 0;
    capture_pipe(&capture, LOG_INFO);
    FILE *lines = fdopen(dup(capture.read_fd), "r");
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, write_lines, &letters[i]), 0);
    while (n < THREADS * LINES && fgets(line, sizeof line, lines) != NULL) {
        n += strchr(line, '\n') != NULL;
        whole += is_whole(line);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(whole, THREADS * LINES);
    dup2(capture.saved_fd, STDERR_FILENO);
    fclose(lines);
    close(capture.read_fd);
    close(capture.saved_fd);
}

static const struct test tests[] = {
    {"elsewhere than on a terminal it is logfmt", elsewhere_than_on_a_terminal_it_is_logfmt},
    {"the time is UTC with milliseconds", the_time_is_utc_with_milliseconds},
    {"levels have names and a limit", levels_have_names_and_a_limit},
    {"what would end a value is escaped", what_would_end_a_value_is_escaped},
    {"a line stays one line", a_line_stays_one_line},
    {"good UTF-8 passes", good_utf_8_passes},
    {"bad UTF-8 is replaced", bad_utf_8_is_replaced},
    {"a subject is quoted where it must be", a_subject_is_quoted_where_it_must_be},
    {"a long message is cut at a character", a_long_message_is_cut_at_a_character},
    {"a long subject leaves room for the message", a_long_subject_leaves_room_for_the_message},
    {"on a terminal it is readable", on_a_terminal_it_is_readable},
    {"the time there is local", the_time_there_is_local},
    {"colour tells the level", colour_tells_the_level},
    {"nothing written is a command to the terminal", nothing_written_is_a_command_to_the_terminal},
    {"a line is one write", a_line_is_one_write},
    {"errno stays", errno_stays},
    {"lines of threads do not mix", lines_of_threads_do_not_mix},
};
SUITE_MAIN("log", tests)
