/* SPDX-License-Identifier: MIT
 * The plugin that is checked, with what the command line says of it. Each check has a process of
 * its own, and loads the plugin there. */
#ifndef KIT_SUBJECT_H
#define KIT_SUBJECT_H

#include "core/plugin.h"
#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct subject {
    char *path;          /* of the shared object */
    struct text options; /* as in the configuration, a line each: "key: value" */
    const char *expect;  /* the file of states; NULL: none */
    const char **names;  /* of pools at the platform, whose sizes may be set */
    size_t n_names;      /* 0: no size may be set */
    const char *keep;    /* host name of a worker of the first name; NULL: the usual */
    int64_t limit_ms;    /* of a check */
};

/* Adds an option of the configuration; the value of the second form is no YAML, but a text. */
void subject_add_option(struct subject *subject, const char *key, const char *value);
void subject_add_text(struct subject *subject, const char *key, const char *text);
void subject_fini(struct subject *subject);

/* ---- In the process of a check ---- */

/* Loads the plugin as the host does; what it is then. NULL with an error. */
const struct plugin *subject_load(const struct subject *subject, struct error *error);

/* The plugin's config struct, filled by the options. NULL with what is wrong with them, for people,
 * and whether that is only that some are missing. It lives until the process ends. */
void *subject_config(const struct subject *subject, const struct plugin *plugin,
                     struct text *mistakes, bool *is_incomplete);

/* Makes all URLs with a host in a config lead to a port of 127.0.0.1. False if there is none. */
bool subject_move(const struct plugin *plugin, void *config, int port);

/* An option as a person would type it, with nothing masked. */
void subject_print(const struct dyn_option *row, const void *config, struct text *out);

/* The secrets in a config: values of secret options and passwords of URLs; the array and each are
 * the caller's. */
char **subject_secrets(const struct plugin *plugin, const void *config, size_t *n);

#endif
