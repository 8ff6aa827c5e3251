/* SPDX-License-Identifier: MIT
 * Loading once. What is refused, and with which sentence, is pinned in
 * tests/abi/bad_plugin_test.sh. */
#include "core/plugin.h"

#include "core/memory.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The path of a test plugin. */
static char *path_of(const char *folder, const char *name)
{
    const char *build = getenv("top_builddir");
    return memory_format("%s/%s/%s.so", build != NULL ? build : ".", folder, name);
}

static void loaded_once(void)
{
    struct error error = {""};
    char *path = path_of(".libs", "hang");
    char *detour = path_of(".libs/../.libs/.", "hang");
    const struct plugin *first = plugin_load(path, &error);
    const struct plugin *second = plugin_load(path, &error);
    const struct plugin *third = plugin_load(detour, &error);
    CHECK_TEXT(error.text, "");
    CHECK(first != NULL && second == first && third == first);
    free(path);
    free(detour);
}

static void by_name_and_by_path(void)
{
    struct error error = {""};
    char *path = path_of(".libs", "hang");
    char *folder = path_of(".libs", "");
    *strrchr(folder, '/') = '\0';
    setenv("DYNOMATIC_PLUGIN_PATH", folder, 1);
    const struct plugin *by_name = plugin_load("hang", &error);
    CHECK(by_name != NULL && by_name == plugin_load(path, &error));
    if (by_name != NULL) {
        char *resolved = realpath(path, NULL);
        CHECK_TEXT(by_name->path, resolved);
        CHECK_TEXT(by_name->table.name, "hang");
        CHECK(by_name->table.queue == &by_name->queue && by_name->queue.measure != NULL);
        CHECK(by_name->table.scaler == NULL);
        free(resolved);
    }
    CHECK_TEXT(error.text, "");
    free(path);
    free(folder);
}

static void under_its_own_name_only(void)
{
    struct error error = {""};
    char template[] = "/tmp/dynomatic-test.XXXXXX";
    char *path = path_of(".libs", "hang");
    char *link = memory_format("%s/alias.so", mkdtemp(template) != NULL ? template : "/nowhere");
    char *resolved = realpath(path, NULL);
    CHECK_INT(symlink(resolved, link), 0);
    CHECK(plugin_load(path, &error) != NULL);
    CHECK(plugin_load(link, &error) == NULL);
    CHECK_HAS(error.text, "its name is \"hang\", and must be that of the file, \"alias\"");
    unlink(link);
    rmdir(template);
    free(path);
    free(link);
    free(resolved);
}

/* The one that refuses stays loaded: its load() may have told its libraries something already. */
static void load_is_called_once(void)
{
    char *path = path_of("tests/unit/.libs", "refuses_load");
    CHECK(plugin_read(path, NULL) != NULL); /* which calls nothing */
    for (int i = 0; i < 2; i++) {
        struct error error = {""};
        CHECK(plugin_load(path, &error) == NULL);
        CHECK_HAS(error.text, "its load() failed: load was called 1 times");
        CHECK_HAS(error.text, path);
    }
    free(path);
}

static void an_error_is_not_needed(void)
{
    CHECK(plugin_load("/nowhere/at/all.so", NULL) == NULL);
    CHECK(plugin_load("no such name", NULL) == NULL);
}

static const struct test tests[] = {
    {"the same file is loaded once, however it is named", loaded_once},
    {"a name and a path lead to the same plugin", by_name_and_by_path},
    {"a loaded plugin has no second name", under_its_own_name_only},
    {"load() is called once, and its refusal kept", load_is_called_once},
    {"nobody needs to ask why", an_error_is_not_needed},
};
SUITE_MAIN("plugin", tests)
