/* SPDX-License-Identifier: MIT
 * Where plugins are searched. Who may have put them there is pinned in
 * tests/abi/bad_plugin_test.sh, by the sentence that a person reads. */
#include "core/plugin_file.h"

#include "core/memory.h"
#include "core/plugin.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Two folders with files in them, and a third that is not there. */
static char *root;

static char *in_root(const char *name)
{
    return memory_format("%s/%s", root, name);
}

static void add_file(const char *name)
{
    char *path = in_root(name);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    CHECK(fd >= 0);
    close(fd);
    free(path);
}

static void add_folder(const char *name)
{
    char *path = in_root(name);
    CHECK_INT(mkdir(path, 0755), 0);
    free(path);
}

static void begin(void)
{
    char template[] = "/tmp/dynomatic-test.XXXXXX";
    root = memory_copy(mkdtemp(template) != NULL ? template : "/nowhere");
    add_folder("one");
    add_folder("two");
    add_file("one/sidekiq.so");
    add_file("one/notes.txt");
    add_file("one/.so");
    add_file("two/sidekiq.so");
    add_file("two/delayedjob.so");
    char *path = memory_format("%s/one::%s/none:%s/two", root, root, root);
    setenv("DYNOMATIC_PLUGIN_PATH", path, 1);
    free(path);
}

static void end(void)
{
    static const char *const names[] = {
        "one/sidekiq.so", "one/notes.txt",     "one/.so", "one",
        "two/sidekiq.so", "two/delayedjob.so", "two",     "",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = in_root(names[i]);
        remove(path);
        free(path);
    }
    free(root);
    root = NULL;
    unsetenv("DYNOMATIC_PLUGIN_PATH");
}

static void folders_are_in_order(void)
{
    unsetenv("DYNOMATIC_PLUGIN_PATH");
    char *installed = plugin_folders();
    CHECK(installed[0] == '/');
    setenv("DYNOMATIC_PLUGIN_PATH", "", 1);
    char *empty = plugin_folders();
    CHECK_TEXT(empty, installed);
    setenv("DYNOMATIC_PLUGIN_PATH", "/a:b", 1);
    char *both = plugin_folders();
    char *expected = memory_format("/a:b:%s", installed);
    CHECK_TEXT(both, expected);
    unsetenv("DYNOMATIC_PLUGIN_PATH");
    free(installed);
    free(empty);
    free(both);
    free(expected);
}

static void names_are_sorted_and_once(void)
{
    begin();
    size_t n = 0;
    char **names = plugin_names(&n);
    if (CHECK(n >= 2)) { /* an installation may have more */
        size_t at = 0;
        while (at < n && strcmp(names[at], "delayedjob") != 0)
            at++;
        CHECK(at < n);
    }
    size_t n_sidekiq = 0;
    for (size_t i = 0; i < n; i++) {
        n_sidekiq += strcmp(names[i], "sidekiq") == 0;
        CHECK(i == 0 || strcmp(names[i - 1], names[i]) < 0);
        CHECK(names[i][0] != '\0' && strcmp(names[i], "notes.txt") != 0);
    }
    CHECK_INT(n_sidekiq, 1);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    end();
}

static void the_first_folder_wins(void)
{
    begin();
    struct error error = {""};
    char *expected = in_root("one/sidekiq.so");
    char *path = plugin_file_find("sidekiq", &error);
    CHECK_TEXT(path, expected);
    free(path);
    free(expected);
    expected = in_root("two/delayedjob.so");
    path = plugin_file_find("delayedjob", &error);
    CHECK_TEXT(path, expected);
    CHECK_TEXT(error.text, "");
    free(path);
    free(expected);
    end();
}

static void a_path_is_taken_as_it_is(void)
{
    begin();
    struct error error = {""};
    char *given = in_root("two/../two/delayedjob.so");
    char *path = plugin_file_find(given, &error);
    CHECK_TEXT(path, given);
    free(path);
    free(given);
    CHECK(plugin_file_find("./delayedjob", &error) == NULL);
    CHECK_TEXT(error.text, "plugin \"./delayedjob\" not found: No such file or directory");
    end();
}

static void a_name_that_is_not_there(void)
{
    begin();
    struct error error = {""};
    CHECK(plugin_file_find("delayedjbo", &error) == NULL);
    char *start = memory_format(
        "plugin \"delayedjbo\" not found; searched %s/one::%s/none:%s/two:", root, root, root);
    CHECK_HAS(error.text, start);
    CHECK_HAS(error.text, "delayedjob");
    CHECK_HAS(error.text, "(did you mean \"delayedjob\"?)");
    error.text[0] = '\0';
    CHECK(plugin_file_find("", &error) == NULL);
    CHECK_HAS(error.text, "plugin \"\" not found; ");
    free(start);
    end();
}

static void a_file_stands_for_a_name(void)
{
    static const struct {
        const char *path;
        const char *name;
    } cases[] = {
        {"/usr/lib/dynomatic/delayedjob.so", "delayedjob"},
        {"delayedjob.so", "delayedjob"},
        {"./heroku-hobby.so", "heroku-hobby"},
        {"/lib.so/plugin", "plugin"},
        {"/lib/plugin.so.1", "plugin.so.1"},
        {"/lib/.so", ".so"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *name = plugin_file_name(cases[i].path);
        CHECK_TEXT(name, cases[i].name);
        free(name);
    }
}

/* This test's own folder is the one of a program that is not installed. */
static void what_came_with_the_program_is_told(void)
{
    char *program = realpath("/proc/self/exe", NULL);
    char *folder = memory_copy_n(program, (size_t)(strrchr(program, '/') - program));
    char *beside = memory_format("%s/.libs/x.so", folder);
    char *elsewhere = memory_format("%s/x.so", folder);
    CHECK(plugin_file_is_installed(beside));
    CHECK(!plugin_file_is_installed(elsewhere));
    CHECK(!plugin_file_is_installed("/x.so"));
    free(program);
    free(folder);
    free(beside);
    free(elsewhere);
}

static const struct test tests[] = {
    {"the variable's folders come before the installation's", folders_are_in_order},
    {"names are sorted, each once", names_are_sorted_and_once},
    {"the first folder wins", the_first_folder_wins},
    {"a path is taken as it is", a_path_is_taken_as_it_is},
    {"what is not there is told with what is", a_name_that_is_not_there},
    {"a file stands for a name", a_file_stands_for_a_name},
    {"what came with the program is told from the rest", what_came_with_the_program_is_told},
};
SUITE_MAIN("plugin_file", tests)
