/* SPDX-License-Identifier: MIT
 * The commands of the program, and what they share. Each returns the exit status. */
#ifndef CORE_COMMAND_H
#define CORE_COMMAND_H

#include "core/settings.h"

#include <dynomatic/plugin.h>

#include <stdbool.h>
#include <stddef.h>

enum exit_status { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* What the command line says. */
struct command_line {
    const char *config; /* NULL: not given */
    bool is_verbose;
    bool is_dry_run;
    bool wants_json;
    bool wants_connect;
    bool wants_all;
    const char *output;   /* -o; NULL: not given */
    const char *duration; /* --for */
    const char *why;
    const char *at;
    const char *not_size;
    bool wants_shadow;
    const char *journal;
    const char *prices;
    const char *size;
    const char *pool; /* --pool, and the next ones: of replay */
    const char *since;
    const char *until;
    const char *plot;
    const char *boot;
    const char *bound;
    bool wants_closed_loop;
    const char *argument; /* NULL: none */
    const char *second;   /* the argument after it, likewise */
    char **words;         /* all arguments */
    int n_words;
};

int command_run(const struct command_line *line);     /* command_run.c */
int command_once(const struct command_line *line);    /* command_run.c */
int command_check(const struct command_line *line);   /* command_check.c */
int command_count(const struct command_line *line);   /* command_count.c */
int command_detect(const struct command_line *line);  /* command_detect.c */
int command_explain(const struct command_line *line); /* command_explain.c */
int command_init(const struct command_line *line);    /* command_init.c */
int command_hold(const struct command_line *line);    /* command_hold.c, with the next three */
int command_release(const struct command_line *line);
int command_pause(const struct command_line *line);
int command_resume(const struct command_line *line);
int command_plugins(const struct command_line *line); /* command_plugins.c */
int command_why(const struct command_line *line);     /* command_why.c */
int command_replay(const struct command_line *line);  /* command_replay.c */
int command_sql(const struct command_line *line);     /* command_sql.c */

/* Becomes the program dynomatic-WORD that lies beside this one, with the words as its arguments. It
 * returns only if that fails. */
int command_program(char **words); /* command_program.c */

/* The file that the command line, the environment or the usual places name. NULL if there is none,
 * with that for people. */
struct config *command_read_config(const struct command_line *line, struct text *mistakes);

/* The settings of the file that the command line, the environment or the usual places name. NULL
 * with all mistakes, for people. */
struct settings *command_read_settings(const struct command_line *line, struct text *mistakes);

/* The same with the mistakes printed: then the exit status is EXIT_USAGE. */
struct settings *command_settings(const struct command_line *line);

/* The groups of an instance: one for each pool that it is a source of, in their order, with these
 * metrics and this cap. The caller frees them; their texts are the settings'. */
struct dyn_group *command_groups(const struct settings *settings, size_t instance, uint32_t metrics,
                                 int64_t cap, size_t *n);

/* Says that the file has no pool of that name, and which is the nearest. Returns EXIT_USAGE. */
int command_unknown_pool(const char *name, const char *const *pools, size_t n);

/* What was read, as one line: "dynomatic.yml: 2 pools, 1 queue instance, 1 scaler instance". */
void command_describe(const struct settings *settings, struct text *out);

/* Writes to standard output. A full disk or a closed pipe makes EXIT_FAILED. */
int command_print(const struct text *text);

#endif
