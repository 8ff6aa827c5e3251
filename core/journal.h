/* SPDX-License-Identifier: MIT
 * The record of decisions: which of them are written, and what a restart takes from it. What cannot
 * be written is lost and told once; the scaling goes on. */
#ifndef CORE_JOURNAL_H
#define CORE_JOURNAL_H

#include "core/error.h"
#include "core/pool.h"

struct journal;

/* Opens a journal. What is decided in a dry run is written as such, and nothing is restored from
 * it. NULL with an error. */
struct journal *journal_open(const struct journal_spec *spec, bool is_dry_run, struct error *error);
void journal_close(struct journal *journal); /* takes NULL */

/* All take NULL, for none. */

/* The program has started, or has a new configuration. */
void journal_started(struct journal *journal, const char *path, int64_t utc_ms);

/* A pool has decided: written if the decision is another one than the last written, or if that is
 * long enough ago. */
void journal_decided(struct journal *journal, struct pool *pool, const struct decided *decided,
                     int64_t utc_ms);

/* The platform has answered a change: size -1 is not known, why NULL as asked. */
void journal_applied(struct journal *journal, const struct pool *pool, int32_t asked, int32_t size,
                     const char *why, int64_t utc_ms);

/* Gives pools the past that the journal's last lines have of them, as if they had gone on until
 * now_ms; utc_ahead_ms is how far UTC is ahead of that clock. */
void journal_restore(const struct journal *journal, struct pool *pools, size_t n, int64_t now_ms,
                     int64_t utc_ahead_ms);

#endif
