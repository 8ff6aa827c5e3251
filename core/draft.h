/* SPDX-License-Identifier: MIT
 * The file that dynomatic init writes: what was found, as keys, and what was not, as sentences. */
#ifndef CORE_DRAFT_H
#define CORE_DRAFT_H

#include "core/survey.h"

/* What the platform said of the app. */
struct draft_app {
    const char *token; /* the variable that holds it; NULL: none does */
    bool has_name;     /* HEROKU_APP_NAME is set */
    struct text types; /* its process types, "web (1), worker (0)"; "": not known */
    struct text why;   /* why they are not known, where it was asked */
};

void draft_write(const struct survey *survey, const struct draft_app *app, struct text *out);

#endif
