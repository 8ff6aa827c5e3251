/* SPDX-License-Identifier: MIT
 * Reads what journal_line.h writes, without building a tree: lines come by the hundred thousand. */
#ifndef CORE_JOURNAL_READ_H
#define CORE_JOURNAL_READ_H

#include "core/journal_line.h"

/* Reads a line, without its line break; its kind is line->kind, too. Of what is no decision there
 * are the time, the pool, why, and what is said of `asked`. Members that are not known are passed
 * over. What is read points into the line. */
enum journal_kind journal_read(const char *chars, size_t length, struct journal_decision *line);

/* Adds why, while the line is there. Returns false if it does not say so. */
bool journal_why(const struct journal_decision *line, struct text *out);

/* A time as journal_time() has it; -1 if it is none. */
int64_t journal_parse_time(const char *text);

#endif
