/* SPDX-License-Identifier: MIT
 * What pools share: limits at the top of the file, uses in each pool. */
#include "core/settings_read.h"

#include "core/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct limit_keys {
    int64_t total;
};

static const struct dyn_option limit_rows[] = {
    {"total", NULL, "1..1000000000", NULL, "how much there is of it", DYN_INTEGER, DYN_REQUIRED,
     offsetof(struct limit_keys, total), 0},
};

static void read_limit(struct settings_reader *reader, const char *name,
                       const struct config_node *node)
{
    static const char *const no_others[] = {""};
    struct option_table table = {limit_rows, 1};
    struct settings *settings = reader->settings;
    struct limit_keys keys;
    if (config_kind(node) != CONFIG_MAP) {
        config_hide(reader->config, node);
        config_mistake(reader->config, node, "a limit must be a map such as { total: 100 }");
        return;
    }
    option_init(table, &keys);
    option_fill(table, reader->config, node, no_others, 0, &keys);
    option_complete(table, reader->config, node, &keys);
    settings->limits =
        memory_resize(settings->limits, settings->n_limits + 1, sizeof *settings->limits);
    settings->limits[settings->n_limits++] = (struct limit){memory_copy(name), keys.total};
    g_hash_table_insert(reader->limits, memory_copy(name), GSIZE_TO_POINTER(settings->n_limits));
}

void settings_read_limits(struct settings_reader *reader)
{
    const struct config_node *limits = config_get(reader->top, "limits");
    if (limits == NULL || config_is_null(limits))
        return;
    if (config_kind(limits) != CONFIG_MAP) {
        config_hide(reader->config, limits);
        config_mistake(reader->config, limits,
                       "limits must be a map by name such as { postgres: { total: 100 } }");
        return;
    }
    for (size_t i = 0; i < config_count(limits); i++)
        read_limit(reader, config_key(limits, i), config_item(limits, i));
}

/* ---- uses ---- */

/* A number from 1 on; 0 with a mistake. */
static int64_t read_amount(struct config *config, const struct config_node *node, int64_t total)
{
    char *end;
    const char *text = config_text(node);
    long long amount = strtoll(text, &end, 10);
    if (config_is_broken(node))
        return 0;
    if (config_kind(node) == CONFIG_SCALAR && end != text && *end == '\0' && amount >= 1 &&
        amount <= total)
        return amount;
    config_hide(config, node);
    config_mistake(config, node,
                   "this must be a number from 1 to the limit's total, %" PRId64
                   ": how much of it each dyno has",
                   total);
    return 0;
}

void settings_read_uses(struct settings_reader *reader, const struct config_node *node,
                        struct pool_spec *pool)
{
    const struct settings *settings = reader->settings;
    if (node == NULL || config_is_null(node))
        return;
    if (config_kind(node) != CONFIG_MAP) {
        config_hide(reader->config, node);
        config_mistake(reader->config, node, "uses must be a map such as { postgres: 10 }");
        return;
    }
    for (size_t i = 0; i < config_count(node); i++) {
        size_t number = GPOINTER_TO_SIZE(g_hash_table_lookup(reader->limits, config_key(node, i)));
        if (number == 0) {
            config_mistake_at_key(reader->config, node, i,
                                  "there is no limit \"%.128s\": name it at the top, as limits: { "
                                  "%.128s: { total: 100 } }",
                                  config_key(node, i), config_key(node, i));
            continue;
        }
        int64_t total = settings->limits[number - 1].total;
        if (total == DYN_ABSENT)
            continue; /* told already */
        int64_t amount = read_amount(reader->config, config_item(node, i), total);
        if (amount == 0)
            continue;
        pool->uses = memory_resize(pool->uses, pool->n_uses + 1, sizeof *pool->uses);
        pool->uses[pool->n_uses++] = (struct use){number - 1, amount};
    }
}

/* ---- Together ---- */

/* What the pools have of each limit at their min; the caller frees it. */
static int64_t *needed(const struct settings *settings)
{
    int64_t *sums = memory_new(settings->n_limits, sizeof *sums);
    for (size_t i = 0; i < settings->n_pools; i++) {
        const struct pool_spec *pool = &settings->pools[i];
        for (size_t k = 0; k < pool->n_uses; k++)
            sums[pool->uses[k].limit] += pool->uses[k].amount * pool->policy.min;
    }
    return sums;
}

void settings_check_limits(struct settings_reader *reader)
{
    const struct settings *settings = reader->settings;
    const struct config_node *limits = config_get(reader->top, "limits");
    int64_t *least = needed(settings);
    for (size_t i = 0; i < settings->n_limits; i++) {
        const struct limit *limit = &settings->limits[i];
        if (limit->total != DYN_ABSENT && least[i] > limit->total)
            config_mistake(reader->config, config_get(limits, limit->name),
                           "total is %" PRId64 ", but the pools that use %s have %" PRId64
                           " of it at their min",
                           limit->total, limit->name, least[i]);
    }
    free(least);
}

void settings_free_limits(struct settings *settings)
{
    for (size_t i = 0; i < settings->n_limits; i++)
        free(settings->limits[i].name);
    free(settings->limits);
}
