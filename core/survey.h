/* SPDX-License-Identifier: MIT
 * What the adapters say of the stores that the environment names: the variables are asked at the
 * same time, so that one that hangs holds up only itself. */
#ifndef CORE_SURVEY_H
#define CORE_SURVEY_H

#include "core/ask.h"
#include "core/detect.h"
#include "core/detect_url.h"

struct survey {
    struct detect_url *urls;
    size_t n_urls;
    struct detect_candidate *candidates; /* those of one variable stand together */
    size_t n;
    const struct detect_candidate *chosen; /* NULL: none, for the reason in `why` */
    struct text why;

    struct detect_options asked; /* what the instances write to, whose copy the above are */
    struct settings settings;    /* an instance for each variable */
    struct ask ask;
};

void survey_take(struct survey *survey);

/* Frees all and returns `status`. With a call that hangs it ends the program with that status. */
int survey_end(struct survey *survey, int status);

/* The other variables of the same value: "A, B"; "" if there are none. */
const char *survey_also(const struct survey *survey, const struct detect_candidate *candidate);

#endif
