/* SPDX-License-Identifier: MIT
 * The file in the state folder that holds the overrides: FOLDER/overrides.json, an array with an
 * object for each. The commands write it, the daemon reads it; neither needs the other to run. */
#ifndef CORE_OVERRIDE_FILE_H
#define CORE_OVERRIDE_FILE_H

#include "core/error.h"
#include "core/override.h"

#include <sys/stat.h>

/* Its path; the caller frees it. */
char *override_path(const char *folder);

/* Reads the file; one that is not there holds none. `seen` tells which file was read: zeroed, if
 * none. -1 with an error that names it if it cannot be read or is not understood: what it holds is
 * then not known, which is not the same as none. */
int override_read(const char *folder, struct override_list *list, struct stat *seen,
                  struct error *error);

/* Replaces the file as a whole: a reader, or a machine that loses its power, has the old or the new
 * one. Only for who has the lock. */
int override_write(const char *folder, const struct override_list *list, struct error *error);

/* Makes the folder if it is not there, and keeps other writers out until the descriptor that it
 * returns is closed. -1 with an error. */
int override_lock(const char *folder, struct error *error);

/* The overrides as the file has them, on lines of their own. */
void override_print(const struct override_list *list, struct text *out);

#endif
