/* SPDX-License-Identifier: MIT
 * The checks: each has a name, a sentence that says what must hold, and a function that runs in a
 * process of its own; see trial.h. */
#ifndef KIT_CHECK_H
#define KIT_CHECK_H

#include "kit/subject.h"

#include <stddef.h>

/* What a plugin can be, and what a check takes to be of use. */
enum plays { PLAYS_LOADED = 1, PLAYS_QUEUE = 2, PLAYS_SCALER = 4, PLAYS_WATCH = 8 };

struct check {
    const char *name;
    const char *holds; /* the sentence */
    void (*run)(const struct subject *subject);
    unsigned needs; /* bits of enum plays, of which the plugin must have all */
};

/* All of them, in the order in which they run: what the later ones need comes first. */
extern const struct check checks[];
extern const size_t n_checks;

/* Tells what the plugin is; fails if the options cannot be understood. No check of its own. */
void check_plays(const struct subject *subject);

/* The object file: check_object.c */
void check_file(const struct subject *subject);
void check_loads(const struct subject *subject);
void check_symbol(const struct subject *subject);
void check_complete(const struct subject *subject);

/* Its tables: check_table.c */
void check_descriptor(const struct subject *subject);
void check_name(const struct subject *subject);
void check_functions(const struct subject *subject);
void check_options(const struct subject *subject);
void check_secrets(const struct subject *subject);

/* The life of an instance: check_life.c */
void check_load(const struct subject *subject);
void check_open(const struct subject *subject);
void check_open_io(const struct subject *subject);
void check_close_null(const struct subject *subject);
void check_leaks(const struct subject *subject);
void check_two_at_once(const struct subject *subject);
void check_old_host(const struct subject *subject);
void check_new_host(const struct subject *subject);

/* Calls that succeed: check_answers.c */
void check_none(const struct subject *subject);
void check_many(const struct subject *subject);
void check_index(const struct subject *subject);
void check_metrics(const struct subject *subject);
void check_answers(const struct subject *subject);
void check_cap(const struct subject *subject);
void check_advice(const struct subject *subject);

/* Calls that fail: check_failures.c */
void check_failures(const struct subject *subject);
void check_deadline(const struct subject *subject);
void check_cancel(const struct subject *subject);
void check_allocations(const struct subject *subject);
void check_hidden(const struct subject *subject);

/* Being told of events: check_watch.c */
void check_watch(const struct subject *subject);
void check_watch_quiet(const struct subject *subject);
void check_watch_again(const struct subject *subject);

/* What a plugin leaves alone: check_manners.c */
void check_prints(const struct subject *subject);
void check_locale(const struct subject *subject);
void check_umask(const struct subject *subject);
void check_signals(const struct subject *subject);
void check_folder(const struct subject *subject);
void check_processes(const struct subject *subject);

/* Setting sizes: check_sizes.c */
void check_read_after_apply(const struct subject *subject);
void check_repeatable(const struct subject *subject);
void check_held_back(const struct subject *subject);
void check_partial(const struct subject *subject);

#endif
