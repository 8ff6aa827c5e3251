/* SPDX-License-Identifier: MIT
 * Where the file names no adapter: the queue adapter that stands in until it is known which one it
 * is. Its first call asks each candidate, an adapter with a URL, whether the store is its own
 * (detect() of the contract); once one is sure, every call goes there.
 *
 * So detecting is part of a call, and a store that is down is a call that fails: asked again with
 * the same pauses, told by the same lines, and never a size lowered meanwhile. */
#ifndef CORE_DETECT_H
#define CORE_DETECT_H

#include "core/settings.h"

#include <stdbool.h>

enum detect_state {
    DETECT_UNASKED,
    DETECT_REFUSED, /* the adapter does not open on this URL: of another kind, mostly */
    DETECT_FAILED,  /* the store could not be asked: it may be one */
    DETECT_NO,
    DETECT_FOUND
};

/* An adapter with a URL, and what became of it. */
struct detect_candidate {
    struct instance_spec spec; /* .plugin, .options */
    char *variable;            /* that has the URL: "REDIS_URL"; NULL: the file's own url */
    enum detect_state state;
    int32_t code;    /* of DETECT_FAILED: DYN_LATE, DYN_RETRY, DYN_BROKEN */
    int32_t percent; /* of DETECT_FOUND: how sure */
    char *text;      /* the evidence, or why not; NULL while unasked */
    bool is_chosen;
};

/* The options of an instance of detect_plugin. The candidates may be read while it is idle. */
struct detect_options {
    struct detect_candidate *candidates;
    size_t n;
};

extern const struct plugin detect_plugin;

/* The candidates of an instance; none, if its adapter is named. */
struct detect_options detect_options_of(const struct instance_spec *spec);

/* The adapter's name: "queue", the instance's own, while it is not known. */
const char *detect_adapter(const struct instance_spec *spec);

/* Whether whichever it is can name the workers that are busy; true if the adapter is named. */
bool detect_names_busy(const struct instance_spec *spec);

/* "REDIS_URL", "the file's url". */
const char *detect_place(const struct detect_candidate *candidate);

/* ---- detect_choose.c: pure ---- */

/* Marks the candidate to be taken and returns DYN_OK; or returns what a call then returns, with all
 * that speaks for and against as one line. One is taken only if it is sure, nothing speaks for
 * another, and every store could be asked. */
int32_t detect_choose(struct detect_candidate *candidates, size_t n, struct text *why);

/* Whether what became of candidate i is worth a word: an adapter that does not open on a URL is
 * told only where no other one does. */
bool detect_is_told(const struct detect_candidate *candidates, size_t n, size_t i);

/* The evidence, or why not. */
const char *detect_text(const struct detect_candidate *candidate);

/* What was found, as the file should have it: `adapter: sidekiq, url: "${REDIS_URL}"`. */
void detect_add_keys(const struct detect_candidate *candidate, struct text *out);

/* What the file may have, for each that was found: "queue: { ... } or queue: { ... }". Returns how
 * many. */
size_t detect_add_lines(const struct detect_candidate *candidates, size_t n, const char *between,
                        struct text *out);

/* "DATABASE_URL (delayedjob), REDIS_URL (resque, sidekiq)", those left out that do not open. */
void detect_add_candidates(const struct detect_options *options, struct text *out);

#endif
