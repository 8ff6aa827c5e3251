/* SPDX-License-Identifier: MIT
 * The inside of settings.h, shared by its files: settings.c (pools), settings_instance.c (the
 * queue and scaler maps), settings_detect.c (a queue map without an adapter), settings_rules.c
 * (rules), settings_scale.c (scale_up, scale_down, on_unknown), settings_drift.c (on_drift),
 * settings_limits.c (limits, uses), settings_name.c (names of instances), settings_schedule.c
 * (schedule). */
#ifndef CORE_SETTINGS_READ_H
#define CORE_SETTINGS_READ_H

#include "core/detect.h"
#include "core/option.h"
#include "core/settings.h"

#include <glib.h>

/* The most dynos that a file can ask for. */
#define SETTINGS_MOST_DYNOS "100000"

struct settings_reader {
    struct config *config;
    const struct config_node *top;
    struct settings *settings;
    bool is_used[2]; /* by kind of instance: whether a pool has taken the top's map */
    /* What was read so far, so that a pool finds what it shares however many there are. */
    GHashTable *plugins;   /* what became of the search for each */
    char *found[2];        /* by kind: those that were found, for people; NULL: nobody asked */
    GHashTable *instances; /* their indices + 1, by all that makes them what they are */
    GHashTable *processes; /* the first pool of each, by its place and name */
    GHashTable *limits;    /* their indices + 1, by name */
    GHashTable *rules;     /* lists of rules: a set of struct rules */
};

void settings_reader_init(struct settings_reader *reader, struct config *config,
                          struct settings *settings);
void settings_reader_fini(struct settings_reader *reader);

/* What was found under a plugin's name, and whether it runs in a process of its own. */
struct settings_plugin {
    const struct plugin *plugin;
    bool is_isolated;
    char *refusal; /* a sentence, where there is none that can be used */
};
void settings_free_plugin(void *found);

/* What may be wrong with a text where a map must be, as the end of a mistake; "": nothing known. */
const char *settings_hint(const struct config_node *node);

/* Finds the instance that two maps ask for (NULL: there is none), the pool's own one going before
 * the top's, or adds it. `place` is where a mistake about a lack of both is noted. Returns its
 * index, SIZE_MAX with a mistake if its plugin is not known. */
size_t settings_read_instance(struct settings_reader *reader, enum instance_kind kind,
                              const struct config_node *top, const struct config_node *own,
                              const struct config_node *place);

/* The maps that ask for one instance, the one that goes before last; and the host's own keys in
 * them. */
struct settings_maps {
    const struct config_node *at[2];
    size_t n;
    const char *const *keys;
    size_t n_keys;
    int32_t isolate; /* what they say of that: 1, 0, -1 for nothing */
};

/* The candidates (core/detect.h) of maps that name no adapter, with a mistake for each value and
 * key that does not fit. Returns NULL; or what is lacking, as a constant, if there are none and no
 * mistake says why. They are freed in any case. */
const char *settings_read_candidates(struct config *config, const struct settings_maps *maps,
                                     struct detect_options *options);
void settings_free_candidates(struct detect_options *options);

/* Takes the options that are absent from the environment and their defaults. False if one that is
 * required is nowhere, or one does not fit. */
bool settings_complete(const struct plugin *plugin, void *options);

/* Whether a plugin runs in a process of its own, where the maps ask for that (1), refuse it (0) or
 * do not say (-1). What has no file is the program's own, and never does. */
bool settings_isolate(int32_t asked, const struct plugin *plugin);

/* Gives the instances their names, once all pools are read. */
void settings_name_instances(struct settings *settings);

/* Checks the top's map of a kind where no pool takes it, so that it is not left unread. */
void settings_check_unused(struct settings_reader *reader, enum instance_kind kind,
                           const struct config_node *top);

void settings_free_instance(struct instance_spec *spec);

/* Adds what says where an instance is: the same text where one name means the same. */
void settings_add_place(const struct instance_spec *spec, struct text *out);

/* What a pool with this process sets at a scaler: that alone, or what the scaler's options list. */
struct dyn_list settings_names(const struct instance_spec *spec, const char *const *process);

/* How long the size stays that somebody else has set; 0: not at all. NULL is `correct`. */
int64_t settings_read_on_drift(struct config *config, const struct config_node *node);

struct rule_list {
    struct rule *rules;
    const struct config_node **nodes; /* where each of them stands */
    size_t n;
};

/* Reads a list of rules; NULL is an empty one. Rules with mistakes are left out. */
void settings_read_rules(struct config *config, const struct config_node *list,
                         struct rule_list *rules);

/* For a table whose keys are lists of rules. */
guint settings_hash_rules(gconstpointer key);
gboolean settings_are_same_rules(gconstpointer a, gconstpointer b);

/* Frees a list, whose rules become the settings' where a policy takes them up: pools that have the
 * same rules share them. `policy` NULL: none does. */
void settings_take_rules(struct settings_reader *reader, struct rule_list *rules,
                         struct policy *policy);

/* The first adapter of a pool that cannot tell these metrics; NULL: all can, as far as they are
 * known. */
const char *settings_cannot_tell(const struct settings *settings, const struct pool_spec *pool,
                                 uint32_t metrics);

/* Whether its adapters can name the workers that are busy, as far as they are known. */
bool settings_name_busy(const struct settings *settings, const struct pool_spec *pool);

/* Notes rules that shadow each other, that can never count, or that an adapter of the pool cannot
 * tell. `min` and `max` are those that stand beside the rules; 0 and INT32_MAX where
 * they stand elsewhere, since rules that pools share may ask one of them for more than it may have.
 */
void settings_check_rules(struct config *config, const struct rule_list *rules, int64_t min,
                          int64_t max, const struct settings *settings,
                          const struct pool_spec *pool);

/* The journal and the budget at the top. */
void settings_read_journal(struct settings_reader *reader);
void settings_read_budget(struct settings_reader *reader);

/* The limits at the top, which pools then name; what is used of them by a pool; and whether all
 * pools can have their min. */
void settings_read_limits(struct settings_reader *reader);
void settings_read_uses(struct settings_reader *reader, const struct config_node *node,
                        struct pool_spec *pool);
void settings_check_limits(struct settings_reader *reader);
void settings_free_limits(struct settings *settings);

/* Read one of a pool's maps (NULL: there is none) into its policy. */
void settings_read_on_unknown(struct config *config, const struct config_node *node,
                              struct policy *policy);
void settings_read_scale_up(struct config *config, const struct config_node *node,
                            struct policy *policy);
void settings_read_scale_down(struct config *config, const struct config_node *node,
                              const struct settings *settings, struct pool_spec *pool);

/* Reads a list of entries (NULL: none) into the pool's schedule, each with a policy of its own made
 * of the pool's, which must be complete. */
void settings_read_schedule(struct settings_reader *reader, const struct config_node *list,
                            struct pool_spec *pool);
void settings_free_schedule(struct pool_spec *pool);

#endif
