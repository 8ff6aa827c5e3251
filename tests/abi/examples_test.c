/* SPDX-License-Identifier: MIT
 * The examples keep the contract: people copy them. */
#include "core/memory.h"
#include "tests/support/suite.h"
#include "tests/support/testhost.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ENOUGH_MS = 10000 };

static char folder[] = "/tmp/dynomatic-test.XXXXXX";

/* A file of the folder; with text NULL it is removed. */
static void write_file(const char *name, const char *text, time_t age)
{
    char *path = memory_format("%s/%s", folder, name);
    FILE *file = text != NULL ? fopen(path, "we") : NULL;
    if (text == NULL)
        CHECK_INT(unlink(path), 0);
    else if (CHECK(file != NULL)) {
        fputs(text, file);
        fclose(file);
        struct timespec then[2] = {{time(NULL) - age, 0}, {time(NULL) - age, 0}};
        CHECK_INT(utimensat(AT_FDCWD, path, then, 0), 0);
    }
    free(path);
}

static char *content(const char *name)
{
    char *path = memory_format("%s/%s", folder, name);
    char *text = memory_new(64, 1);
    FILE *file = fopen(path, "re");
    if (CHECK(file != NULL)) {
        CHECK(fgets(text, 64, file) != NULL);
        fclose(file);
    }
    free(path);
    return text;
}

static void check_content(const char *name, const char *expected)
{
    char *text = content(name);
    CHECK_TEXT(text, expected);
    free(text);
}

static ino_t file_number(const char *name)
{
    struct stat status = {0};
    char *path = memory_format("%s/%s", folder, name);
    CHECK_INT(stat(path, &status), 0);
    free(path);
    return status.st_ino;
}

static void begin(void)
{
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
}

static char *path_of_example(const char *name)
{
    const char *build = getenv("top_builddir");
    return memory_format("%s/examples/.libs/%s.so", build != NULL ? build : ".", name);
}

/* With the option `key` set to the folder, or to what lies in it: "/table". */
static struct testhost *open_example(const char *name, const char *key, const char *in_folder,
                                     const char *more)
{
    char *path = path_of_example(name);
    char *options = memory_format("{%s: '%s%s'%s}", key, folder, in_folder, more);
    char *why = NULL;
    struct testhost *host = testhost_open(path, options, &why);
    CHECK_TEXT(why != NULL ? why : "", "");
    free(path);
    free(options);
    free(why);
    return host;
}

static void close_example(struct testhost *host)
{
    CHECK_TEXT(testhost_breaches(host), "");
    testhost_close(host);
}

/* ---- spool ---- */

static void check_waiting(const struct testhost *host, size_t i, int64_t number, enum doubt doubt)
{
    CHECK_INT(testhost_value(host, i, DYN_WAITING).number, number);
    CHECK_INT(testhost_value(host, i, DYN_WAITING).doubt, doubt);
    CHECK_INT(testhost_value(host, i, DYN_LATENCY).doubt, doubt);
}

static void spool_counts_groups(void)
{
    static const char *const mail[] = {"mail"};
    static const char *const both[] = {"zip", "pdf"};
    static const char *const none[] = {"mai"};
    const struct dyn_group groups[] = {
        {.name = "mail", .queues = mail, .n_queues = 1},
        {.name = "both", .queues = both, .n_queues = 2},
        {.name = "none", .queues = none, .n_queues = 1},
        {.name = "all"},
        {.name = "capped", .cap = 2},
    };
    begin();
    write_file("mail.1", "", 100);
    write_file("mail.2", "", 0);
    write_file("pdf", "", 0);
    struct testhost *host = open_example("spool", "path", "", "");
    CHECK_INT(testhost_measure(host, groups, 5, ENOUGH_MS), DYN_OK);
    check_waiting(host, 0, 2, KNOWN_EXACT);
    check_waiting(host, 1, 1, KNOWN_EXACT);
    check_waiting(host, 2, 0, KNOWN_EXACT);
    check_waiting(host, 3, 3, KNOWN_EXACT);
    check_waiting(host, 4, 2, KNOWN_AT_LEAST);
    CHECK(testhost_value(host, 0, DYN_LATENCY).number >= 100000);
    CHECK(testhost_value(host, 0, DYN_LATENCY).number < 200000);
    CHECK_INT(testhost_value(host, 2, DYN_LATENCY).number, 0);
    CHECK_INT(testhost_measure(host, NULL, 0, ENOUGH_MS), DYN_OK);
    close_example(host);
    write_file("mail.1", NULL, 0);
    write_file("mail.2", NULL, 0);
    write_file("pdf", NULL, 0);
    rmdir(folder);
}

static void spool_fails_as_it_should(void)
{
    const struct dyn_group all = {.name = "all"};
    begin();
    write_file("mail.1", "", 0);
    struct testhost *host = open_example("spool", "path", "", "");
    testhost_cancel(host);
    CHECK_INT(testhost_measure(host, &all, 1, ENOUGH_MS), DYN_LATE);
    CHECK_HAS(testhost_failure(host), "too large");
    CHECK_INT(testhost_value(host, 0, DYN_WAITING).doubt, KNOWN_NOT);
    CHECK_INT(testhost_measure(host, &all, 1, ENOUGH_MS), DYN_OK);
    write_file("mail.1", NULL, 0);
    rmdir(folder);
    CHECK_INT(testhost_measure(host, &all, 1, ENOUGH_MS), DYN_BROKEN);
    CHECK_HAS(testhost_failure(host), folder);
    CHECK_HAS(testhost_failure(host), "No such file or directory");
    close_example(host);
}

/* ---- files ---- */

static void files_reads_and_sets(void)
{
    static const char *const names[] = {"mail", "none", "word"};
    const struct dyn_change changes[] = {{.name = "none", .size = 2}, {.name = "mail", .size = 5}};
    begin();
    write_file("mail", "3\n", 0);
    write_file("word", "three\n", 0);
    struct testhost *host = open_example("files", "folder", "", "");
    CHECK_INT(testhost_read(host, names, 3, ENOUGH_MS), DYN_OK);
    CHECK_INT(testhost_value(host, 0, DYN_SIZE).number, 3);
    CHECK_INT(testhost_value(host, 0, DYN_SIZE).doubt, KNOWN_EXACT);
    CHECK_INT(testhost_value(host, 1, DYN_SIZE).doubt, KNOWN_NOT);
    CHECK_HAS(testhost_unknown(host, 1), "/none: No such file or directory");
    CHECK_INT(testhost_value(host, 2, DYN_SIZE).doubt, KNOWN_NOT);
    CHECK_HAS(testhost_unknown(host, 2), "/word: Invalid argument");
    CHECK_INT(testhost_apply(host, changes, 2, ENOUGH_MS), DYN_OK);
    CHECK_INT(testhost_value(host, 0, DYN_SIZE).doubt, KNOWN_NOT);
    CHECK_INT(testhost_value(host, 1, DYN_SIZE).number, 5);
    check_content("mail", "5\n");
    CHECK_INT(testhost_limit(host, "mail"), -1);
    testhost_cancel(host);
    CHECK_INT(testhost_read(host, names, 3, ENOUGH_MS), DYN_LATE);
    close_example(host);
    write_file("mail", NULL, 0);
    write_file("word", NULL, 0);
    rmdir(folder);
}

static void files_writes_only_what_differs(void)
{
    const struct dyn_change change = {.name = "mail", .size = 5};
    begin();
    write_file("mail", "5\n", 0);
    struct testhost *host = open_example("files", "folder", "", "");
    ino_t before = file_number("mail");
    CHECK_INT(testhost_apply(host, &change, 1, ENOUGH_MS), DYN_OK);
    CHECK_INT(testhost_value(host, 0, DYN_SIZE).number, 5);
    CHECK_INT(file_number("mail"), before);
    close_example(host);
    write_file("mail", NULL, 0);
    rmdir(folder);
}

static void files_keeps_within_its_limit(void)
{
    const struct dyn_change change = {.name = "mail", .size = 50};
    begin();
    write_file("mail", "1\n", 0);
    struct testhost *host = open_example("files", "folder", "", ", max: 7");
    CHECK_INT(testhost_limit(host, "mail"), 7);
    CHECK_INT(testhost_apply(host, &change, 1, ENOUGH_MS), DYN_OK);
    CHECK_INT(testhost_value(host, 0, DYN_SIZE).number, 7);
    check_content("mail", "7\n");
    close_example(host);
    write_file("mail", NULL, 0);
    rmdir(folder);
}

static int64_t after_apply(struct testhost *host, int32_t wanted, const char *const *keep,
                           uint32_t n_keep)
{
    const struct dyn_change change = {"mail", keep, n_keep, wanted};
    CHECK_INT(testhost_apply(host, &change, 1, ENOUGH_MS), DYN_OK);
    return testhost_value(host, 0, DYN_SIZE).number;
}

/* The pool "mail" has 8. */
static void check_sparing(struct testhost *host)
{
    static const char *const keep[] = {"mail.2", "mail.4", "mailer.9", "mail.99"};
    CHECK_INT(after_apply(host, 7, keep, 3), 7);     /* stops the eighth, which nobody needs */
    CHECK_INT(after_apply(host, 1, keep, 3), 4);     /* the fourth is busy */
    CHECK_INT(after_apply(host, 0, keep + 3, 1), 4); /* one past them all adds none */
    CHECK_INT(after_apply(host, 1, keep, 1), 2);
    CHECK_INT(after_apply(host, 6, keep, 3), 6); /* more stops nobody */
    CHECK_INT(after_apply(host, 0, NULL, 0), 0);
}

static void files_spares_busy_workers(void)
{
    begin();
    write_file("mail", "8\n", 0);
    struct testhost *host = open_example("files", "folder", "", "");
    check_sparing(host);
    close_example(host);
    write_file("mail", NULL, 0);
    rmdir(folder);
}

/* ---- sizes: without a C++ compiler it is not there ---- */

static int has_sizes(void)
{
    char *path = path_of_example("sizes");
    int is_there = access(path, F_OK) == 0;
    free(path);
    return is_there;
}

static void sizes_reads_and_sets(void)
{
    static const char *const names[] = {"mail", "none"};
    const struct dyn_change changes[] = {{.name = "none", .size = 2}, {.name = "mail", .size = 5}};
    if (!has_sizes())
        return;
    begin();
    write_file("table", "mail 3\n", 0);
    struct testhost *host = open_example("sizes", "file", "/table", "");
    CHECK_INT(testhost_read(host, names, 2, ENOUGH_MS), DYN_OK);
    CHECK_INT(testhost_value(host, 0, DYN_SIZE).number, 3);
    CHECK_INT(testhost_value(host, 1, DYN_SIZE).doubt, KNOWN_NOT);
    CHECK_HAS(testhost_unknown(host, 1), "no line \"none\" in ");
    CHECK_INT(testhost_apply(host, changes, 2, ENOUGH_MS), DYN_OK);
    CHECK_INT(testhost_value(host, 0, DYN_SIZE).doubt, KNOWN_NOT);
    CHECK_INT(testhost_value(host, 1, DYN_SIZE).number, 5);
    check_content("table", "mail 5\n");
    testhost_cancel(host);
    CHECK_INT(testhost_read(host, names, 2, ENOUGH_MS), DYN_LATE);
    write_file("table", NULL, 0);
    CHECK_INT(testhost_read(host, names, 2, ENOUGH_MS), DYN_RETRY);
    CHECK_HAS(testhost_failure(host), "/table: No such file or directory");
    close_example(host);
    rmdir(folder);
}

static void sizes_spares_busy_workers(void)
{
    if (!has_sizes())
        return;
    begin();
    write_file("table", "mail 8\n", 0);
    struct testhost *host = open_example("sizes", "file", "/table", "");
    check_sparing(host);
    close_example(host);
    write_file("table", NULL, 0);
    rmdir(folder);
}

static const struct test tests[] = {
    {"spool counts each group", spool_counts_groups},
    {"spool fails with a code and a sentence", spool_fails_as_it_should},
    {"files reads and sets sizes", files_reads_and_sets},
    {"files writes only what differs", files_writes_only_what_differs},
    {"files keeps within its limit", files_keeps_within_its_limit},
    {"files stops no worker that must stay", files_spares_busy_workers},
    {"sizes reads and sets sizes", sizes_reads_and_sets},
    {"sizes stops no worker that must stay", sizes_spares_busy_workers},
};
SUITE_MAIN("examples", tests)
