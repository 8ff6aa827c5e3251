/* SPDX-License-Identifier: MIT
 * The API's endpoints that the fake has. */
#ifndef FAKE_ROUTES_H
#define FAKE_ROUTES_H

#include "tests/fake-heroku/platform.h"

struct route {
    const char *method;
    const char *path;   /* "*" stands for any part */
    const char *scopes; /* that may call it, separated by blanks */
    bool is_in_app;     /* its second part names an app, which the caller must have access to */
    bool is_free;       /* it costs no token of the rate limit */
    void (*answer)(struct platform *, const struct request *, struct reply *);
};

/* NULL if there is none. */
const struct route *route_find(const char *method, const struct request *request);

#endif
