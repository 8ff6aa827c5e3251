/* SPDX-License-Identifier: MIT
 * What a client asks of a formation: read, checked as a whole, then applied as a whole. */
#ifndef FAKE_SCALING_H
#define FAKE_SCALING_H

#include "tests/fake-heroku/app.h"
#include "tests/fake-heroku/message.h"

/* How many dynos may run. 0: no limit. */
struct limits {
    int app;    /* all types of an app together */
    int type;   /* of a Performance, Private or Shield type */
    int single; /* of an Eco or Basic type */
    int eco;    /* at once in an app on Eco */
};

extern const struct limits limits_of_the_platform;

/* One formation, and what is asked of it. */
struct wish {
    struct formation *formation;
    int quantity;
    const struct size *size;
    bool names_size;
};

struct scaling {
    struct app *app;
    struct wish *wishes;
    size_t n;
};

/* Reads a body {"updates": [...]}; or with a formation, the body that changes that one. Later
 * elements see what the earlier ones ask for. -1: refused, and the reply says so. */
int scaling_read(struct scaling *scaling, struct app *app, struct formation *only,
                 const struct text *body, struct reply *reply);
/* Whether the platform would run that: mixed tiers, limits. -1: refused, and the reply says so. */
int scaling_check(const struct scaling *scaling, const struct limits *limits, struct reply *reply);
void scaling_apply(const struct scaling *scaling);
void scaling_fini(struct scaling *scaling);

/* 404, in the platform's words. */
void scaling_refuse_type(struct reply *reply, const char *type);

#endif
