/* SPDX-License-Identifier: MIT
 * Lines of a journal by the hundred thousand: what journal_line.h reads out of a tree, without
 * building one. */
#ifndef CORE_JOURNAL_READ_H
#define CORE_JOURNAL_READ_H

#include "core/journal_line.h"

/* Reads a line, without its line break; its kind is line->kind, too. Of what is no decision there
 * are the time, the pool and what is said of `asked`. Members that are not known are passed over.
 */
enum journal_kind journal_read(const char *chars, size_t length, struct journal_decision *line);

#endif
