/* SPDX-License-Identifier: MIT
 * The plugin as a file, and as what the linker makes of it. */
#include "kit/check.h"

#include "core/plugin_file.h"
#include "kit/object.h"
#include "kit/trial.h"

#include <dlfcn.h>
#include <string.h>

void check_file(const struct subject *subject)
{
    struct error error = {""};
    if (plugin_file_check(subject->path, &error) < 0)
        trial_fail("%s", error.text);
}

static void *open_object(const struct subject *subject)
{
    trial_doing("dlopen()");
    return dlopen(subject->path, RTLD_NOW | RTLD_LOCAL);
}

void check_loads(const struct subject *subject)
{
    if (open_object(subject) == NULL)
        trial_fail("%s", dlerror());
}

void check_symbol(const struct subject *subject)
{
    struct object_symbols symbols = object_exported(subject->path);
    bool is_there = false;
    for (size_t i = 0; i < symbols.n; i++)
        is_there = is_there || strcmp(symbols.names[i], "dynomatic_plugin") == 0;
    if (symbols.names == NULL)
        trial_fail("it is no shared object for this machine");
    if (!is_there)
        trial_fail("it does not export dynomatic_plugin: define it with DYN_EXPORT");
    for (size_t i = 0; i < symbols.n; i++)
        if (strcmp(symbols.names[i], "dynomatic_plugin") != 0)
            trial_fail("it exports %s too: make it static, or link with -fvisibility=hidden",
                       symbols.names[i]);
}

/* What the host happens to be linked with is found as well, until it no longer is. */
void check_complete(const struct subject *subject)
{
    struct object_symbols symbols = object_wanted(subject->path);
    void *object = open_object(subject);
    if (object == NULL)
        trial_skip("it cannot be loaded");
    for (size_t i = 0; i < symbols.n; i++)
        if (dlsym(object, symbols.names[i]) == NULL)
            trial_fail("it uses %s, which no library has that it is linked with", symbols.names[i]);
}
