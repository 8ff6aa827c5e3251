/* SPDX-License-Identifier: MIT
 * A Procfile: the process types of an app, one `type: command` a line. */
#ifndef FAKE_PROCFILE_H
#define FAKE_PROCFILE_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>

struct procfile_line {
    char *type;
    char *command;
};

struct procfile {
    struct procfile_line *lines;
    size_t n;
    char *folder; /* absolute: where the commands run */
};

/* -1 and an error FILE:LINE if it cannot be read. Empty lines and those with # are passed over. */
int procfile_read(struct procfile *procfile, const char *file, struct error *error);
void procfile_fini(struct procfile *procfile);

/* The command of a type; NULL: it has no such type. */
const char *procfile_command(const struct procfile *procfile, const char *type);
/* Its types, separated by commas: the caller's, free(). */
char *procfile_types(const struct procfile *procfile);

/* Letters, digits, - and _, at most 128. */
bool procfile_is_type(const char *text, size_t length);

#endif
