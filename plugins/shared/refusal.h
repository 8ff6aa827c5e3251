/* SPDX-License-Identifier: MIT
 * An answer of Heroku's API that is not the one asked for: what it means, and what a person can do.
 */
#ifndef PLUGINS_SHARED_REFUSAL_H
#define PLUGINS_SHARED_REFUSAL_H

#include "shared/http.h"

#include <stdbool.h>
#include <stdint.h>

struct refusal {
    int32_t code;      /* DYN_RETRY or DYN_BROKEN: for the app as a whole */
    bool is_of_change; /* if it answers a change: only that one is refused, others may be taken */
    int64_t limit;     /* the most dynos that the platform takes; -1: not told */
    int64_t asked;     /* how many it counted against that, other dynos included; -1: not told */
    char text[700];    /* "403 forbidden, \"You do ...\": what to do (Request-Id ...)" */
};

/* Reads a reply whose status is not one of success. `token` is kept out of the text. */
void refusal_read(struct refusal *refusal, const struct http_reply *reply, const char *token);

#endif
