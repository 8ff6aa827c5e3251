/* SPDX-License-Identifier: MIT
 * Everything there is: accounts, apps, rules for faults, and what was counted. */
#ifndef FAKE_PLATFORM_H
#define FAKE_PLATFORM_H

#include "tests/fake-heroku/account.h"
#include "tests/fake-heroku/app.h"
#include "tests/fake-heroku/fault.h"
#include "tests/fake-heroku/message.h"
#include "tests/fake-heroku/record.h"
#include "tests/fake-heroku/scaling.h"

enum retry_after { RETRY_AFTER_NONE, RETRY_AFTER_SECONDS, RETRY_AFTER_DATE, RETRY_AFTER_EPOCH };

/* How many requests had this method, or this status. */
struct count {
    char *name;
    long n;
};

struct counts {
    struct count *at;
    size_t n;
};

struct platform {
    struct dyno_house house;
    struct account *owner;    /* of the apps */
    struct account *stranger; /* whose tokens are good, and no app theirs */
    struct token *tokens;
    size_t n_tokens;
    bool takes_any_token;
    struct app **apps;
    size_t n_apps;
    struct limits limits;
    enum retry_after retry_after;
    long page;              /* lists come in parts of so many; 0: whole */
    bool replies_all_types; /* a batch answers with all the app's types, not those it named */
    struct faults faults;
    struct record *record;
    int64_t started_ms;
    int64_t started_wall_us;
    long requests;
    struct counts by_method;
    struct counts by_status;
    bool is_told_to_stop; /* over the control path */
};

void platform_init(struct platform *platform);
void platform_fini(struct platform *platform);

struct app *platform_app(const struct platform *platform, const char *name_or_id);
/* The token of this text that has not expired; NULL if there is none. */
const struct token *platform_token(const struct platform *platform, const char *text);
void platform_add_token(struct platform *platform, const char *text, const char *scope,
                        struct account *account, int64_t expires_ms);

/* Counts a request that was answered. */
void platform_count(struct platform *platform, const char *method, int status);

/* Does what is due in all apps; when more will be. */
int64_t platform_tick(struct platform *platform, int64_t now_ms);
/* Reaps the processes that have ended. */
void platform_reap(struct platform *platform);
/* True if no dyno is left. */
bool platform_is_quiet(const struct platform *platform);

/* The quantities of all apps: {"myapp": {"worker": 2}}. */
cJSON *platform_quantities(const struct platform *platform);
/* When anything that clients can read last changed. */
int64_t platform_changed_wall_us(const struct platform *platform);

#endif
