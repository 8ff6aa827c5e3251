/* SPDX-License-Identifier: MIT
 * Plugins as shared objects: found by name in the plugin folders or by path, verified, loaded.
 * The only room that sees ltdl.h and dlfcn.h. A loaded plugin is never unloaded.  [main thread] */
#ifndef CORE_PLUGIN_H
#define CORE_PLUGIN_H

#include "core/error.h"
#include "core/text.h"

#include <dynomatic/plugin.h>

#include <stdbool.h>

/* A loaded plugin: the tables of both sides' common part, the rest zeroed, whatever header it was
 * built from. Constant after loading, so every thread may read it. */
struct plugin {
    char *path;
    struct dyn_plugin table; /* .options and .n_options in our own row size; .queue and
                              * .scaler point to the two below, or NULL */
    struct dyn_queue queue;
    struct dyn_scaler scaler;
    struct dyn_option *options;
    bool is_loaded; /* its load() was called, once */
    char *refusal;  /* why that failed; NULL if it did not */
    struct plugin *next;
};

/* The plugin folders, in the order they are searched, separated by ':' as in
 * "DYNOMATIC_PLUGIN_PATH, then the folder of the installation". The variable is not read when the
 * program runs with privileges its user does not have. The caller frees it. */
char *plugin_folders(void);

/* The plugin of this name or path (a path has a '/'), its tables read at the first call; NULL with
 * an error that names what was tried and what to do. None of its functions may be called yet. */
const struct plugin *plugin_read(const char *name, struct error *error);

/* The same to be used: its load() was called. */
const struct plugin *plugin_load(const char *name, struct error *error);

/* Whether it came with this program, as what lies in the folder of the installation. */
bool plugin_is_installed(const struct plugin *plugin);

/* Names of the plugins in the plugin folders, sorted, each once; the first folder wins. Files that
 * are no plugins of ours are in it too: only loading tells. The caller frees each and the array. */
char **plugin_names(size_t *n);

#endif
