/* SPDX-License-Identifier: MIT
 * Scaler back-end: a pool is a process type of a Heroku app, its size the type's quantity. */
#include <config.h>

#include "shared/heroku.h"
#include "shared/transfer.h"

#include <dynomatic/util.h>

#include <stdlib.h>
#include <string.h>

static const struct dyn_option options[] = {HEROKU_OPTIONS};

static int32_t formation_open(const struct dyn_host *host, const void *config, void **self)
{
    struct heroku *heroku = NULL;
    int32_t code = heroku_new(host, config, &heroku);
    *self = heroku;
    return code;
}

static void formation_close(void *self)
{
    heroku_free(self);
}

/* Puts the size that the platform told, or says that it did not. */
static void answer(const struct heroku *heroku, uint32_t index, const char *name)
{
    const struct process *process = formation_find(&heroku->formation, name);
    if (process == NULL)
        heroku_unknown_type(heroku, index, name);
    else if (process->quantity < 0)
        heroku_unknown(heroku, index, "the platform does not tell how many \"%s\" of \"%s\" run",
                       name, heroku->config->app);
    else {
        heroku->host->put(heroku->host, index, DYN_SIZE, process->quantity, 0);
        heroku_put_dynos(heroku, index, process->up, process->starting, process->crashed);
    }
}

static int32_t formation_read(void *self, const struct dyn_call *call, const char *const *names,
                              uint32_t n)
{
    struct heroku *heroku = self;
    int32_t code = heroku_read(heroku, call);
    for (uint32_t i = 0; i < n && code == DYN_OK; i++)
        answer(heroku, i, names[i]);
    return code;
}

static int32_t formation_names(void *self, const struct dyn_call *call)
{
    struct heroku *heroku = self;
    int32_t code = heroku_read(heroku, call);
    for (size_t i = 0; i < heroku->formation.n && code == DYN_OK; i++)
        heroku->host->put_name(heroku->host, heroku->formation.items[i].type,
                               heroku->formation.items[i].quantity);
    return code;
}

/* ---- Changing ---- */

static int32_t greater(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* The nearest size to the wanted one that stops nobody who must be kept. Heroku stops the highest
 * numbers first. Where somebody's place is not known, nobody is stopped at all; who is gone counts
 * only if what is known is not of this moment. */
static int32_t spare(const struct formation *formation, const struct process *process,
                     const struct dyn_change *change, bool is_fresh)
{
    int32_t size = change->size;
    for (uint32_t i = 0; i < change->n_keep; i++) {
        const struct process *of = process;
        int32_t number = process->quantity;
        enum whereabouts where = formation_where(formation, change->keep[i], &of, &number);
        if (where == DYNO_RUNS && of == process)
            size = greater(size, number);
        else if (where == DYNO_UNKNOWN || (where == DYNO_GONE && !is_fresh))
            size = greater(size, process->quantity);
    }
    return size;
}

/* True if the platform must be told. */
static bool plan(const struct formation *formation, const struct dyn_change *change, bool is_fresh,
                 struct heroku_update *update)
{
    const struct process *process = formation_find(formation, change->name);
    if (process == NULL)
        return false;
    if (process->quantity < 0 && change->n_keep > 0)
        return false; /* who runs is not known, so nobody can be spared */
    update->type = change->name;
    update->quantity = spare(formation, process, change, is_fresh);
    return update->quantity != process->quantity;
}

static const char *refusal_of(const struct heroku_update *updates, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(updates[i].type, name) == 0)
            return updates[i].why;
    return "";
}

static void answer_change(const struct heroku *heroku, uint32_t index,
                          const struct dyn_change *change, const char *refusal)
{
    const struct process *process = formation_find(&heroku->formation, change->name);
    answer(heroku, index, change->name);
    if (refusal[0] != '\0')
        heroku_unknown(heroku, index, "%s", refusal);
    else if (process != NULL && process->quantity > change->size && change->n_keep > 0)
        heroku_unknown(heroku, index,
                       "%s%s must not be stopped, and Heroku stops the highest numbers first",
                       change->keep[0], change->n_keep > 1 ? " and others" : "");
}

static int32_t formation_apply(void *self, const struct dyn_call *call,
                               const struct dyn_change *changes, uint32_t n)
{
    struct heroku *heroku = self;
    int32_t code = heroku_know(heroku, call);
    if (code != DYN_OK || n == 0)
        return code;
    struct heroku_update *updates = calloc(n, sizeof *updates);
    if (updates == NULL)
        return heroku->host->fail(heroku->host, DYN_RETRY, "out of memory");
    bool is_fresh = heroku_misses(heroku, changes, n) && heroku_refresh(heroku, call);
    size_t n_updates = 0;
    for (uint32_t i = 0; i < n; i++)
        if (plan(&heroku->formation, &changes[i], is_fresh, &updates[n_updates]))
            n_updates++;
    if (n_updates > 0)
        code = heroku_scale(heroku, call, updates, n_updates);
    for (uint32_t i = 0; i < n && code == DYN_OK; i++)
        answer_change(heroku, i, &changes[i], refusal_of(updates, n_updates, changes[i].name));
    free(updates);
    return code;
}

static int32_t formation_limit(void *self, const char *name)
{
    (void)self;
    (void)name;
    return -1; /* what the platform allows, it says when it is asked for more */
}

static const struct dyn_scaler scaler = {
    .size = sizeof scaler,
    .read = formation_read,
    .apply = formation_apply,
    .limit = formation_limit,
    .names = formation_names,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = "heroku-formation",
    .version = PACKAGE_VERSION,
    .summary = "sets the quantity of process types of a Heroku app",
    .options = options,
    .n_options = DYN_COUNT(options),
    .option_size = sizeof(struct dyn_option),
    .config_size = sizeof(struct heroku_config),
    .load = transfer_load,
    .open = formation_open,
    .close = formation_close,
    .scaler = &scaler,
};
