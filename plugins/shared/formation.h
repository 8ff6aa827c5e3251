/* SPDX-License-Identifier: MIT
 * An app's process types and how many dynos of each should run, as Heroku's API tells them. */
#ifndef PLUGINS_SHARED_FORMATION_H
#define PLUGINS_SHARED_FORMATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process {
    char *type;
    int32_t quantity; /* -1: not known */
    bool is_eco;      /* its dynos are of the size Eco */
    /* What runs of it: -1 if not known. */
    int32_t up;
    int32_t starting;
    int32_t crashed;
};

/* A dyno that runs or starts. */
struct dyno {
    char *id;   /* which is its host name on the Cedar generation */
    char *name; /* "worker.3" */
};

/* All zeroes is an empty one. */
struct formation {
    struct process *items;
    size_t n;
    struct dyno *dynos; /* as far as they were told */
    size_t n_dynos;
    bool has_dynos; /* whether they are all */
};

void formation_fini(struct formation *formation);

/* NULL if the app has no such process type. */
struct process *formation_find(const struct formation *formation, const char *type);

/* Sets a quantity, of a new process type if need be. False if memory is gone. */
bool formation_set(struct formation *formation, const char *type, int32_t quantity);

/* Adds what a reply lists: an array of process types, or one alone. A quantity that is no whole
 * number of dynos, or is told twice and differs, is not known. False, with a part added, if the
 * text is no such list (`*why` says what it is instead, as a constant). */
bool formation_parse(struct formation *formation, const char *json, size_t length,
                     const char **why);

/* Takes what a list of dynos says runs of each process type. False, with nothing known of what
 * runs, if the text is no such list. */
bool formation_take_dynos(struct formation *formation, const char *json, size_t length);

/* What runs is not known any more. */
void formation_forget_dynos(struct formation *formation);

/* "web, worker", cut with "..." where the room ends. */
void formation_list(const struct formation *formation, char *out, size_t room);

/* Where the worker of a host name is. */
enum whereabouts {
    DYNO_RUNS,   /* it is a numbered dyno of this formation */
    DYNO_GONE,   /* it was one of Heroku's, and is none now as far as was told */
    DYNO_UNKNOWN /* it may be any: no dyno that we can tell, or one without a number */
};

/* Finds the worker of a host name, which is its dyno's name ("worker.3") or id; on the Fir
 * generation names have no number ("worker-23z34x56y-w78k9"). Where it runs, sets its process type
 * and its number from 1 on. */
enum whereabouts formation_where(const struct formation *formation, const char *host,
                                 const struct process **process, int32_t *number);

#endif
