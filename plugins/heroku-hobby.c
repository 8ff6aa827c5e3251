/* SPDX-License-Identifier: MIT
 * Scaler back-end: a pool is a list of process types of a Heroku app of which each can run one
 * dyno, as Eco and Basic dynos are limited. The first of the list start first and stop last. */
#include <config.h>

#include "shared/heroku.h"
#include "shared/transfer.h"

#include <dynomatic/util.h>

#include <stdlib.h>
#include <string.h>

#ifndef NAME
#define NAME "heroku-hobby" /* after what the sizes were called once */
#endif

struct config {
    struct heroku_config heroku; /* first: see HEROKU_OPTIONS */
    struct dyn_list worker_names;
};

static const struct dyn_option options[] = {
    HEROKU_OPTIONS,
    {.name = "worker_names",
     .type = DYN_LIST,
     .flags = DYN_REQUIRED | DYN_NAMES,
     .help = "the process types that run one dyno each, in the order in which they start",
     .offset = offsetof(struct config, worker_names)},
};

struct hobby {
    struct dyn_list names;
    struct heroku *heroku;
    bool has_warned;
};

/* ---- Life ---- */

static bool is_type(const char *name)
{
    static const char characters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length = strlen(name);
    return length > 0 && length <= 128 && strspn(name, characters) == length;
}

static int32_t check_names(const struct dyn_host *host, const struct dyn_list *names)
{
    if (names->n == 0)
        return host->fail(host, DYN_BROKEN, "worker_names is empty: name the process types to run");
    for (size_t i = 0; i < names->n; i++) {
        if (!is_type(names->items[i]))
            return dyn_failf(host, DYN_BROKEN,
                             "worker_names: \"%s\" is not a process type: letters, digits, - and _",
                             names->items[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(names->items[i], names->items[j]) == 0)
                return dyn_failf(host, DYN_BROKEN,
                                 "worker_names has \"%s\" twice: it can run one dyno only",
                                 names->items[i]);
    }
    return DYN_OK;
}

static int32_t hobby_open(const struct dyn_host *host, const void *config, void **self)
{
    const struct config *given = config;
    int32_t code = check_names(host, &given->worker_names);
    if (code != DYN_OK)
        return code;
    struct hobby *hobby = calloc(1, sizeof *hobby);
    if (hobby == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    hobby->names = given->worker_names;
    code = heroku_new(host, &given->heroku, &hobby->heroku);
    if (code != DYN_OK) {
        free(hobby);
        return code;
    }
    *self = hobby;
    return DYN_OK;
}

static void hobby_close(void *self)
{
    struct hobby *hobby = self;
    if (hobby == NULL)
        return;
    heroku_free(hobby->heroku);
    free(hobby);
}

/* ---- Reading ---- */

/* What runs of the list. */
struct count {
    int32_t running;
    int32_t present;     /* in the app */
    const char *missing; /* the first that the app lacks; NULL: none */
    const char *untold;  /* the first whose quantity is not known; NULL: none */
    int32_t eco;         /* of the size Eco */
    int32_t up;          /* -1: not known, as the next two */
    int32_t starting;
    int32_t crashed;
};

/* What is not known of one is not known of all. */
static int32_t sum(int32_t a, int32_t b)
{
    return a < 0 || b < 0 ? -1 : a + b;
}

static const struct process *find(const struct hobby *hobby, const char *type)
{
    return formation_find(&hobby->heroku->formation, type);
}

static struct count count(const struct hobby *hobby)
{
    struct count count = {0};
    for (size_t i = hobby->names.n; i-- > 0;) {
        const char *name = hobby->names.items[i];
        const struct process *process = find(hobby, name);
        if (process == NULL) {
            count.missing = name;
            continue;
        }
        count.present++;
        count.eco += process->is_eco;
        count.up = sum(count.up, process->up);
        count.starting = sum(count.starting, process->starting);
        count.crashed = sum(count.crashed, process->crashed);
        if (process->quantity < 0)
            count.untold = name;
        else if (process->quantity > 0)
            count.running++;
    }
    return count;
}

/* Puts how many run. A type that the app lacks does not hold up the others: it is said. */
static void answer(const struct hobby *hobby, uint32_t index)
{
    const struct heroku *heroku = hobby->heroku;
    struct count found = count(hobby);
    if (found.missing != NULL)
        heroku_unknown_type(heroku, index, found.missing);
    if (found.untold != NULL)
        heroku_unknown(heroku, index, "the platform does not tell how many \"%s\" of \"%s\" run",
                       found.untold, heroku->config->app);
    else if (found.present > 0) {
        heroku->host->put(heroku->host, index, DYN_SIZE, found.running, 0);
        heroku_put_dynos(heroku, index, found.up, found.starting, found.crashed);
    }
}

/* Before the platform refuses: once. */
static void warn_of_eco(struct hobby *hobby)
{
    if (hobby->has_warned || count(hobby).eco < 2)
        return;
    dyn_logf(hobby->heroku->host, DYN_WARN,
             "the dynos of \"%s\" are Eco: of an app only two run at once, a web dyno included; "
             "with Basic dynos (\"heroku ps:type\") each of worker_names can run",
             hobby->heroku->config->app);
    hobby->has_warned = true;
}

/* The list is one pool's: two would start and stop each other's dynos. */
static int32_t check_pools(const struct hobby *hobby, const char *first, const char *second)
{
    return dyn_failf(
        hobby->heroku->host, DYN_BROKEN,
        "the pools \"%s\" and \"%s\" share the worker_names \"%s\" ...: give each pool "
        "its own scaler with its own worker_names",
        first, second, hobby->names.items[0]);
}

static int32_t hobby_read(void *self, const struct dyn_call *call, const char *const *names,
                          uint32_t n)
{
    struct hobby *hobby = self;
    if (n > 1)
        return check_pools(hobby, names[0], names[1]);
    int32_t code = heroku_read(hobby->heroku, call);
    if (code == DYN_OK)
        warn_of_eco(hobby);
    if (code == DYN_OK && n == 1)
        answer(hobby, 0);
    return code;
}

/* ---- Changing ---- */

/* Whether the dyno of this type must not be stopped. A host name that means nobody we know may mean
 * it, and so may one that is gone if what is known is not of this moment. */
static bool must_stay(const struct hobby *hobby, const struct dyn_change *change, bool is_fresh,
                      const char *type)
{
    for (uint32_t i = 0; i < change->n_keep; i++) {
        const struct process *process = NULL;
        int32_t number;
        switch (formation_where(&hobby->heroku->formation, change->keep[i], &process, &number)) {
        case DYNO_RUNS:
            if (strcmp(process->type, type) == 0)
                return true;
            break;
        case DYNO_GONE:
            if (!is_fresh)
                return true;
            break;
        case DYNO_UNKNOWN:
            return true;
        }
    }
    return false;
}

/* The first of the list that do not run, `n` of them at most; those that the app lacks are passed
 * over. Returns how many updates that makes. */
static size_t plan_starts(const struct hobby *hobby, int32_t n, struct heroku_update *updates)
{
    int32_t n_planned = 0;
    for (size_t i = 0; i < hobby->names.n && n_planned < n; i++) {
        const struct process *process = find(hobby, hobby->names.items[i]);
        if (process != NULL && process->quantity <= 0)
            updates[n_planned++] = (struct heroku_update){.type = process->type, .quantity = 1};
    }
    return (size_t)n_planned;
}

/* The last of the list that run and may be stopped. */
static size_t plan_stops(const struct hobby *hobby, const struct dyn_change *change, bool is_fresh,
                         int32_t n, struct heroku_update *updates)
{
    int32_t n_planned = 0;
    for (size_t i = hobby->names.n; i-- > 0 && n_planned < n;) {
        const struct process *process = find(hobby, hobby->names.items[i]);
        if (process != NULL && process->quantity > 0 &&
            !must_stay(hobby, change, is_fresh, process->type))
            updates[n_planned++] = (struct heroku_update){.type = process->type, .quantity = 0};
    }
    return (size_t)n_planned;
}

/* Never both: a start that is refused or held back would leave fewer than ran before. So what runs
 * in another's place stays until the pool shrinks. */
static size_t plan(const struct hobby *hobby, const struct dyn_change *change, bool is_fresh,
                   struct heroku_update *updates)
{
    int32_t running = count(hobby).running;
    return change->size > running
               ? plan_starts(hobby, change->size - running, updates)
               : plan_stops(hobby, change, is_fresh, running - change->size, updates);
}

static const struct heroku_update *first_refused(const struct heroku_update *updates, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (updates[i].why[0] != '\0')
            return &updates[i];
    return NULL;
}

static void answer_change(const struct hobby *hobby, const struct dyn_change *change,
                          const struct heroku_update *refused)
{
    const struct heroku *heroku = hobby->heroku;
    struct count found = count(hobby);
    answer(hobby, 0);
    if (refused != NULL)
        heroku_unknown(heroku, 0, "%s: %s", refused->type, refused->why);
    else if (found.running < change->size && (size_t)change->size > hobby->names.n)
        heroku_unknown(heroku, 0, "worker_names has %zu names, of one dyno each", hobby->names.n);
    else if (found.running > change->size && change->n_keep > 0)
        heroku_unknown(heroku, 0, "%s%s must not be stopped", change->keep[0],
                       change->n_keep > 1 ? " and others" : "");
}

static int32_t hobby_apply(void *self, const struct dyn_call *call,
                           const struct dyn_change *changes, uint32_t n)
{
    const struct hobby *hobby = self;
    struct heroku *heroku = hobby->heroku;
    if (n > 1)
        return check_pools(hobby, changes[0].name, changes[1].name);
    int32_t code = heroku_know(heroku, call);
    if (code != DYN_OK || n == 0)
        return code;
    struct heroku_update *updates = calloc(hobby->names.n, sizeof *updates);
    if (updates == NULL)
        return heroku->host->fail(heroku->host, DYN_RETRY, "out of memory");
    bool is_fresh = heroku_misses(heroku, changes, n) && heroku_refresh(heroku, call);
    size_t n_updates = plan(hobby, changes, is_fresh, updates);
    if (n_updates > 0)
        code = heroku_scale(heroku, call, updates, n_updates);
    if (code == DYN_OK)
        answer_change(hobby, changes, first_refused(updates, n_updates));
    free(updates);
    return code;
}

static int32_t hobby_limit(void *self, const char *name)
{
    const struct hobby *hobby = self;
    (void)name;
    return hobby->names.n < INT32_MAX ? (int32_t)hobby->names.n : INT32_MAX;
}

static const struct dyn_scaler scaler = {
    .size = sizeof scaler,
    .read = hobby_read,
    .apply = hobby_apply,
    .limit = hobby_limit,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = NAME,
    .version = PACKAGE_VERSION,
    .summary = "starts and stops process types of a Heroku app that run one dyno each",
    .options = options,
    .n_options = DYN_COUNT(options),
    .option_size = sizeof(struct dyn_option),
    .config_size = sizeof(struct config),
    .load = transfer_load,
    .open = hobby_open,
    .close = hobby_close,
    .scaler = &scaler,
};
