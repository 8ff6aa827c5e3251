/* SPDX-License-Identifier: MIT */
#include "core/plugin.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/plugin_file.h"
#include "core/plugin_table.h"

#include <dlfcn.h>
#include <errno.h>
#include <ltdl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Those that are loaded, by their resolved path. Main thread only. */
static struct plugin *plugins;

/* ---- The shared object ---- */

/* The linker's words, without the path that the sentence around them has already. */
static int refuse_file(const char *path, struct error *error)
{
    const char *why = dlerror();
    size_t length = strlen(path);
    if (why != NULL && strncmp(why, path, length) == 0 && strncmp(why + length, ": ", 2) == 0)
        why += length + 2;
    return error_set(error, "%s", why != NULL ? why : "the linker does not say why");
}

/* libltdl binds lazily, and says "file not found" of a plugin whose library is missing. So the
 * linker is asked first, for everything at once and in its own words. */
static lt_dlhandle open_file(const char *path, struct error *error)
{
    void *first = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (first == NULL) {
        refuse_file(path, error);
        return NULL;
    }
    lt_dlhandle handle = lt_dlinit() == 0 ? lt_dlopen(path) : NULL;
    if (handle == NULL)
        error_set(error, "%s", lt_dlerror());
    dlclose(first);
    return handle;
}

/* ---- load() ---- */

/* What load() sees, and the way back from it: the table stands first. */
struct loading {
    struct dyn_host table;
    const char *name;
    char *failure;
};

static struct loading *loading_of(const struct dyn_host *host)
{
    return (struct loading *)(uintptr_t)host;
}

static int32_t loading_fail(const struct dyn_host *host, int32_t code, const char *text)
{
    struct loading *loading = loading_of(host);
    free(loading->failure);
    loading->failure = memory_copy(text != NULL ? text : "");
    return code;
}

static void loading_log(const struct dyn_host *host, int32_t level, const char *text)
{
    if (level >= DYN_ERROR && level <= DYN_DEBUG && text != NULL)
        log_write((enum log_level)level, loading_of(host)->name, "%s", text);
}

/* load() is no call that could be answered. */
static void ignore_put(const struct dyn_host *host, uint32_t index, int32_t metric, int64_t value,
                       uint32_t flags)
{
    (void)host, (void)index, (void)metric, (void)value, (void)flags;
}

static void ignore_unknown(const struct dyn_host *host, uint32_t index, const char *text)
{
    (void)host, (void)index, (void)text;
}

static void ignore_worker(const struct dyn_host *host, uint32_t index,
                          const struct dyn_worker *worker)
{
    (void)host, (void)index, (void)worker;
}

static void ignore_found(const struct dyn_host *host, int32_t percent, const char *evidence)
{
    (void)host, (void)percent, (void)evidence;
}

static void ignore_name(const struct dyn_host *host, const char *name, int32_t size)
{
    (void)host, (void)name, (void)size;
}

static void ignore_advice(const struct dyn_host *host, const char *line)
{
    (void)host, (void)line;
}

/* It is called once, so a refusal is kept for whoever asks for the plugin again. */
static void call_load(struct plugin *plugin)
{
    struct loading loading = {
        .table = {.size = sizeof loading.table,
                  .abi = DYN_ABI,
                  .fail = loading_fail,
                  .put = ignore_put,
                  .unknown = ignore_unknown,
                  .put_worker = ignore_worker,
                  .found = ignore_found,
                  .log = loading_log,
                  .put_name = ignore_name,
                  .advise = ignore_advice},
        .name = plugin->table.name,
    };
    if (plugin->is_loaded)
        return;
    plugin->is_loaded = true;
    if (plugin->table.load == NULL || plugin->table.load(&loading.table) == DYN_OK)
        free(loading.failure);
    else
        plugin->refusal =
            loading.failure != NULL ? loading.failure : memory_copy("it does not say why");
}

/* ---- The list ---- */

static struct plugin *find_loaded(const char *path)
{
    struct plugin *plugin = plugins;
    while (plugin != NULL && strcmp(plugin->path, path) != 0)
        plugin = plugin->next;
    return plugin;
}

static int check_name(const struct plugin *plugin, const char *name, struct error *error)
{
    if (strcmp(plugin->table.name, name) == 0)
        return 0;
    return error_set(error, "its name is \"%s\", and must be that of the file, \"%s\"",
                     plugin->table.name, name);
}

/* A plugin whose tables are refused is unloaded, none of its functions having been called. */
static struct plugin *load_file(const char *path, const char *name, struct error *error)
{
    lt_dlhandle handle = open_file(path, error);
    if (handle == NULL)
        return NULL;
    struct plugin *plugin = memory_new(1, sizeof *plugin);
    const struct dyn_plugin *table = lt_dlsym(handle, "dynomatic_plugin");
    if (table == NULL)
        error_set(error, "it does not export dynomatic_plugin");
    if (table == NULL || plugin_table_read(table, plugin, error) < 0 ||
        check_name(plugin, name, error) < 0) {
        plugin_table_fini(plugin);
        free(plugin);
        lt_dlclose(handle);
        return NULL;
    }
    lt_dlmakeresident(handle);
    plugin->path = memory_copy(path);
    plugin->next = plugins;
    plugins = plugin;
    return plugin;
}

static struct plugin *read_once(const char *path, const char *name, struct error *error)
{
    struct plugin *plugin = find_loaded(path);
    if (plugin == NULL)
        plugin = load_file(path, name, error);
    return plugin != NULL && check_name(plugin, name, error) == 0 ? plugin : NULL;
}

/* A link is looked at from both ends: who can change where it leads decides what is loaded. */
static struct plugin *read_path(const char *path, struct error *error)
{
    char *resolved = realpath(path, NULL);
    char *name = plugin_file_name(path);
    struct plugin *plugin = NULL;
    if (resolved == NULL)
        error_set(error, "%s", strerror(errno));
    else if (plugin_file_check(path, error) == 0 && plugin_file_check(resolved, error) == 0)
        plugin = read_once(resolved, name, error);
    free(resolved);
    free(name);
    return plugin;
}

/* Its path is told with whatever went wrong. */
static struct plugin *find(const char *name, struct error *error)
{
    char *path = plugin_file_find(name, error);
    if (path == NULL)
        return NULL;
    struct error why = {""};
    struct plugin *plugin = read_path(path, &why);
    if (plugin == NULL)
        error_set(error, "plugin \"%s\" cannot be used: %s", path, why.text);
    free(path);
    return plugin;
}

const struct plugin *plugin_read(const char *name, struct error *error)
{
    return find(name, error);
}

bool plugin_is_installed(const struct plugin *plugin)
{
    return plugin_file_is_installed(plugin->path);
}

const struct plugin *plugin_load(const char *name, struct error *error)
{
    struct plugin *plugin = find(name, error);
    if (plugin == NULL)
        return NULL;
    call_load(plugin);
    if (plugin->refusal == NULL)
        return plugin;
    error_set(error, "plugin \"%s\" cannot be used: its load() failed: %s", plugin->path,
              plugin->refusal);
    return NULL;
}
