/* SPDX-License-Identifier: MIT
 * A queue map that names no adapter: every installed adapter that can detect and has all of the
 * map's keys is a candidate, on the map's url, else on each URL of the environment. */
#include "core/detect.h"
#include "core/detect_url.h"
#include "core/memory.h"
#include "core/option_value.h"
#include "core/settings_read.h"

#include <stdlib.h>
#include <string.h>

/* What the candidates are made of. */
struct detection {
    struct config *config;
    const struct settings_maps *maps;
    const struct plugin **adapters; /* that can detect */
    size_t n_adapters;
    struct detect_options *options;
};

static struct option_table table_of(const struct plugin *plugin)
{
    return (struct option_table){plugin->options, plugin->table.n_options};
}

/* ---- Which adapters ---- */

/* The option that a store's URL goes to; NULL if an adapter has none. */
static const struct dyn_option *url_row(const struct plugin *plugin)
{
    struct option_table table = table_of(plugin);
    for (size_t i = 0; i < table.n; i++)
        if (table.rows[i].type == DYN_URL && strcmp(table.rows[i].name, "url") == 0)
            return &table.rows[i];
    return NULL;
}

static void find_adapters(struct detection *detection)
{
    size_t n;
    char **names = plugin_names(&n);
    detection->adapters = memory_new(n, sizeof(const struct plugin *));
    for (size_t i = 0; i < n; i++) {
        struct error error = {""};
        const struct plugin *plugin = plugin_read(names[i], &error);
        if (plugin != NULL && !settings_isolate(detection->maps->isolate, plugin))
            plugin = plugin_load(names[i], &error);
        if (plugin != NULL && plugin->table.queue != NULL && DYN_HAS(&plugin->queue, detect) &&
            url_row(plugin) != NULL)
            detection->adapters[detection->n_adapters++] = plugin;
        free(names[i]);
    }
    free(names);
}

static bool is_one_of(const char *key, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static bool has_option(const struct plugin *plugin, const char *name)
{
    struct option_table table = table_of(plugin);
    for (size_t i = 0; i < table.n; i++)
        if (strcmp(table.rows[i].name, name) == 0)
            return true;
    return false;
}

/* An option in the file says that it is an adapter which has it. Keys that are not known at all are
 * mistakes of their own. */
static bool has_all_keys(const struct plugin *plugin, const struct settings_maps *maps,
                         const char *const *known, size_t n)
{
    for (size_t m = 0; m < maps->n; m++)
        for (size_t i = 0; i < config_count(maps->at[m]); i++) {
            const char *key = config_key(maps->at[m], i);
            if (is_one_of(key, known, n) && !is_one_of(key, maps->keys, maps->n_keys) &&
                !has_option(plugin, key))
                return false;
        }
    return true;
}

/* The host's keys, and those of all adapters, each once; the caller frees the array. */
static const char **known_keys(const struct detection *detection, size_t *n)
{
    size_t most = detection->maps->n_keys;
    for (size_t a = 0; a < detection->n_adapters; a++)
        most += detection->adapters[a]->table.n_options;
    const char **keys = memory_new(most, sizeof *keys);
    for (*n = 0; *n < detection->maps->n_keys; (*n)++)
        keys[*n] = detection->maps->keys[*n];
    for (size_t a = 0; a < detection->n_adapters; a++) {
        struct option_table table = table_of(detection->adapters[a]);
        for (size_t i = 0; i < table.n; i++)
            if (!is_one_of(table.rows[i].name, keys, *n))
                keys[(*n)++] = table.rows[i].name;
    }
    return keys;
}

/* Notes the keys that no adapter has, and drops the adapters that have not all of the others. */
static void check_keys(struct detection *detection)
{
    static const struct option_table none = {NULL, 0};
    const struct settings_maps *maps = detection->maps;
    size_t n;
    const char **keys = known_keys(detection, &n);
    for (size_t m = 0; m < maps->n && detection->n_adapters > 0; m++)
        option_fill(none, detection->config, maps->at[m], keys, n, NULL);
    size_t n_left = 0;
    for (size_t a = 0; a < detection->n_adapters; a++)
        if (has_all_keys(detection->adapters[a], maps, keys, n))
            detection->adapters[n_left++] = detection->adapters[a];
    detection->n_adapters = n_left;
    free(keys);
}

/* ---- Which stores ---- */

/* The url of the map that goes before; NULL if none has one. */
static const struct config_node *own_url(const struct settings_maps *maps)
{
    for (size_t m = maps->n; m > 0; m--) {
        const struct config_node *node = config_get(maps->at[m - 1], "url");
        if (node != NULL && !config_is_null(node))
            return node;
    }
    return NULL;
}

bool settings_complete(const struct plugin *plugin, void *options)
{
    struct config *apart = config_parse("", "{}", 2);
    option_complete(table_of(plugin), apart, config_root(apart), options);
    bool is_complete = config_mistakes(apart) == 0;
    config_free(apart);
    return is_complete;
}

/* `url` NULL: the maps have it. */
static void add_candidate(struct detection *detection, const struct plugin *plugin,
                          const struct detect_url *url)
{
    struct detect_options *options = detection->options;
    struct instance_spec spec = {.kind = INSTANCE_QUEUE, .plugin = plugin};
    spec.is_isolated = settings_isolate(detection->maps->isolate, plugin);
    spec.options = memory_new(1, plugin->table.config_size);
    option_init(table_of(plugin), spec.options);
    for (size_t m = 0; m < detection->maps->n; m++)
        option_fill(table_of(plugin), detection->config, detection->maps->at[m], NULL, 0,
                    spec.options);
    if (url != NULL)
        option_set(url_row(plugin), &url->value, 1, spec.options, NULL);
    if (!settings_complete(plugin, spec.options)) { /* then the file means another adapter */
        settings_free_instance(&spec);
        return;
    }
    options->candidates =
        memory_resize(options->candidates, options->n + 1, sizeof *options->candidates);
    options->candidates[options->n++] = (struct detect_candidate){
        .spec = spec, .variable = url != NULL ? memory_copy(url->name) : NULL};
}

static void add_candidates(struct detection *detection, const struct detect_url *url)
{
    for (size_t i = 0; i < detection->n_adapters; i++)
        add_candidate(detection, detection->adapters[i], url);
}

/* What is lacking, as the second half of a sentence; NULL: nothing. */
static const char *lack_of(const struct detection *detection, size_t n_installed, size_t n_urls)
{
    if (n_installed == 0)
        return "and none that is installed can detect its store";
    if (detection->n_adapters == 0)
        return "and none that can detect its store has all of these keys";
    if (n_urls == 0)
        return "and there is no store to detect it from, in url or in " DETECT_URL_NAMES;
    if (detection->options->n == 0)
        return "and none that can detect its store has all options that it requires";
    return NULL;
}

const char *settings_read_candidates(struct config *config, const struct settings_maps *maps,
                                     struct detect_options *options)
{
    struct detection detection = {.config = config, .maps = maps, .options = options};
    size_t n_urls = 1;
    struct detect_url *urls = NULL;
    size_t n_mistakes = config_mistakes(config);
    *options = (struct detect_options){NULL, 0};
    find_adapters(&detection);
    size_t n_installed = detection.n_adapters;
    check_keys(&detection);
    if (own_url(maps) == NULL)
        urls = detect_urls(&n_urls);
    for (size_t i = 0; i < n_urls; i++)
        add_candidates(&detection, urls != NULL ? &urls[i] : NULL);
    if (urls != NULL)
        detect_urls_free(urls, n_urls);
    free(detection.adapters);
    return config_mistakes(config) > n_mistakes ? NULL : lack_of(&detection, n_installed, n_urls);
}

void settings_free_candidates(struct detect_options *options)
{
    for (size_t i = 0; i < options->n; i++) {
        settings_free_instance(&options->candidates[i].spec);
        free(options->candidates[i].variable);
        free(options->candidates[i].text);
    }
    free(options->candidates);
    *options = (struct detect_options){NULL, 0};
}
