/* SPDX-License-Identifier: MIT
 * The maps `queue` and `scaler`: a plugin, with the host's keys and the plugin's own options. Pools
 * that ask for the same share one instance. */
#include "core/settings_read.h"

#include "core/detect.h"
#include "core/memory.h"

#include <dynomatic/util.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- What the host reads of them ---- */

struct keys {
    const char *plugin;
    int64_t timeout_ms;
    int64_t read_every_ms;
    int32_t isolate;
    int32_t watch;
};

static const struct dyn_option queue_rows[] = {
    {"adapter", "(detected)", NULL, NULL, "the queue adapter: its name, or the path of its .so",
     DYN_TEXT, DYN_REQUIRED, offsetof(struct keys, plugin), 0},
    {"timeout", "5s", "100ms..10m", NULL, "how long a call may take", DYN_DURATION, 0,
     offsetof(struct keys, timeout_ms), 0},
    {"isolate", NULL, NULL, NULL, "whether it runs in a process of its own", DYN_BOOLEAN, 0,
     offsetof(struct keys, isolate), 0},
    {"watch", "yes", NULL, NULL, "whether it is waited for what the store tells by itself",
     DYN_BOOLEAN, 0, offsetof(struct keys, watch), 0},
};

static const struct dyn_option scaler_rows[] = {
    {"backend", NULL, NULL, NULL, "the scaler back-end: its name, or the path of its .so", DYN_TEXT,
     DYN_REQUIRED, offsetof(struct keys, plugin), 0},
    {"timeout", "10s", "100ms..10m", NULL, "how long a call may take", DYN_DURATION, 0,
     offsetof(struct keys, timeout_ms), 0},
    {"read_every", "30s", "1s..1h", NULL, "how often sizes are read when nothing changes",
     DYN_DURATION, 0, offsetof(struct keys, read_every_ms), 0},
    {"isolate", NULL, NULL, NULL, "whether it runs in a process of its own", DYN_BOOLEAN, 0,
     offsetof(struct keys, isolate), 0},
};

/* Keys of the host in the order of the rows, the plugin's first. */
static const struct role {
    const char *map;
    const char *what;
    const char *example;
    struct option_table table;
    const char *keys[4];
} roles[] = {
    [INSTANCE_QUEUE] = {"queue",
                        "queue adapter",
                        "delayedjob",
                        {queue_rows, DYN_COUNT(queue_rows)},
                        {"adapter", "timeout", "isolate", "watch"}},
    [INSTANCE_SCALER] = {"scaler",
                         "scaler back-end",
                         "heroku-formation",
                         {scaler_rows, DYN_COUNT(scaler_rows)},
                         {"backend", "timeout", "read_every", "isolate"}},
};

/* One instance as it is read. */
struct request {
    struct settings_reader *reader;
    const struct role *role;
    enum instance_kind kind;
    struct settings_maps maps;
    bool is_refused;                 /* something is there instead of a map: a mistake of its own */
    const struct config_node *place; /* of what no map can be blamed for */
    struct keys keys;
};

/* ---- Which plugin ---- */

/* What came with the host is tested with it; another plugin may break the contract. */
bool settings_isolate(int32_t asked, const struct plugin *plugin)
{
    return plugin->path != NULL && (asked >= 0 ? asked == 1 : !plugin_is_installed(plugin));
}

static bool plays(const struct plugin *plugin, enum instance_kind kind)
{
    return kind == INSTANCE_QUEUE ? plugin->table.queue != NULL : plugin->table.scaler != NULL;
}

/* The plugins of a kind in the plugin folders: names to be freed with free_names(). */
static char **found_names(enum instance_kind kind, size_t *n)
{
    size_t n_all;
    char **names = plugin_names(&n_all);
    *n = 0;
    for (size_t i = 0; i < n_all; i++) {
        struct error error = {""};
        const struct plugin *plugin = plugin_read(names[i], &error);
        if (plugin != NULL && plays(plugin, kind))
            names[(*n)++] = names[i];
        else
            free(names[i]);
    }
    return names;
}

static void free_names(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

/* "Did you mean "delayedjob"? Found: delayedjob, sidekiq (in /usr/lib/dynomatic)". */
static void describe_found(enum instance_kind kind, const char *wanted, struct text *out)
{
    size_t n;
    char **names = found_names(kind, &n);
    char *folders = plugin_folders();
    struct text meant = {0};
    if (text_add_meant(&meant, wanted, (const char *const *)names, n) > 0)
        text_add_format(out, "Did you mean %s? ", text_chars(&meant));
    text_fini(&meant);
    text_add(out, n > 0 ? "Found: " : "None was found");
    for (size_t i = 0; i < n; i++)
        text_add_format(out, "%s%s", i > 0 ? ", " : "", names[i]);
    text_add_format(out, " (in %s)", folders);
    free_names(names, n);
    free(folders);
}

/* The value of the plugin's key in the map that goes before, NULL if there is none. */
static const struct config_node *plugin_node(const struct request *request)
{
    for (size_t i = request->maps.n; i > 0; i--) {
        const struct config_node *node =
            config_get(request->maps.at[i - 1], request->role->keys[0]);
        if (node != NULL && !config_is_null(node))
            return node;
    }
    return NULL;
}

/* `why` is the second half of a sentence, or "". */
static void refuse_unnamed(const struct request *request, const char *why)
{
    const struct role *role = request->role;
    const struct config_node *place =
        request->maps.n > 0 ? request->maps.at[request->maps.n - 1] : request->place;
    struct text found = {0};
    describe_found(request->kind, "", &found);
    config_mistake(request->reader->config, place,
                   "no %s is named%s%s: write %s: { %s: NAME, ... }. %s", role->what,
                   why[0] != '\0' ? ", " : "", why, role->map, role->keys[0], text_chars(&found));
    text_fini(&found);
}

/* What is there but cannot be loaded has a reason of its own. What is from the environment is not
 * repeated: it may have been meant for another key. */
static void refuse_unknown(const struct request *request, const struct config_node *node,
                           const char *error)
{
    size_t n;
    char **names = plugin_names(&n);
    const char *wanted = request->keys.plugin;
    bool is_there = strchr(wanted, '/') != NULL;
    for (size_t i = 0; i < n; i++)
        is_there = is_there || strcmp(names[i], wanted) == 0;
    free_names(names, n);
    struct text found = {0};
    describe_found(request->kind, config_is_taken(node) ? "" : wanted, &found);
    if (config_is_taken(node))
        config_mistake(request->reader->config, node, "there is no %s of this name. %s",
                       request->role->what, text_chars(&found));
    else if (is_there)
        config_mistake(request->reader->config, node, "%s", error);
    else
        config_mistake(request->reader->config, node, "there is no %s \"%.64s\". %s",
                       request->role->what, wanted, text_chars(&found));
    text_fini(&found);
}

static const struct plugin *find_plugin(const struct request *request)
{
    const struct config_node *node = plugin_node(request);
    const char *name = request->keys.plugin;
    if (node == NULL && !request->is_refused) {
        if (request->kind == INSTANCE_QUEUE)
            return &detect_plugin;
        refuse_unnamed(request, "");
    }
    if (node == NULL || name == NULL || name[0] == '\0')
        return NULL;
    struct error error = {""};
    const struct plugin *plugin = plugin_read(name, &error);
    if (plugin != NULL && !settings_isolate(request->keys.isolate, plugin))
        plugin = plugin_load(name, &error); /* or the process that it runs in does */
    if (plugin == NULL) {
        refuse_unknown(request, node, error.text);
        return NULL;
    }
    if (plays(plugin, request->kind))
        return plugin;
    config_mistake(request->reader->config, node, "%s is no %s: it is a %s", plugin->table.name,
                   request->role->what,
                   request->kind == INSTANCE_QUEUE ? "scaler back-end" : "queue adapter");
    return NULL;
}

/* ---- With which options ---- */

static struct option_table table_of(const struct plugin *plugin)
{
    return (struct option_table){plugin->options, plugin->table.n_options};
}

static void read_keys(struct request *request)
{
    struct config *config = request->reader->config;
    option_init(request->role->table, &request->keys);
    for (size_t i = 0; i < request->maps.n; i++)
        option_fill(request->role->table, config, request->maps.at[i], NULL, 0, &request->keys);
}

/* Which of their values are secrets, only the plugin could say. */
static void hide_all(const struct request *request)
{
    for (size_t m = 0; m < request->maps.n; m++)
        for (size_t i = 0; i < config_count(request->maps.at[m]); i++)
            if (strcmp(config_key(request->maps.at[m], i), request->role->keys[0]) != 0)
                config_hide(request->reader->config, config_item(request->maps.at[m], i));
}

static void *read_candidates(const struct request *request)
{
    struct detect_options *options = memory_new(1, sizeof *options);
    const char *lack = settings_read_candidates(request->reader->config, &request->maps, options);
    if (options->n == 0)
        hide_all(request);
    if (lack != NULL)
        refuse_unnamed(request, lack);
    return options;
}

static void *read_options(const struct request *request, const struct plugin *plugin)
{
    if (plugin == &detect_plugin)
        return read_candidates(request);
    struct config *config = request->reader->config;
    size_t n_keys = request->role->table.n;
    void *options = memory_new(1, plugin->table.config_size);
    option_init(table_of(plugin), options);
    for (size_t i = 0; i < request->maps.n; i++)
        option_fill(table_of(plugin), config, request->maps.at[i], request->role->keys, n_keys,
                    options);
    option_complete(table_of(plugin), config, request->maps.at[request->maps.n - 1], options);
    return options;
}

/* Where each option stands, in the map that goes before; the last one is the map's own place. */
static uint32_t *find_lines(const struct request *request, const struct plugin *plugin)
{
    struct option_table table = table_of(plugin);
    uint32_t *lines = memory_new(table.n + 1, sizeof *lines);
    for (size_t m = 0; m < request->maps.n; m++) {
        lines[table.n] = config_line_of(request->reader->config, request->maps.at[m]);
        for (size_t i = 0; i < table.n; i++) {
            const struct config_node *node = config_get(request->maps.at[m], table.rows[i].name);
            if (node != NULL)
                lines[i] = config_line_of(request->reader->config, node);
        }
    }
    return lines;
}

/* ---- Sharing ---- */

static bool are_same(const struct instance_spec *a, const struct instance_spec *b, uint32_t flags);

static bool have_same_candidates(const struct instance_spec *a, const struct instance_spec *b)
{
    struct detect_options left = detect_options_of(a);
    struct detect_options right = detect_options_of(b);
    bool is_same = left.n == right.n;
    for (size_t i = 0; i < left.n && is_same; i++)
        is_same = are_same(&left.candidates[i].spec, &right.candidates[i].spec, 0);
    return is_same;
}

static bool have_same_text(const struct dyn_option *left, const void *left_values,
                           const struct dyn_option *right, const void *right_values)
{
    struct text a = {0};
    struct text b = {0};
    option_print_whole(left, left_values, &a);
    option_print_whole(right, right_values, &b);
    bool is_same = strcmp(text_chars(&a), text_chars(&b)) == 0;
    text_fini(&a);
    text_fini(&b);
    return is_same;
}

/* Whether two agree in all options that have these flags. */
static bool are_same(const struct instance_spec *a, const struct instance_spec *b, uint32_t flags)
{
    if (a->kind != b->kind || a->plugin != b->plugin || !have_same_candidates(a, b))
        return false;
    bool is_same = true;
    struct option_table table = table_of(a->plugin);
    for (size_t i = 0; i < table.n && is_same; i++) {
        if ((table.rows[i].flags & flags) != flags)
            continue;
        is_same = have_same_text(&table.rows[i], a->options, &table.rows[i], b->options);
    }
    return is_same;
}

/* An option by which a plugin says where it is, NULL if it has none of this name. */
static const struct dyn_option *find_place(const struct instance_spec *spec, const char *name)
{
    struct option_table table = table_of(spec->plugin);
    for (size_t i = 0; i < table.n; i++)
        if ((table.rows[i].flags & DYN_PLACE) != 0 && strcmp(table.rows[i].name, name) == 0)
            return &table.rows[i];
    return NULL;
}

/* Two back-ends of one platform say where they are by options of the same names. */
static bool share_place(const struct instance_spec *a, const struct instance_spec *b)
{
    struct option_table table = table_of(a->plugin);
    size_t n_left = 0;
    size_t n_right = 0;
    for (size_t i = 0; i < table_of(b->plugin).n; i++)
        n_right += (table_of(b->plugin).rows[i].flags & DYN_PLACE) != 0;
    for (size_t i = 0; i < table.n; i++) {
        const struct dyn_option *left = &table.rows[i];
        if ((left->flags & DYN_PLACE) == 0)
            continue;
        const struct dyn_option *right = find_place(b, left->name);
        if (right == NULL || !have_same_text(left, a->options, right, b->options))
            return false;
        n_left++;
    }
    return n_left > 0 && n_left == n_right;
}

struct dyn_list settings_names(const struct instance_spec *spec, const char *const *process)
{
    struct option_table table = table_of(spec->plugin);
    for (size_t i = 0; i < table.n; i++)
        if ((table.rows[i].flags & DYN_NAMES) != 0 && table.rows[i].type == DYN_LIST) {
            const char *values = spec->options;
            struct dyn_list names;
            memcpy(&names, values + table.rows[i].offset, sizeof names);
            return names;
        }
    return (struct dyn_list){process, 1};
}

bool settings_same_place(const struct instance_spec *a, const struct instance_spec *b)
{
    uint32_t flags = 0;
    if (a->plugin != b->plugin)
        return share_place(a, b);
    struct option_table table = table_of(a->plugin);
    for (size_t i = 0; i < table.n; i++)
        flags |= table.rows[i].flags & DYN_PLACE;
    return are_same(a, b, flags);
}

void settings_free_instance(struct instance_spec *spec)
{
    if (spec->plugin == &detect_plugin)
        settings_free_candidates(spec->options);
    else if (spec->options != NULL)
        option_fini(table_of(spec->plugin), spec->options);
    free(spec->options);
    free(spec->lines);
    free(spec->name);
}

/* The index of one that is the same, which then takes the place of `spec`, or of `spec` itself. */
static size_t share(struct settings *settings, struct instance_spec spec)
{
    for (size_t i = 0; i < settings->n_instances; i++) {
        const struct instance_spec *other = &settings->instances[i];
        if (are_same(other, &spec, 0) && other->timeout_ms == spec.timeout_ms &&
            other->read_every_ms == spec.read_every_ms && other->is_isolated == spec.is_isolated &&
            other->watches == spec.watches) {
            settings_free_instance(&spec);
            return i;
        }
    }
    settings->instances =
        memory_resize(settings->instances, settings->n_instances + 1, sizeof *settings->instances);
    settings->instances[settings->n_instances] = spec;
    return settings->n_instances++;
}

/* ---- The whole ---- */

/* False with a mistake if it is no map. NULL is none. */
static bool is_map(struct request *request, const struct config_node *node)
{
    if (node == NULL || config_is_null(node))
        return false;
    if (config_kind(node) == CONFIG_MAP)
        return true;
    request->is_refused = true;
    config_hide(request->reader->config, node);
    if (!config_is_broken(node))
        config_mistake(request->reader->config, node, "%s must be a map such as { %s: %s, ... }%s",
                       request->role->map, request->role->keys[0], request->role->example,
                       settings_hint(node));
    return false;
}

/* A pool's own map that names another plugin than the top's has nothing of it. */
static bool names_another(const struct request *request, const struct config_node *top,
                          const struct config_node *own)
{
    const struct config_node *a = config_get(top, request->role->keys[0]);
    const struct config_node *b = config_get(own, request->role->keys[0]);
    return a != NULL && b != NULL && strcmp(config_text(a), config_text(b)) != 0;
}

static void find_maps(struct request *request, const struct config_node *top,
                      const struct config_node *own)
{
    bool has_top = is_map(request, top);
    bool has_own = is_map(request, own);
    if (has_top && !(has_own && names_another(request, top, own))) {
        request->maps.at[request->maps.n++] = top;
        request->reader->is_used[request->kind] = true;
    }
    if (has_own)
        request->maps.at[request->maps.n++] = own;
}

size_t settings_read_instance(struct settings_reader *reader, enum instance_kind kind,
                              const struct config_node *top, const struct config_node *own,
                              const struct config_node *place)
{
    struct request request = {.reader = reader, .role = &roles[kind], .kind = kind, .place = place};
    request.maps.keys = request.role->keys;
    request.maps.n_keys = request.role->table.n;
    size_t index = SIZE_MAX;
    find_maps(&request, top, own);
    read_keys(&request);
    request.maps.isolate = request.keys.isolate;
    const struct plugin *plugin = find_plugin(&request);
    if (plugin == NULL) {
        hide_all(&request);
    } else {
        option_complete(request.role->table, reader->config, place, &request.keys);
        index = share(reader->settings,
                      (struct instance_spec){
                          .kind = kind,
                          .plugin = plugin,
                          .options = read_options(&request, plugin),
                          .timeout_ms = request.keys.timeout_ms,
                          .read_every_ms = request.keys.read_every_ms,
                          .is_isolated = settings_isolate(request.keys.isolate, plugin),
                          .watches = kind == INSTANCE_QUEUE && request.keys.watch == 1,
                          .path = reader->settings->path,
                          .lines = find_lines(&request, plugin),
                      });
    }
    option_fini(request.role->table, &request.keys);
    return index;
}

void settings_check_unused(struct settings_reader *reader, enum instance_kind kind,
                           const struct config_node *top)
{
    struct settings scratch = {0};
    struct settings_reader apart = {.config = reader->config, .settings = &scratch};
    if (reader->is_used[kind] || top == NULL || config_is_null(top))
        return;
    settings_read_instance(&apart, kind, top, NULL, top);
    for (size_t i = 0; i < scratch.n_instances; i++)
        settings_free_instance(&scratch.instances[i]);
    free(scratch.instances);
}
