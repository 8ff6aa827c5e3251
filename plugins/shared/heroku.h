/* SPDX-License-Identifier: MIT
 * One app's formation at Heroku's API, read and changed. What the platform last said is remembered,
 * so that nothing is sent that it knows already, and forgotten as soon as it may be wrong. */
#ifndef PLUGINS_SHARED_HEROKU_H
#define PLUGINS_SHARED_HEROKU_H

#include "shared/budget.h"
#include "shared/formation.h"
#include "shared/http.h"

#include <dynomatic/util.h>

/* The options that every back-end of Heroku has. It stands first in the back-end's own config
 * struct, so that the rows below fit there too. */
struct heroku_config {
    const char *app;
    const char *token;
    const char *api_url;
    const char *ca_file;
    int32_t maintenance; /* 0: hold, 1: ignore */
    int32_t dynos;
};

/* clang-format off */
#define HEROKU_OPTIONS                                                                            \
    {.name = "app", .env = "HEROKU_APP_NAME", .type = DYN_TEXT,                                   \
     .flags = DYN_REQUIRED | DYN_PLACE,                                                           \
     .help = "the Heroku app, by name or id",                                                     \
     .offset = offsetof(struct heroku_config, app)},                                              \
    {.name = "token", .env = "HEROKU_API_KEY HEROKU_TOKEN", .type = DYN_TEXT,                     \
     .flags = DYN_REQUIRED | DYN_SECRET,                                                          \
     .help = "token of Heroku's API with the scopes read and write",                              \
     .offset = offsetof(struct heroku_config, token)},                                            \
    {.name = "api_url", .standard = "https://api.heroku.com", .env = "HEROKU_API_URL",            \
     .type = DYN_URL, .help = "where Heroku's API is; http:// only for this machine itself",      \
     .offset = offsetof(struct heroku_config, api_url)},                                          \
    {.name = "ca_file", .type = DYN_TEXT,                                                         \
     .help = "file of the certificates to trust instead of the system's, in PEM format",          \
     .offset = offsetof(struct heroku_config, ca_file)},                                          \
    {.name = "maintenance", .standard = "hold", .limits = "hold|ignore", .type = DYN_CHOICE,      \
     .help = "what maintenance mode of the app means: with hold, nothing is started",             \
     .offset = offsetof(struct heroku_config, maintenance)},                                      \
    {.name = "dynos", .standard = "yes", .type = DYN_BOOLEAN,                                     \
     .help = "whether to ask which dynos really run, for one call more when sizes are read",      \
     .offset = offsetof(struct heroku_config, dynos)}
/* clang-format on */

struct heroku {
    const struct dyn_host *host;
    const struct heroku_config *config;
    struct http *http;
    char *url;           /* of the app */
    char *authorization; /* the header */
    struct formation formation;
    bool is_known;   /* whether the formation is what the platform last said */
    int64_t read_ns; /* when it was read as a whole */
    char etag[128];  /* of the formation as it was read; "": changed since, or none */
    bool is_in_maintenance;
    struct budget budget;
    char trouble[96];  /* why a request was not sent */
    char warning[256]; /* that the platform last gave */
};

/* Whether an app, a token and an address are such as can be sent and may be trusted with a secret.
 * Returns DYN_OK, or what fail() returned. */
int32_t heroku_check_options(const struct dyn_host *host, const struct heroku_config *config);

/* An address without encryption. */
bool heroku_is_plain(const char *api_url);

/* Checks the options and makes *heroku. Does no I/O.  [main] Returns DYN_OK, or what fail()
 * returned, with nothing left over. */
int32_t heroku_new(const struct dyn_host *host, const struct heroku_config *config,
                   struct heroku **heroku);

/* Takes NULL; never blocks. */
void heroku_free(struct heroku *heroku);

/* Asks the platform for the formation, for what runs of it, and for the app's maintenance mode; the
 * last two may stay unknown. While the account has few calls left it asks less often, and what is
 * known stands. Returns DYN_OK, or what fail() returned. */
int32_t heroku_read(struct heroku *heroku, const struct dyn_call *call);

/* As heroku_read(), if the formation is not known. */
int32_t heroku_know(struct heroku *heroku, const struct dyn_call *call);

/* Before somebody counts as gone: asks anew, unless few calls are left. Whether what is known is of
 * this moment. A worker that is killed leaves its name behind at the store, on a job that nobody
 * runs. */
bool heroku_refresh(struct heroku *heroku, const struct dyn_call *call);

/* Whether any worker that a change must keep is not among those that run. */
bool heroku_misses(const struct heroku *heroku, const struct dyn_change *changes, uint32_t n);

/* A quantity to be set. */
struct heroku_update {
    const char *type; /* one of the formation's */
    int32_t quantity;
    char why[800]; /* set if the platform did not take it as it is: why not; else "" */
};

/* Sets n > 0 quantities in one request, and orders `updates` anew. Growth in maintenance mode, and
 * shrinking when the account has few calls left, are held back with their reason. If it is refused
 * for what it asks, each is tried alone, so that a bad one does not hold up the others; and one
 * above a limit is tried once at the limit, if that is still growth. Afterwards the formation has
 * what the platform accepted, or -1 where that is not known. Returns DYN_OK, or what fail()
 * returned: then nothing is known. */
int32_t heroku_scale(struct heroku *heroku, const struct dyn_call *call,
                     struct heroku_update *updates, size_t n);

/* Puts what runs of a pool; a negative number is not known. */
void heroku_put_dynos(const struct heroku *heroku, uint32_t index, int32_t up, int32_t starting,
                      int32_t crashed);

/* host->unknown() with printf's format; the text becomes one line without the token. */
void heroku_unknown(const struct heroku *heroku, uint32_t index, const char *format, ...)
    DYN_PRINTF(3, 4);

/* The same for a process type that the formation lacks. */
void heroku_unknown_type(const struct heroku *heroku, uint32_t index, const char *type);

#endif
