/* SPDX-License-Identifier: MIT
 * What the plugin says of itself by its tables. Nothing of it is called here. */
#include "kit/check.h"

#include "core/error.h"
#include "core/memory.h"
#include "core/plugin_file.h"
#include "core/plugin_table.h"
#include "kit/trial.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* The descriptor as it lies in the object; without it there is nothing to check. */
static const struct dyn_plugin *descriptor_of(const struct subject *subject)
{
    void *object = dlopen(subject->path, RTLD_NOW | RTLD_LOCAL);
    const struct dyn_plugin *table = object != NULL ? dlsym(object, "dynomatic_plugin") : NULL;
    if (table == NULL)
        trial_skip("it cannot be loaded");
    trial_doing("reading its tables");
    return table;
}

static struct plugin *kinds_of(const struct subject *subject)
{
    struct error error = {""};
    struct plugin *plugin = memory_new(1, sizeof *plugin);
    if (plugin_table_read_kinds(descriptor_of(subject), plugin, &error) < 0)
        trial_skip("its tables cannot be read");
    return plugin;
}

static bool is_line(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && strpbrk(text, "\r\n\t") == NULL && text[length - 1] != '.';
}

void check_descriptor(const struct subject *subject)
{
    struct error error = {""};
    struct plugin *plugin = memory_new(1, sizeof *plugin);
    if (plugin_table_read_kinds(descriptor_of(subject), plugin, &error) < 0)
        trial_fail("%s", error.text);
    if (!is_line(plugin->table.summary))
        trial_fail("its summary is not one line without a full stop");
    if (plugin->table.version[0] == '\0')
        trial_fail("its version is empty");
}

void check_name(const struct subject *subject)
{
    const char *name = kinds_of(subject)->table.name;
    char *wanted = plugin_file_name(subject->path);
    if (strcmp(name, wanted) != 0)
        trial_fail("its name is \"%s\", and must be that of the file, \"%s\"", name, wanted);
    free(wanted);
}

void check_functions(const struct subject *subject)
{
    struct error error = {""};
    if (plugin_table_check_functions(kinds_of(subject), &error) < 0)
        trial_fail("%s", error.text);
}

/* ---- Options ---- */

/* The rows, read in our own size. */
static struct plugin *options_of(const struct subject *subject)
{
    struct error error = {""};
    struct plugin *plugin = kinds_of(subject);
    if (plugin_table_read_options(plugin, &error) < 0)
        trial_fail("%s", error.text);
    return plugin;
}

static bool is_of_the_host(const char *name)
{
    static const char *const keys[] = {"adapter",    "backend", "timeout",
                                       "read_every", "isolate", "watch"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], name) == 0)
            return true;
    return false;
}

static bool are_variables(const char *names)
{
    bool is_first = true;
    for (; names[0] != '\0'; names++) {
        if (!isupper((unsigned char)names[0]) && names[0] != '_' &&
            (is_first || (!isdigit((unsigned char)names[0]) && names[0] != ' ')))
            return false;
        is_first = names[0] == ' ';
    }
    return !is_first;
}

static void check_option(const struct plugin *plugin, const struct dyn_option *row)
{
    enum { KNOWN = DYN_REQUIRED | DYN_SECRET | DYN_PLACE | DYN_NAMES };
    if (is_of_the_host(row->name))
        trial_fail("option %s: this is a key of the host's own", row->name);
    if (!is_line(row->help))
        trial_fail("option %s: its help is not one line without a full stop", row->name);
    if (row->env != NULL && !are_variables(row->env))
        trial_fail("option %s: \"%s\" are no names of environment variables", row->name, row->env);
    if ((row->flags & DYN_REQUIRED) != 0 && row->standard != NULL)
        trial_fail("option %s: it is required, and has a default", row->name);
    if ((row->flags & ~(uint32_t)KNOWN) != 0)
        trial_fail("option %s: it has a flag that ABI %u does not have", row->name, DYN_ABI);
    if ((row->flags & DYN_PLACE) != 0 && plugin->table.scaler == NULL)
        trial_fail("option %s: only a scaler has a place", row->name);
    if (row->reserved != 0)
        trial_fail("option %s: its reserved member is not 0", row->name);
}

void check_options(const struct subject *subject)
{
    const struct plugin *plugin = options_of(subject);
    for (size_t i = 0; i < plugin->table.n_options; i++)
        check_option(plugin, &plugin->options[i]);
}

/* A word of a name between underscores. */
static bool has_word(const char *name, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = name; (at = strstr(at, word)) != NULL; at++)
        if ((at == name || at[-1] == '_') && (at[length] == '\0' || at[length] == '_'))
            return true;
    return false;
}

static bool sounds_secret(const char *name)
{
    static const char *const words[] = {"password", "passwd",  "passphrase", "secret",
                                        "token",    "api_key", "apikey",     "credentials"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (has_word(name, words[i]))
            return true;
    return false;
}

void check_secrets(const struct subject *subject)
{
    struct error error = {""};
    struct plugin *plugin = kinds_of(subject);
    if (plugin_table_read_options(plugin, &error) < 0)
        trial_skip("its options cannot be read");
    for (size_t i = 0; i < plugin->table.n_options; i++) {
        const struct dyn_option *row = &plugin->options[i];
        bool is_path = has_word(row->name, "file") || has_word(row->name, "path");
        if (row->type == DYN_TEXT && (row->flags & DYN_SECRET) == 0 && !is_path &&
            sounds_secret(row->name))
            trial_fail("option %s: it is not marked DYN_SECRET", row->name);
        if (row->type == DYN_TEXT && (row->flags & DYN_SECRET) == 0 && has_word(row->name, "url"))
            trial_fail("option %s: it is a text, and not a DYN_URL, whose password is masked",
                       row->name);
    }
}
