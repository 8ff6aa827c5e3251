/* SPDX-License-Identifier: MIT
 * The names of instances, for the log and for people: the plugin's, and where it is open more than
 * once also the pool that uses it, which is what people know. */
#include "core/memory.h"
#include "core/settings_read.h"

#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct users {
    const char *first;
    size_t n;
};

static struct users *find_users(const struct settings *settings)
{
    struct users *users = memory_new(settings->n_instances, sizeof *users);
    for (size_t p = 0; p < settings->n_pools; p++) {
        const struct pool_spec *pool = &settings->pools[p];
        for (size_t i = 0; i <= pool->n_sources; i++) {
            struct users *of = &users[i < pool->n_sources ? pool->sources[i] : pool->scaler];
            of->first = of->n++ == 0 ? pool->name : of->first;
        }
    }
    return users;
}

/* How many instances each plugin has. */
static GHashTable *count_plugins(const struct settings *settings)
{
    GHashTable *counts = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < settings->n_instances; i++) {
        char *plugin = (char *)(uintptr_t)settings->instances[i].plugin->table.name;
        size_t n = GPOINTER_TO_SIZE(g_hash_table_lookup(counts, plugin));
        g_hash_table_insert(counts, plugin, GSIZE_TO_POINTER(n + 1));
    }
    return counts;
}

/* "sidekiq(mail)", or "sidekiq(mail+3)" where three other pools use it too. */
static char *name_of(const struct instance_spec *spec, const struct users *users, size_t n)
{
    const char *plugin = spec->plugin->table.name;
    if (n == 1)
        return memory_copy(plugin);
    return users->n == 1 ? memory_format("%s(%s)", plugin, users->first)
                         : memory_format("%s(%s+%zu)", plugin, users->first, users->n - 1);
}

/* One pool may have several instances of a plugin: then its second is "sidekiq(mail)#2". */
static char *make_unique(GHashTable *names, char *name)
{
    for (size_t n = 2; g_hash_table_contains(names, name); n++) {
        char *stem = memory_copy_n(name, strcspn(name, "#"));
        free(name);
        name = memory_format("%s#%zu", stem, n);
        free(stem);
    }
    g_hash_table_add(names, name);
    return name;
}

void settings_name_instances(struct settings *settings)
{
    struct users *users = find_users(settings);
    GHashTable *counts = count_plugins(settings);
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < settings->n_instances; i++) {
        struct instance_spec *spec = &settings->instances[i];
        size_t n = GPOINTER_TO_SIZE(g_hash_table_lookup(counts, spec->plugin->table.name));
        spec->name = make_unique(names, name_of(spec, &users[i], n));
    }
    g_hash_table_destroy(names);
    g_hash_table_destroy(counts);
    free(users);
}
