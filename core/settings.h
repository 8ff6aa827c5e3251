/* SPDX-License-Identifier: MIT
 * A configuration file as the host uses it: pools, and the instances that they share. Reads the
 * whole file, plugins' options included, and opens and connects nothing. */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include "core/config.h"
#include "core/journal_file.h"
#include "core/plugin.h"
#include "core/policy.h"
#include "core/schedule.h"

enum instance_kind { INSTANCE_QUEUE, INSTANCE_SCALER };

/* A plugin with its options, to be opened. Pools that name the same plugin with the same options
 * share one. */
struct instance_spec {
    enum instance_kind kind;
    const struct plugin *plugin;
    char *name;            /* "delayedjob"; where there are more of them, "delayedjob(mail)" */
    void *options;         /* the plugin's config struct, filled and checked */
    int64_t timeout_ms;    /* of one call */
    int64_t read_every_ms; /* scalers: how often sizes are read when nothing changes */
    bool is_isolated;      /* in a process of its own */
    bool watches;          /* queues: its events are waited for, if it tells of any */
    const char *path;      /* of the file that asks for it; NULL: none does */
    uint32_t *lines;       /* of each option there (0: it is not there), and last of the map */
};

/* Something that pools share, such as a database's connections. */
struct limit {
    char *name;
    int64_t total;
};

/* How much of it each dyno of a pool has. */
struct use {
    size_t limit; /* index in settings.limits */
    int64_t amount;
};

struct pool_spec {
    char *name;
    char *process; /* its name at the platform */
    char **queues; /* n_queues 0: all */
    size_t n_queues;
    int64_t interval_ms;
    struct policy policy; /* where no entry of the schedule is in force */
    struct schedule schedule;
    struct policy *scheduled; /* for each entry of it, the pool's policy with the entry's changes */
    int64_t respect_ms;       /* what somebody else has set stays for so long; 0: not at all */
    size_t *sources;          /* its queue instances: indices in settings.instances */
    size_t n_sources;
    size_t scaler; /* likewise */
    struct use *uses;
    size_t n_uses;
    struct pool_spec *shadow; /* the same pool under the policy of its shadow; NULL: it has none */
    bool is_shadow;           /* this is such a one */
};

/* The record of decisions. */
struct journal_spec {
    char *path; /* NULL: none is kept */
    struct journal_limits limits;
    int64_t every_ms; /* a line at least so often, also if nothing changes */
};

/* Dyno-hours of all pools in a month. */
struct budget {
    int64_t dyno_hours; /* 0: there is none */
    bool caps;          /* when they are used nothing more is started; else that is only told */
};

struct settings {
    char *path;
    char *state; /* the state folder; NULL: there is none */
    struct pool_spec *pools;
    size_t n_pools;
    struct instance_spec *instances;
    size_t n_instances;
    struct limit *limits;
    size_t n_limits;
    struct rule **rules; /* lists of them, each the one of all policies that have these */
    size_t n_rules;
    struct journal_spec journal;
    struct budget budget;
};

/* Reads the settings out of a file. NULL if it has any mistake; they are noted in `config`. Loads
 * the plugins that the file names. */
struct settings *settings_read(struct config *config);
void settings_free(struct settings *settings);

/* The state folder that a file names, else the usual one; NULL if there is none, or with a mistake.
 * The caller frees it. */
char *settings_read_state(struct config *config, const struct config_node *top);

#endif
