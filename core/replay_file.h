/* SPDX-License-Identifier: MIT
 * What is replayed, a line at a time: a journal with the files before it, the oldest first, or a
 * CSV. Only one line is in memory. */
#ifndef CORE_REPLAY_FILE_H
#define CORE_REPLAY_FILE_H

#include "core/error.h"
#include "core/journal_read.h"

struct replay_file;

/* Opens FILE.n, ... FILE.1 and FILE, as far as they are there; FILE must be. Freed with
 * replay_file_close(), which takes NULL. NULL with an error. */
struct replay_file *replay_file_open(const char *path, struct error *error);
void replay_file_close(struct replay_file *file);

/* Whether it is a CSV of time,waiting or time,waiting,busy. */
bool replay_file_is_csv(const struct replay_file *file);

/* Reads the next line into `line`: of a journal any kind, of a CSV a JOURNAL_DECISION of nobody,
 * whose size is not known. 0 at the end, 1 for a line, -1 with an error. */
int replay_file_next(struct replay_file *file, struct journal_decision *line, struct error *error);

/* Lines passed over, since they were not whole or no lines of a journal. */
int64_t replay_file_bad_lines(const struct replay_file *file);

/* A time as people write it: 2026-11-24, 2026-11-24T15:00Z, seconds since 1970. False if it is
 * none. */
bool replay_parse_time(const char *text, int64_t *utc_ms);

#endif
