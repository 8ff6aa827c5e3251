/* SPDX-License-Identifier: MIT
 * A file that lines are added to, and that makes room for a new one by size and by age. A line goes
 * out in one write, so that whatever happens to the program or the disk costs at most the last. */
#ifndef CORE_JOURNAL_FILE_H
#define CORE_JOURNAL_FILE_H

#include "core/error.h"
#include "core/text.h"

#include <stddef.h>
#include <stdint.h>

struct journal_limits {
    int64_t most_bytes;  /* of one file */
    int64_t most_age_ms; /* of its first line */
    int64_t keep;        /* files before it: FILE.1 (the latest), FILE.2, ... */
};

struct journal_file;

/* Opens a file for more lines, made if it is not there. NULL with an error; but a full disk is
 * none, as it may be less full when there is a line. */
struct journal_file *journal_file_open(const char *path, struct journal_limits limits,
                                       struct error *error);
void journal_file_close(struct journal_file *file); /* takes NULL */

/* Whether a file could be opened so, without making it: 0, or -1 with an error. */
int journal_file_check(const char *path, struct error *error);

/* Adds a line, given with its line break. A file that somebody moved away or removed is made anew.
 * -1 with an error if the line is not there as a whole; the next one is tried all the same. */
int journal_file_add(struct journal_file *file, const char *line, size_t length, int64_t utc_ms,
                     struct error *error);

/* Adds the last whole lines of a file, most_bytes of them at most. A file that is not there has
 * none; -1 with an error. */
int journal_file_tail(const char *path, size_t most_bytes, struct text *out, struct error *error);

/* FILE.1, the one before a file; the caller frees it. */
char *journal_file_before(const char *path, int64_t number);

#endif
