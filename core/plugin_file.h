/* SPDX-License-Identifier: MIT
 * A plugin as a file: where it lies, and whether anybody else could have put it there. */
#ifndef CORE_PLUGIN_FILE_H
#define CORE_PLUGIN_FILE_H

#include "core/error.h"

#include <stdbool.h>

/* The file of a plugin: a name is searched in the plugin folders, a path (it has a '/') is taken as
 * it is. The caller frees it; NULL with an error that says where it was searched and what is there.
 */
char *plugin_file_find(const char *name, struct error *error);

/* The name that a file stands for: "/usr/lib/dynomatic/delayedjob.so" is "delayedjob". The caller
 * frees it. */
char *plugin_file_name(const char *path);

/* Whether a file, by its resolved path, came with this program: whether it lies in the plugin
 * folder of the installation. */
bool plugin_file_is_installed(const char *path);

/* Whether only root and the effective user can say what is in this file, by the owners and modes of
 * it and of the folders down to it; with privileges that the user lacks, whether only root can. -1
 * with an error that names the path and what to do. */
int plugin_file_check(const char *path, struct error *error);

#endif
