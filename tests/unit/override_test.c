/* SPDX-License-Identifier: MIT
 * Overrides, and the file that holds them: kept as they are, read whole or not at all, replaced
 * whole or not at all. */
#include "core/override.h"

#include "core/memory.h"
#include "core/override_file.h"
#include "core/override_watch.h"
#include "tests/support/child.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const int64_t noon_ms = 1795521600000; /* 2026-11-24 12:00 UTC */

static struct override override_of(const char *pool, enum override_kind kind, int32_t size,
                                   int64_t until_ms)
{
    return (struct override){memory_copy(pool),
                             kind,
                             size,
                             noon_ms,
                             until_ms,
                             memory_copy("ann"),
                             memory_copy("déploiement \"8\"")};
}

static struct override_list two(void)
{
    struct override_list list = {0};
    override_list_put(&list, override_of("worker", OVERRIDE_HOLD, 6, noon_ms + 1800000));
    override_list_put(&list, override_of("mailer", OVERRIDE_PAUSE, 0, OVERRIDE_ENDLESS));
    return list;
}

static const char *text_of(const struct override *override, int64_t utc_ms)
{
    static char chars[256];
    struct text text = {0};
    override_add(override, utc_ms, &text);
    snprintf(chars, sizeof chars, "%s", text_chars(&text));
    text_fini(&text);
    return chars;
}

/* ---- In memory ---- */

static void what_it_says(void)
{
    struct override_list list = two();
    CHECK_TEXT(text_of(&list.all[1], noon_ms),
               "held at 6 until 12:30:00 UTC, by ann: déploiement \"8\"");
    CHECK_TEXT(text_of(&list.all[1], noon_ms - 86400000),
               "held at 6 until 2026-11-24 12:30:00 UTC, by ann: déploiement \"8\"");
    list.all[0].why[0] = '\0';
    CHECK_TEXT(text_of(&list.all[0], noon_ms), "paused until resumed, by ann");
    override_list_fini(&list);
}

static void one_of_a_kind(void)
{
    struct override_list list = two();
    override_list_put(&list, override_of("worker", OVERRIDE_PAUSE, 0, OVERRIDE_ENDLESS));
    CHECK_INT(list.n, 3);
    override_list_put(&list, override_of("worker", OVERRIDE_HOLD, 8, OVERRIDE_ENDLESS));
    CHECK_INT(list.n, 3);
    CHECK_INT(override_list_find(&list, "worker", OVERRIDE_HOLD, noon_ms)->size, 8);
    CHECK(override_list_remove(&list, "worker", OVERRIDE_HOLD));
    CHECK(!override_list_remove(&list, "worker", OVERRIDE_HOLD));
    CHECK(override_list_find(&list, "worker", OVERRIDE_HOLD, noon_ms) == NULL);
    CHECK(override_list_find(&list, "worker", OVERRIDE_PAUSE, noon_ms) != NULL);
    override_list_fini(&list);
}

static void over_at_its_end(void)
{
    struct override_list list = two();
    int64_t end_ms = noon_ms + 1800000;
    CHECK(override_list_find(&list, "worker", OVERRIDE_HOLD, end_ms - 1) != NULL);
    CHECK(override_list_find(&list, "worker", OVERRIDE_HOLD, end_ms) == NULL);
    override_list_expire(&list, end_ms - 1);
    CHECK_INT(list.n, 2);
    override_list_expire(&list, end_ms);
    CHECK_INT(list.n, 1);
    CHECK_TEXT(list.all[0].pool, "mailer");
    override_list_fini(&list);
}

static void nothing_is_nothing(void)
{
    struct override none = {0};
    struct override copy = override_copy(&none);
    struct override_list list = {0};
    CHECK(override_is_same(&none, &copy));
    override_fini(&none);
    override_list_fini(&list);
}

static void texts(void)
{
    char *longest = memory_new(501, 1);
    memset(longest, 'x', 500);
    CHECK(override_is_text(""));
    CHECK(override_is_text("déploiement"));
    CHECK(override_is_text(longest));
    CHECK(!override_is_text("two\nlines"));
    CHECK(!override_is_text("a\ttab"));
    CHECK(!override_is_text("\033[31mred"));
    CHECK(!override_is_text("half a character \xC3"));
    longest = memory_resize(longest, 502, 1);
    memcpy(longest + 500, "x", 2);
    CHECK(!override_is_text(longest));
    free(longest);
}

/* ---- The file ---- */

static void put_file(const char *folder, const char *text)
{
    char *path = override_path(folder);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
    free(path);
}

static void kept_as_they_are(void)
{
    char *folder = child_make_folder();
    char *below = memory_format("%s/new/one", folder);
    struct override_list list = two();
    struct override_list again;
    struct stat seen;
    struct error error = {""};
    int lock = override_lock(below, &error);
    CHECK(lock >= 0);
    CHECK_INT(override_write(below, &list, &error), 0);
    CHECK_INT(override_read(below, &again, &seen, &error), 0);
    CHECK_TEXT(error.text, "");
    CHECK_INT(again.n, 2);
    for (size_t i = 0; i < 2 && again.n == 2; i++)
        CHECK(override_is_same(&list.all[i], &again.all[i]));
    CHECK_INT(seen.st_mode & 0777, 0644);
    close(lock);
    override_list_fini(&again);
    override_list_fini(&list);
    child_remove_folder(folder);
    free(below);
    free(folder);
}

/* Who has opened the old file reads it to its end. */
static void replaced_as_a_whole(void)
{
    char *folder = child_make_folder();
    char *path = override_path(folder);
    struct override_list list = two();
    struct error error = {""};
    char old[8] = "";
    put_file(folder, "[]");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK_INT(override_write(folder, &list, &error), 0);
    CHECK_INT(read(fd, old, sizeof old - 1), 2);
    CHECK_TEXT(old, "[]");
    close(fd);
    override_list_fini(&list);
    child_remove_folder(folder);
    free(path);
    free(folder);
}

static void no_file_is_none(void)
{
    char *folder = child_make_folder();
    char *missing = memory_format("%s/missing", folder);
    struct override_list list;
    struct stat seen;
    struct error error = {""};
    CHECK_INT(override_read(folder, &list, &seen, &error), 0);
    CHECK_INT(list.n, 0);
    CHECK_INT(override_read(missing, &list, &seen, &error), 0);
    CHECK_INT(list.n, 0);
    child_remove_folder(folder);
    free(missing);
    free(folder);
}

#define ENTRY(pool, kind, size, since, until, who, why)                                            \
    "[{\"pool\":" pool ",\"kind\":" kind ",\"size\":" size ",\"since\":" since ",\"until\":" until \
    ",\"who\":" who ",\"why\":" why "}]"
#define TIME "\"2026-11-24T12:00:00Z\""

static void broken_files(void)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"", "it is no JSON array"},
        {"{}", "it is no JSON array"},
        {"[", "it is no JSON array"},
        {"[] []", "it is no JSON array"},
        {"[1]", "\"pool\" of entry 1 is"},
        {"[{}]", "\"pool\" of entry 1 is"},
        {ENTRY("6", "\"hold\"", "6", TIME, "null", "\"ann\"", "\"\""), "\"pool\" of entry 1"},
        {ENTRY("\"\"", "\"hold\"", "6", TIME, "null", "\"ann\"", "\"\""), "\"pool\" of entry 1"},
        {ENTRY("\"w\"", "\"holt\"", "6", TIME, "null", "\"ann\"", "\"\""), "\"kind\" of entry 1"},
        {ENTRY("\"w\"", "\"hold\"", "-1", TIME, "null", "\"ann\"", "\"\""), "\"size\" of entry 1"},
        {ENTRY("\"w\"", "\"hold\"", "1e9", TIME, "null", "\"ann\"", "\"\""), "\"size\" of entry 1"},
        {ENTRY("\"w\"", "\"hold\"", "1.5", TIME, "null", "\"ann\"", "\"\""), "\"size\" of entry 1"},
        {ENTRY("\"w\"", "\"hold\"", "\"6\"", TIME, "null", "\"ann\"", "\"\""), "\"size\" of entry"},
        {ENTRY("\"w\"", "\"hold\"", "6", "\"now\"", "null", "\"ann\"", "\"\""), "\"since\" of"},
        {ENTRY("\"w\"", "\"hold\"", "6", TIME, "\"2026-02-30T12:00:00Z\"", "\"ann\"", "\"\""),
         "\"until\" of"},
        {ENTRY("\"w\"", "\"hold\"", "6", TIME, "\"2026-11-24 12:00\"", "\"ann\"", "\"\""),
         "\"until\" of"},
        {ENTRY("\"w\"", "\"hold\"", "6", TIME, "1", "\"ann\"", "\"\""), "\"until\" of"},
        {ENTRY("\"w\"", "\"hold\"", "6", TIME, "null", "null", "\"\""), "\"who\" of entry 1"},
        {ENTRY("\"w\"", "\"hold\"", "6", TIME, "null", "\"ann\"", "\"a\\nb\""), "\"why\" of"},
        {ENTRY("\"w\"", "\"hold\"", "6", TIME, "null", "\"ann\"", "\"\\u001b[2J\""), "\"why\" of"},
    };
    char *folder = child_make_folder();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct override_list list;
        struct stat seen;
        struct error error = {""};
        put_file(folder, cases[i].text);
        CHECK_INT(override_read(folder, &list, &seen, &error), -1);
        CHECK_HAS(error.text, "/overrides.json: ");
        CHECK_HAS(error.text, cases[i].error);
        CHECK_INT(list.n, 0);
    }
    child_remove_folder(folder);
    free(folder);
}

/* Cut anywhere, and with any one byte changed, it is read or refused, and nothing falls over. */
static void damaged_files(void)
{
    char *folder = child_make_folder();
    struct override_list list = two();
    struct text text = {0};
    override_print(&list, &text);
    override_list_fini(&list);
    size_t refused = 0;
    for (size_t i = 0; i + 1 < text.length; i++) {
        struct stat seen;
        struct error error = {""};
        char *cut = memory_copy_n(text_chars(&text), i);
        put_file(folder, cut);
        free(cut);
        refused += override_read(folder, &list, &seen, &error) != 0;
        override_list_fini(&list);
        char *changed = memory_copy(text_chars(&text));
        changed[i] = (char)(changed[i] ^ 0x55);
        put_file(folder, changed);
        free(changed);
        override_read(folder, &list, &seen, &(struct error){""});
        override_list_fini(&list);
    }
    CHECK_INT(refused, text.length - 1); /* all but the line's end belongs to it */
    text_fini(&text);
    child_remove_folder(folder);
    free(folder);
}

static void what_is_no_file(void)
{
    char *folder = child_make_folder();
    char *path = override_path(folder);
    struct override_list list;
    struct stat seen;
    struct error error = {""};
    CHECK_INT(mkfifo(path, 0600), 0);
    CHECK_INT(override_read(folder, &list, &seen, &error), -1); /* and is not waited for */
    CHECK_HAS(error.text, "it is no file of ours");
    unlink(path);
    error.text[0] = '\0';
    CHECK_INT(mkdir(path, 0700), 0);
    CHECK_INT(override_read(folder, &list, &seen, &error), -1);
    CHECK_HAS(error.text, "it is no file of ours");
    rmdir(path);
    error.text[0] = '\0';
    put_file(folder, "[]");
    CHECK_INT(truncate(path, 1 << 24), 0);
    CHECK_INT(override_read(folder, &list, &seen, &error), -1);
    CHECK_HAS(error.text, "it is no file of ours");
    error.text[0] = '\0';
    CHECK_INT(override_read(path, &list, &seen, &error), -1); /* the folder is a file */
    CHECK_HAS(error.text, "Not a directory");
    CHECK_INT(override_lock(path, &error), -1);
    child_remove_folder(folder);
    free(path);
    free(folder);
}

/* In a child: `limit` bytes are what a file can have, as on a disk that is full; and who runs it is
 * nobody, whom a folder can refuse. */
static int write_in_child(const char *folder, long limit, uid_t user)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct override_list list = two();
        struct error error = {""};
        struct rlimit room = {(rlim_t)limit, (rlim_t)limit};
        signal(SIGXFSZ, SIG_IGN);
        bool is_so = limit < 0 || setrlimit(RLIMIT_FSIZE, &room) == 0;
        is_so = is_so && (user == 0 || geteuid() != 0 || setuid(user) == 0);
        int result = is_so ? override_write(folder, &list, &error) : 1;
        bool is_named = strstr(error.text, "/overrides.json: ") != NULL;
        override_list_fini(&list);
        _exit(result < 0 && is_named ? 17 : result);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_untouched(const char *folder)
{
    struct override_list list;
    struct stat seen;
    char *path = override_path(folder);
    char *next = memory_format("%s.new", path);
    CHECK_INT(override_read(folder, &list, &seen, NULL), 0);
    CHECK_INT(list.n, 0);
    CHECK_INT(access(next, F_OK), -1); /* nothing is left over */
    free(next);
    free(path);
}

static void full_disk(void)
{
    char *folder = child_make_folder();
    put_file(folder, "[]");
    CHECK_INT(write_in_child(folder, 16, 0), 17);
    check_untouched(folder);
    CHECK_INT(write_in_child(folder, -1, 0), 0);
    child_remove_folder(folder);
    free(folder);
}

static void folder_of_others(void)
{
    enum { NOBODY = 65534 };
    char *folder = child_make_folder();
    put_file(folder, "[]");
    CHECK_INT(chmod(folder, 0555), 0);
    CHECK_INT(write_in_child(folder, -1, NOBODY), 17);
    check_untouched(folder);
    CHECK_INT(chmod(folder, 0700), 0);
    child_remove_folder(folder);
    free(folder);
}

/* ---- Noticing ---- */

static void every_change_is_noticed(void)
{
    char *folder = child_make_folder();
    struct override_watch watch;
    struct override_list list = {0};
    struct override_list seen;
    struct error error = {""};
    override_watch_init(&watch, folder);
    CHECK(override_watch_look(&watch, &seen, 1));
    CHECK(!override_watch_look(&watch, &seen, 2));
    for (int i = 0; i < 100; i++) { /* the same length, within a tick of the clock of files */
        override_list_put(&list, override_of("worker", OVERRIDE_HOLD, i % 10, OVERRIDE_ENDLESS));
        CHECK_INT(override_write(folder, &list, &error), 0);
        CHECK(override_watch_look(&watch, &seen, 3));
        CHECK_INT(seen.n, 1);
        if (seen.n == 1)
            CHECK_INT(seen.all[0].size, i % 10);
        override_list_fini(&seen);
        CHECK(!override_watch_look(&watch, &seen, 3));
    }
    char *path = override_path(folder);
    unlink(path);
    CHECK(override_watch_look(&watch, &seen, 4));
    CHECK_INT(seen.n, 0);
    free(path);
    override_list_fini(&list);
    override_watch_fini(&watch);
    child_remove_folder(folder);
    free(folder);
}

static void trouble_is_no_news(void)
{
    char *folder = child_make_folder();
    struct override_watch watch;
    struct override_list seen;
    override_watch_init(&watch, folder);
    put_file(folder, "[");
    CHECK(!override_watch_look(&watch, &seen, 1));
    CHECK(watch.trouble != NULL);
    CHECK(!override_watch_look(&watch, &seen, 20000)); /* it is looked at again */
    CHECK(watch.trouble != NULL);
    put_file(folder, "[]");
    CHECK(override_watch_look(&watch, &seen, 20001));
    CHECK(watch.trouble == NULL);
    override_watch_fini(&watch);
    child_remove_folder(folder);
    free(folder);
}

static void no_folder_no_overrides(void)
{
    struct override_watch watch;
    struct override_list seen;
    override_watch_init(&watch, NULL);
    CHECK(!override_watch_look(&watch, &seen, 1));
    CHECK_INT(seen.n, 0);
    override_watch_fini(&watch);
}

/* Puts, removes and expires at random, against what each pool has. */
static void each_pool_has_its_own_among_many(void)
{
    enum { POOLS = 40 };
    int64_t untils_ms[POOLS][OVERRIDE_KINDS] = {{0}}; /* 0: there is none */
    struct override_list list = {0};
    uint32_t dice = 2463534242u;
    for (int round = 0; round < 4000; round++) {
        char name[8];
        dice = dice * 1664525u + 1013904223u;
        uint32_t pool = (dice >> 8) % POOLS;
        enum override_kind kind = (dice >> 16) % 2 == 0 ? OVERRIDE_HOLD : OVERRIDE_PAUSE;
        int64_t *until_ms = &untils_ms[pool][kind];
        snprintf(name, sizeof name, "p%u", (unsigned)pool);
        CHECK((override_list_find(&list, name, kind, noon_ms) != NULL) == (*until_ms > noon_ms));
        switch ((dice >> 24) % 3) {
        case 0:
            CHECK(override_list_remove(&list, name, kind) == (*until_ms != 0));
            *until_ms = 0;
            break;
        default:
            *until_ms = noon_ms + (dice % 5 == 0 ? -1 : 1000);
            override_list_put(&list, override_of(name, kind, 1, *until_ms));
        }
        if (round % 100 == 0)
            override_list_expire(&list, noon_ms);
        for (size_t i = 0; i < (size_t)POOLS * OVERRIDE_KINDS && round % 100 == 0; i++)
            if (untils_ms[i / OVERRIDE_KINDS][i % OVERRIDE_KINDS] <= noon_ms)
                untils_ms[i / OVERRIDE_KINDS][i % OVERRIDE_KINDS] = 0;
    }
    override_list_fini(&list);
}

/* As many as a file may have pools, of which somebody pauses all. */
static void many_are_kept(void)
{
    char *folder = child_make_folder();
    struct override_list list = {0};
    struct override_list again = {0};
    struct error error = {""};
    for (int i = 0; i < 10000; i++) {
        char name[24];
        snprintf(name, sizeof name, "pool-%05d", i);
        override_list_put(&list, override_of(name, OVERRIDE_PAUSE, 0, OVERRIDE_ENDLESS));
    }
    CHECK_INT(override_write(folder, &list, &error), 0);
    struct stat seen;
    CHECK_INT(override_read(folder, &again, &seen, &error), 0);
    CHECK_TEXT(error.text, "");
    CHECK_INT(again.n, 10000);
    override_list_fini(&list);
    override_list_fini(&again);
    child_remove_folder(folder);
    free(folder);
}

static const struct test tests[] = {
    {"each pool has its own among many", each_pool_has_its_own_among_many},
    {"as many as there can be pools are kept", many_are_kept},
    {"an override says what, until when, by whom and why", what_it_says},
    {"a pool has one override of a kind", one_of_a_kind},
    {"an override is over at its end", over_at_its_end},
    {"no override is none", nothing_is_nothing},
    {"a text is one line that a terminal can show", texts},
    {"overrides are kept as they are", kept_as_they_are},
    {"the file is replaced as a whole", replaced_as_a_whole},
    {"no file holds none", no_file_is_none},
    {"a broken file is refused whole, with the place", broken_files},
    {"a damaged file is read or refused", damaged_files},
    {"what is no file is refused at once", what_is_no_file},
    {"a full disk leaves the old file", full_disk},
    {"a folder of others leaves the old file", folder_of_others},
    {"every change of the file is noticed, once", every_change_is_noticed},
    {"a file that cannot be read is no news", trouble_is_no_news},
    {"without a folder there is nothing to read", no_folder_no_overrides},
};

SUITE_MAIN("override", tests)
