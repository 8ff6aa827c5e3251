/* SPDX-License-Identifier: MIT
 * Rules: read from the file, and checked for what nobody can have meant. */
#include "core/settings_read.h"

#include "core/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- Reading ---- */

struct rule_keys {
    int64_t at_least;
    int64_t latency_ms;
    int64_t dynos;
    const char *release_below; /* of the kind that the rule is */
};

static const struct dyn_option rows[] = {
    {"at_least", NULL, "0..1000000000", NULL, "from so many waiting jobs on", DYN_INTEGER, 0,
     offsetof(struct rule_keys, at_least), 0},
    {"latency", NULL, "0s..365d", NULL, "from this age of the oldest waiting job on", DYN_DURATION,
     0, offsetof(struct rule_keys, latency_ms), 0},
    {"dynos", NULL, "0.." SETTINGS_MOST_DYNOS, NULL, "how many dynos then run", DYN_INTEGER,
     DYN_REQUIRED, offsetof(struct rule_keys, dynos), 0},
    {"release_below", NULL, NULL, NULL, "it stays in force until there is less than this", DYN_TEXT,
     0, offsetof(struct rule_keys, release_below), 0},
};

static const struct option_table table = {rows, sizeof rows / sizeof rows[0]};

static void add_rule(struct rule_list *rules, struct rule rule, const struct config_node *node)
{
    rules->rules = memory_resize(rules->rules, rules->n + 1, sizeof *rules->rules);
    rules->nodes = memory_resize(rules->nodes, rules->n + 1, sizeof *rules->nodes);
    rules->rules[rules->n] = rule;
    rules->nodes[rules->n++] = node;
}

/* By jobs or by latency: exactly one of the two is written, or misspelt, which is told already. */
static bool has_one_metric(struct config *config, const struct config_node *node)
{
    bool by_jobs = config_get(node, "at_least") != NULL;
    bool by_latency = config_get(node, "latency") != NULL;
    if (by_jobs && by_latency)
        config_mistake(config, node, "a rule has at_least or latency, not both: make it two rules");
    if (!by_jobs && !by_latency && config_count(node) <= (config_get(node, "dynos") != NULL))
        config_mistake(config, node,
                       "a rule must have at_least (a number of jobs) or latency (a duration)");
    return by_jobs != by_latency;
}

static const char *key_of(const struct rule *rule)
{
    return rule->kind == RULE_JOBS ? "at_least" : "latency";
}

/* As at_least or latency is written, and not more than it. 0 with a mistake. */
static int64_t read_release(struct config *config, const struct config_node *node, const char *text,
                            const struct rule *rule)
{
    struct error error = {""};
    int64_t number = 0;
    char *end;
    if (config_is_broken(node))
        return 0;
    errno = 0;
    if (rule->kind == RULE_JOBS) {
        number = strtoll(text, &end, 10);
        if (end == text || *end != '\0' || errno != 0 || number < 1)
            error_set(&error, "it must be a number of jobs from 1 on");
    } else if (option_parse_duration(text, &number, &error) == 0 && number < 1) {
        error_set(&error, "it must be more than 0s");
    }
    if (error.text[0] == '\0' && number > rule->at_least)
        error_set(&error, "it is more than %s: the rule would be released before it counts",
                  key_of(rule));
    if (error.text[0] == '\0')
        return number;
    config_mistake(config, node, "release_below: %s", error.text);
    return 0;
}

static void read_rule(struct config *config, const struct config_node *node,
                      struct rule_list *rules)
{
    static const char *const no_others[] = {""};
    struct rule_keys keys;
    if (config_kind(node) != CONFIG_MAP) {
        config_hide(config, node);
        config_mistake(config, node, "a rule must be a map such as { at_least: 10, dynos: 5 }%s",
                       settings_hint(node));
        return;
    }
    option_init(table, &keys);
    option_fill(table, config, node, no_others, 0, &keys);
    option_complete(table, config, node, &keys);
    if (has_one_metric(config, node)) {
        bool by_jobs = config_get(node, "at_least") != NULL;
        struct rule rule = {
            .kind = by_jobs ? RULE_JOBS : RULE_LATENCY,
            .at_least = by_jobs ? keys.at_least : keys.latency_ms,
            .dynos = (int32_t)keys.dynos,
        };
        if (rule.at_least != DYN_ABSENT && keys.release_below != NULL)
            rule.release_below =
                read_release(config, config_get(node, "release_below"), keys.release_below, &rule);
        if (rule.at_least != DYN_ABSENT && keys.dynos != DYN_ABSENT)
            add_rule(rules, rule, node);
    }
    option_fini(table, &keys);
}

void settings_read_rules(struct config *config, const struct config_node *list,
                         struct rule_list *rules)
{
    *rules = (struct rule_list){NULL, NULL, 0};
    if (list == NULL || config_is_null(list))
        return;
    if (config_kind(list) != CONFIG_LIST) {
        config_hide(config, list);
        if (!config_is_broken(list))
            config_mistake(config, list,
                           "rules must be a list such as [{ at_least: 10, dynos: 5 }]%s",
                           config_kind(list) == CONFIG_MAP ? ": in lines of their own each rule "
                                                             "begins with a dash"
                                                           : "");
        return;
    }
    if (config_count(list) > POLICY_MOST_RULES) {
        config_mistake(config, list, "rules has more than %d items", POLICY_MOST_RULES);
        return;
    }
    for (size_t i = 0; i < config_count(list); i++)
        read_rule(config, config_item(list, i), rules);
}

/* ---- Sharing ---- */

/* A list as a key. */
struct rules {
    struct rule *at;
    size_t n;
};

guint settings_hash_rules(gconstpointer key)
{
    const struct rules *rules = key;
    guint hash = (guint)rules->n;
    for (size_t i = 0; i < rules->n; i++)
        hash = hash * 31 + (guint)rules->at[i].at_least * 7 + (guint)rules->at[i].dynos;
    return hash;
}

gboolean settings_are_same_rules(gconstpointer a, gconstpointer b)
{
    const struct rules *left = a;
    const struct rules *right = b;
    bool are_same = left->n == right->n;
    for (size_t i = 0; i < left->n && are_same; i++)
        are_same = left->at[i].kind == right->at[i].kind &&
                   left->at[i].at_least == right->at[i].at_least &&
                   left->at[i].dynos == right->at[i].dynos &&
                   left->at[i].release_below == right->at[i].release_below;
    return are_same;
}

static void add_list(struct settings *settings, struct rule *rules)
{
    size_t n = settings->n_rules;
    if ((n & (n - 1)) == 0) /* the room is the next power of two */
        settings->rules =
            memory_resize(settings->rules, n > 0 ? 2 * n : 1, sizeof *settings->rules);
    settings->rules[settings->n_rules++] = rules;
}

/* The settings' list that is the same. */
static struct rule *share(struct settings_reader *reader, struct rule_list *rules)
{
    struct rules key = {rules->rules, rules->n};
    const struct rules *known = g_hash_table_lookup(reader->rules, &key);
    if (known != NULL)
        return known->at;
    struct rules *own = memory_new(1, sizeof *own);
    *own = key;
    g_hash_table_add(reader->rules, own);
    add_list(reader->settings, rules->rules);
    rules->rules = NULL;
    return own->at;
}

void settings_take_rules(struct settings_reader *reader, struct rule_list *rules,
                         struct policy *policy)
{
    if (policy != NULL) {
        policy->n_rules = rules->n;
        policy->rules = rules->n > 0 ? share(reader, rules) : NULL;
    }
    free(rules->rules);
    free(rules->nodes);
}

/* ---- Checking ---- */

/* The rule of the same kind that comes before rule i as the number grows; n if there is none. Of
 * two with one number the earlier one in the file. */
static size_t rule_before(const struct rule_list *rules, size_t i)
{
    size_t before = rules->n;
    const struct rule *rule = &rules->rules[i];
    for (size_t k = 0; k < rules->n; k++) {
        const struct rule *other = &rules->rules[k];
        if (other->kind != rule->kind || other->at_least > rule->at_least ||
            (other->at_least == rule->at_least && k >= i))
            continue;
        if (before == rules->n || other->at_least >= rules->rules[before].at_least)
            before = k;
    }
    return before;
}

static void check_order(struct config *config, const struct rule_list *rules, size_t i)
{
    size_t before = rule_before(rules, i);
    if (before == rules->n)
        return;
    const struct rule *rule = &rules->rules[i];
    const struct rule *lesser = &rules->rules[before];
    char *place = config_place(config, rules->nodes[before]);
    const char *line = strrchr(place, ':') + 1;
    if (lesser->at_least == rule->at_least)
        config_mistake(config, rules->nodes[i],
                       "this rule begins at the same %s as the one in line %s: only one can count",
                       key_of(rule), line);
    else if (lesser->dynos > rule->dynos)
        config_mistake(config, rules->nodes[i],
                       "dynos is %" PRId32 ", but the rule in line %s has %" PRId32
                       " from a smaller %s on: more work must not mean fewer dynos",
                       rule->dynos, line, lesser->dynos, key_of(rule));
    free(place);
}

static void check_bounds(struct config *config, const struct rule_list *rules, size_t i,
                         int64_t min, int64_t max)
{
    int32_t dynos = rules->rules[i].dynos;
    if (dynos > max)
        config_mistake(config, rules->nodes[i],
                       "dynos is %" PRId32 ", but max is %" PRId64
                       ": this rule can never have them",
                       dynos, max);
    if (dynos < min)
        config_mistake(config, rules->nodes[i],
                       "dynos is %" PRId32 ", but min is %" PRId64 ": this rule can never count",
                       dynos, min);
}

static void check_metric(struct config *config, const struct rule_list *rules, size_t i,
                         const struct settings *settings, const struct pool_spec *pool)
{
    bool by_jobs = rules->rules[i].kind == RULE_JOBS;
    const char *adapter =
        settings_cannot_tell(settings, pool, DYN_BIT(by_jobs ? DYN_WAITING : DYN_LATENCY));
    if (adapter != NULL)
        config_mistake(config, rules->nodes[i],
                       "the adapter %s cannot tell %s, so this rule can never count", adapter,
                       by_jobs ? "how many jobs wait" : "latency");
}

void settings_check_rules(struct config *config, const struct rule_list *rules, int64_t min,
                          int64_t max, const struct settings *settings,
                          const struct pool_spec *pool)
{
    for (size_t i = 0; i < rules->n; i++) {
        check_order(config, rules, i);
        check_bounds(config, rules, i, min, max);
        check_metric(config, rules, i, settings, pool);
    }
}
