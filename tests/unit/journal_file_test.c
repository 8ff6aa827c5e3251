/* SPDX-License-Identifier: MIT
 * The journal's file on real disks, full disks and killed writers. */
#include "core/journal_file.h"

#include "core/memory.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/journal_file_test.XXXXXX";
static char *path;
static struct error error;

static const struct journal_limits ample = {1000000, 86400000, 3};

static void begin(void)
{
    char *command = memory_format("rm -rf '%s'/*", folder);
    CHECK_INT(system(command), 0);
    free(command);
    error.text[0] = '\0';
}

static int add(struct journal_file *file, const char *line, int64_t utc_ms)
{
    return journal_file_add(file, line, strlen(line), utc_ms, &error);
}

/* What a file holds, which is kept until the next call; number 0: the file itself. */
static const char *content(int64_t number)
{
    static char chars[65536];
    char *name = number > 0 ? journal_file_before(path, number) : memory_copy(path);
    FILE *file = fopen(name, "r");
    size_t length = file != NULL ? fread(chars, 1, sizeof chars - 1, file) : 0;
    if (file != NULL)
        fclose(file);
    free(name);
    chars[length] = '\0';
    return file != NULL ? chars : "(none)";
}

static void put(const char *chars)
{
    FILE *file = fopen(path, "w");
    fputs(chars, file);
    fclose(file);
}

static const char *tail(size_t most)
{
    static struct text text;
    text_clear(&text);
    CHECK_INT(journal_file_tail(path, most, &text, &error), 0);
    return text_chars(&text);
}

/* ---- Add ---- */

static void lines_are_added(void)
{
    begin();
    struct journal_file *file = journal_file_open(path, ample, &error);
    CHECK_INT(add(file, "one\n", 1), 0);
    CHECK_INT(add(file, "two\n", 2), 0);
    journal_file_close(file);
    file = journal_file_open(path, ample, &error);
    CHECK_INT(add(file, "three\n", 3), 0);
    journal_file_close(file);
    CHECK_TEXT(content(0), "one\ntwo\nthree\n");
    struct stat about;
    CHECK_INT(stat(path, &about), 0);
    CHECK_INT(about.st_mode & 0777, 0600);
    journal_file_close(NULL);
}

static void broken_off_is_ended(void)
{
    begin();
    put("one\ntw");
    CHECK_TEXT(tail(1000), "one\n");
    struct journal_file *file = journal_file_open(path, ample, &error);
    CHECK_INT(add(file, "three\n", 3), 0);
    journal_file_close(file);
    CHECK_TEXT(content(0), "one\ntw\nthree\n");
}

static void moved_away_is_made_anew(void)
{
    begin();
    struct journal_file *file = journal_file_open(path, ample, &error);
    CHECK_INT(add(file, "one\n", 1), 0);
    CHECK_INT(unlink(path), 0);
    CHECK_INT(add(file, "two\n", 2), 0);
    CHECK_TEXT(content(0), "two\n");
    char *away = journal_file_before(path, 1);
    CHECK_INT(rename(path, away), 0);
    free(away);
    CHECK_INT(add(file, "three\n", 3), 0);
    CHECK_TEXT(content(0), "three\n");
    journal_file_close(file);
}

/* ---- Rotation ---- */

static void size_rotates(void)
{
    begin();
    struct journal_file *file =
        journal_file_open(path, (struct journal_limits){8, 86400000, 2}, &error);
    for (int i = 0; i < 7; i++) {
        char line[] = "a..\n";
        line[0] = (char)('a' + i);
        CHECK_INT(add(file, line, 1), 0);
    }
    journal_file_close(file);
    CHECK_TEXT(content(0), "g..\n");
    CHECK_TEXT(content(1), "e..\nf..\n");
    CHECK_TEXT(content(2), "c..\nd..\n");
    CHECK_TEXT(content(3), "(none)");
}

static void none_is_kept(void)
{
    begin();
    struct journal_file *file =
        journal_file_open(path, (struct journal_limits){8, 86400000, 0}, &error);
    for (int i = 0; i < 5; i++)
        CHECK_INT(add(file, "abc\n", 1), 0);
    journal_file_close(file);
    CHECK_TEXT(content(0), "abc\n");
    CHECK_TEXT(content(1), "(none)");
}

static void a_long_line_has_a_file(void)
{
    begin();
    struct journal_file *file =
        journal_file_open(path, (struct journal_limits){4, 86400000, 1}, &error);
    CHECK_INT(add(file, "longer than that\n", 1), 0);
    CHECK_INT(add(file, "x\n", 1), 0);
    journal_file_close(file);
    CHECK_TEXT(content(0), "x\n");
    CHECK_TEXT(content(1), "longer than that\n");
}

/* By the first line, also if another program wrote it. */
static void age_rotates(void)
{
    static const char first[] = "{\"at\":\"2026-11-24T12:00:00.000Z\"}\n";
    const int64_t noon_ms = 1795521600000;
    struct journal_limits limits = {1000000, 3600000, 1};
    begin();
    struct journal_file *file = journal_file_open(path, limits, &error);
    CHECK_INT(add(file, first, noon_ms), 0);
    CHECK_INT(add(file, "two\n", noon_ms + 3600000), 0);
    journal_file_close(file);
    file = journal_file_open(path, limits, &error);
    CHECK_INT(add(file, "three\n", noon_ms + 3600001), 0);
    journal_file_close(file);
    CHECK_TEXT(content(0), "three\n");
    CHECK_HAS(content(1), "two\n");
}

/* ---- What fails ---- */

static void no_folder_is_told(void)
{
    begin();
    char *nowhere = memory_format("%s/none/journal", folder);
    char *parent = memory_format("%s/none", folder);
    CHECK(journal_file_open(nowhere, ample, &error) == NULL);
    CHECK_HAS(error.text, "cannot open the journal");
    CHECK_INT(mkdir(parent, 0755), 0);
    struct journal_file *file = journal_file_open(nowhere, ample, &error);
    CHECK_INT(unlink(nowhere), 0);
    CHECK_INT(rmdir(parent), 0);
    error.text[0] = '\0';
    CHECK_INT(add(file, "one\n", 1), -1);
    CHECK_HAS(error.text, "cannot open the journal");
    CHECK_HAS(error.text, nowhere);
    CHECK_INT(mkdir(parent, 0755), 0);
    CHECK_INT(add(file, "two\n", 2), 0);
    journal_file_close(file);
    free(nowhere);
    free(parent);
}

static void full_device_is_told(void)
{
    struct text none = {0};
    error.text[0] = '\0';
    struct journal_file *file = journal_file_open("/dev/full", ample, &error);
    CHECK_INT(add(file, "one\n", 1), -1);
    CHECK_HAS(error.text, "cannot write to the journal /dev/full: No space left");
    journal_file_close(file);
    CHECK_INT(journal_file_tail("/dev/full", 1000, &none, &error), 0); /* it has no end */
    CHECK_INT(none.length, 0);
}

/* Half a line fits; once there is room again the next one stands for itself. */
static void full_disk_costs_one_line(void)
{
    struct rlimit before, small;
    begin();
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 6;
    signal(SIGXFSZ, SIG_IGN);
    struct journal_file *file = journal_file_open(path, ample, &error);
    CHECK_INT(add(file, "one\n", 1), 0);
    setrlimit(RLIMIT_FSIZE, &small);
    CHECK_INT(add(file, "lost\n", 2), -1);
    CHECK_HAS(error.text, "no space left for a whole line");
    CHECK_INT(add(file, "lost too\n", 3), -1);
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK_INT(add(file, "four\n", 4), 0);
    journal_file_close(file);
    CHECK_TEXT(content(0), "one\nlo\nfour\n");
}

/* ---- Tail ---- */

static void tail_has_whole_lines(void)
{
    begin();
    CHECK_TEXT(tail(1000), "");
    put("");
    CHECK_TEXT(tail(1000), "");
    put("one\ntwo\nthree\n");
    CHECK_TEXT(tail(1000), "one\ntwo\nthree\n");
    CHECK_TEXT(tail(11), "two\nthree\n");
    CHECK_TEXT(tail(10), "three\n"); /* it cannot be seen that a line begins there */
    CHECK_TEXT(tail(8), "three\n");
    CHECK_TEXT(tail(3), "");
    put("broken");
    CHECK_TEXT(tail(1000), "");
    CHECK_TEXT(tail(3), "");
}

/* ---- Killed ---- */

enum { LINES = 12 };

static void write_lines(void)
{
    struct journal_file *file =
        journal_file_open(path, (struct journal_limits){40, 86400000, 9}, &error);
    for (int i = 0; i < LINES; i++) {
        char line[32];
        snprintf(line, sizeof line, "line %02d\n", i);
        journal_file_add(file, line, strlen(line), 1, NULL);
    }
    journal_file_close(file);
}

/* Lets a writer go for so many stops at system calls, twice a call (before it and after it), and
 * kills it there. Returns false if it was done before. */
static bool kill_at(int stops)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        write_lines();
        _exit(0);
    }
    waitpid(pid, &status, 0);
    for (int i = 0; i < stops && WIFSTOPPED(status); i++) {
        ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
        waitpid(pid, &status, 0);
    }
    if (!WIFSTOPPED(status))
        return false;
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return true;
}

/* All files, the oldest first. */
static void gather(struct text *all)
{
    for (int64_t number = 9; number >= 0; number--)
        if (strcmp(content(number), "(none)") != 0)
            text_add(all, content(number));
}

/* Whatever the writer had come to: the lines are those it wrote, from the first one on, none twice
 * and none left out; and the next one goes on behind them. */
static void killed_anywhere_loses_no_line(void)
{
    size_t most = 0;
    int stops = 0;
    do {
        struct text all = {0};
        struct text expected = {0};
        begin();
        if (!kill_at(stops))
            break;
        gather(&all);
        size_t n = all.length / 8;
        for (size_t i = 0; i < n; i++)
            text_add_format(&expected, "line %02zu\n", i);
        CHECK_TEXT(text_chars(&all), text_chars(&expected));
        CHECK(n >= most); /* what was there at an earlier stop is not lost at a later one */
        most = n;
        struct journal_file *file = journal_file_open(path, ample, &error);
        CHECK_INT(add(file, "next\n", 1), 0);
        journal_file_close(file);
        CHECK_HAS(content(0), "next\n");
        text_fini(&all);
        text_fini(&expected);
        stops++;
    } while (stops < 10000);
    CHECK_INT(most, LINES);
    CHECK(stops > 4 * LINES);
}

static const struct test tests[] = {
    {"lines are added", lines_are_added},
    {"a line that was broken off is ended", broken_off_is_ended},
    {"a file that was moved away is made anew", moved_away_is_made_anew},
    {"a file is begun by size", size_rotates},
    {"with keep 0 none is kept", none_is_kept},
    {"a line longer than a file has one", a_long_line_has_a_file},
    {"a file is begun by the age of its first line", age_rotates},
    {"a folder that is not there is told, and tried again", no_folder_is_told},
    {"a full device is told", full_device_is_told},
    {"a full disk costs one line", full_disk_costs_one_line},
    {"the tail has whole lines", tail_has_whole_lines},
    {"killed at any system call no line is lost", killed_anywhere_loses_no_line},
};

static void remove_folder(void)
{
    char *command = memory_format("rm -rf '%s'", folder);
    if (system(command) != 0)
        perror(folder);
    free(command);
    free(path);
}

int main(int argc, char **argv)
{
    if (mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    path = memory_format("%s/journal", folder);
    int status = suite_run("journal_file", tests, sizeof tests / sizeof tests[0], argc, argv);
    remove_folder();
    return status;
}
