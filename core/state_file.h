/* SPDX-License-Identifier: MIT
 * Files in the state folder, which are replaced as a whole. */
#ifndef CORE_STATE_FILE_H
#define CORE_STATE_FILE_H

#include "core/error.h"
#include "core/text.h"

/* Makes a folder and those above it, as mkdir -p does; whether it is there then is seen by who
 * opens it. */
void state_file_make_folder(const char *folder);

/* Replaces a file: a reader, or a machine that loses its power, has the old or the new one. -1 with
 * an error. */
int state_file_replace(const char *folder, const char *name, const struct text *text,
                       struct error *error);

#endif
