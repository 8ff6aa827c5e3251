/* SPDX-License-Identifier: MIT
 * Plugins as shared objects: found by name in the plugin folders or by path, verified, loaded.
 * The only room that sees ltdl.h and dlfcn.h. A loaded plugin is never unloaded.  [main thread] */
#ifndef CORE_PLUGIN_H
#define CORE_PLUGIN_H

#include "core/error.h"
#include "core/text.h"

#include <dynomatic/plugin.h>

/* A loaded plugin: the tables of both sides' common part, the rest zeroed, whatever header it was
 * built from. Constant after loading, so every thread may read it. */
struct plugin {
    char *path;
    struct dyn_plugin table; /* .options and .n_options in our own row size; .queue and
                              * .scaler point to the two below, or NULL */
    struct dyn_queue queue;
    struct dyn_scaler scaler;
    struct dyn_option *options;
    char *refusal; /* why its load() failed, which is called once; NULL if it may be used */
    struct plugin *next;
};

/* The plugin folders, in the order they are searched, separated by ':' as in
 * "DYNOMATIC_PLUGIN_PATH, then the folder of the installation". The variable is not read when the
 * program runs with privileges its user does not have. The caller frees it. */
char *plugin_folders(void);

/* The plugin of this name or path (a path has a '/'), loaded at the first call; NULL with an error
 * that names what was tried and what to do. Calls its load(). */
const struct plugin *plugin_load(const char *name, struct error *error);

/* Names of the plugins in the plugin folders, sorted, each once; the first folder wins. Files that
 * are no plugins of ours are in it too: only loading tells. The caller frees each and the array. */
char **plugin_names(size_t *n);

#endif
