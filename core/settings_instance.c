/* SPDX-License-Identifier: MIT
 * The maps `queue` and `scaler`: a plugin, with the host's keys and the plugin's own options. Pools
 * that ask for the same share one instance. */
#include "core/settings_read.h"

#include "core/detect.h"
#include "core/memory.h"

#include <dynomatic/util.h>
#include <inttypes.h>
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
    char **found = &request->reader->found[request->kind];
    if (*found == NULL) {
        struct text text = {0};
        describe_found(request->kind, "", &text);
        *found = text_take(&text);
    }
    config_mistake(request->reader->config, place,
                   "no %s is named%s%s: write %s: { %s: NAME, ... }. %s", role->what,
                   why[0] != '\0' ? ", " : "", why, role->map, role->keys[0], *found);
}

/* What is there but cannot be loaded has a reason of its own. What is from the environment is not
 * repeated: it may have been meant for another key. */
static char *describe_refusal(const struct request *request, bool is_taken, const char *error)
{
    size_t n;
    char **names = plugin_names(&n);
    const char *wanted = request->keys.plugin;
    bool is_there = strchr(wanted, '/') != NULL;
    for (size_t i = 0; i < n; i++)
        is_there = is_there || strcmp(names[i], wanted) == 0;
    free_names(names, n);
    if (is_there && !is_taken)
        return memory_copy(error);
    struct text text = {0};
    if (is_taken)
        text_add_format(&text, "there is no %s of this name. ", request->role->what);
    else
        text_add_format(&text, "there is no %s \"%.64s\". ", request->role->what, wanted);
    describe_found(request->kind, is_taken ? "" : wanted, &text);
    return text_take(&text);
}

static struct settings_plugin *search(const struct request *request, bool is_taken)
{
    struct settings_plugin *found = memory_new(1, sizeof *found);
    const char *name = request->keys.plugin;
    struct error error = {""};
    found->plugin = plugin_read(name, &error);
    found->is_isolated =
        found->plugin != NULL && settings_isolate(request->keys.isolate, found->plugin);
    if (found->plugin != NULL && !found->is_isolated)
        found->plugin = plugin_load(name, &error); /* or the process that it runs in does */
    if (found->plugin == NULL)
        found->refusal = describe_refusal(request, is_taken, error.text);
    return found;
}

/* Each is searched for once, since the search looks at every folder on the way to it. */
static const struct settings_plugin *search_once(const struct request *request, bool is_taken)
{
    GHashTable *plugins = request->reader->plugins;
    char *key = memory_format("%d %d %d %s", (int)request->kind, request->keys.isolate, is_taken,
                              request->keys.plugin);
    struct settings_plugin *found = g_hash_table_lookup(plugins, key);
    if (found != NULL) {
        free(key);
        return found;
    }
    found = search(request, is_taken);
    g_hash_table_insert(plugins, key, found);
    return found;
}

void settings_free_plugin(void *found)
{
    struct settings_plugin *plugin = found;
    free(plugin->refusal);
    free(plugin);
}

/* NULL with a mistake. */
static const struct settings_plugin *find_plugin(const struct request *request)
{
    static const struct settings_plugin detected = {&detect_plugin, false, NULL};
    const struct config_node *node = plugin_node(request);
    const char *name = request->keys.plugin;
    if (node == NULL && !request->is_refused) {
        if (request->kind == INSTANCE_QUEUE)
            return &detected;
        refuse_unnamed(request, "");
    }
    if (node == NULL || name == NULL || name[0] == '\0')
        return NULL;
    const struct settings_plugin *found = search_once(request, config_is_taken(node));
    if (found->plugin != NULL && plays(found->plugin, request->kind))
        return found;
    if (found->plugin == NULL)
        config_mistake(request->reader->config, node, "%s", found->refusal);
    else
        config_mistake(request->reader->config, node, "%s is no %s: it is a %s",
                       found->plugin->table.name, request->role->what,
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

static void add_value(const struct dyn_option *row, const void *values, struct text *out)
{
    struct text value = {0};
    option_print_whole(row, values, &value);
    text_add_format(out, " %s %zu:%s", row->name, value.length, text_chars(&value));
    text_fini(&value);
}

/* Adds all that makes an instance what it is: the same text means the same instance. */
static void add_identity(const struct instance_spec *spec, struct text *out)
{
    struct option_table table = table_of(spec->plugin);
    struct detect_options detect = detect_options_of(spec);
    text_add_format(out, "%d %p %d %d %" PRId64 " %" PRId64, (int)spec->kind,
                    (const void *)spec->plugin, spec->is_isolated, spec->watches, spec->timeout_ms,
                    spec->read_every_ms);
    for (size_t i = 0; i < table.n; i++)
        add_value(&table.rows[i], spec->options, out);
    for (size_t i = 0; i < detect.n; i++)
        add_identity(&detect.candidates[i].spec, out);
}

static int by_name(const void *a, const void *b)
{
    const struct dyn_option *const *left = a;
    const struct dyn_option *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

/* Two back-ends of one platform say where they are by options of the same names. One that has no
 * such options is where its like is that has all of them the same. */
void settings_add_place(const struct instance_spec *spec, struct text *out)
{
    struct option_table table = table_of(spec->plugin);
    const struct dyn_option **rows = memory_new(table.n, sizeof *rows);
    size_t n = 0;
    for (size_t i = 0; i < table.n; i++)
        if ((table.rows[i].flags & DYN_PLACE) != 0)
            rows[n++] = &table.rows[i];
    qsort(rows, n, sizeof *rows, by_name);
    for (size_t i = 0; i < n; i++)
        add_value(rows[i], spec->options, out);
    free(rows);
    if (n > 0)
        return;
    text_add_format(out, "%p", (const void *)spec->plugin);
    for (size_t i = 0; i < table.n; i++)
        add_value(&table.rows[i], spec->options, out);
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

static size_t add(struct settings *settings, struct instance_spec spec)
{
    settings->instances =
        memory_resize(settings->instances, settings->n_instances + 1, sizeof *settings->instances);
    settings->instances[settings->n_instances] = spec;
    return settings->n_instances++;
}

/* The index of one that is the same, which then takes the place of `spec`, or of `spec` itself. */
static size_t share(struct settings_reader *reader, struct instance_spec spec)
{
    struct text identity = {0};
    add_identity(&spec, &identity);
    size_t number = GPOINTER_TO_SIZE(g_hash_table_lookup(reader->instances, text_chars(&identity)));
    if (number > 0) {
        settings_free_instance(&spec);
        text_fini(&identity);
        return number - 1;
    }
    size_t index = add(reader->settings, spec);
    g_hash_table_insert(reader->instances, text_take(&identity), GSIZE_TO_POINTER(index + 1));
    return index;
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
    const struct settings_plugin *found = find_plugin(&request);
    if (found == NULL) {
        hide_all(&request);
    } else {
        option_complete(request.role->table, reader->config, place, &request.keys);
        index = share(reader, (struct instance_spec){
                                  .kind = kind,
                                  .plugin = found->plugin,
                                  .options = read_options(&request, found->plugin),
                                  .timeout_ms = request.keys.timeout_ms,
                                  .read_every_ms = request.keys.read_every_ms,
                                  .is_isolated = found->is_isolated,
                                  .watches = kind == INSTANCE_QUEUE && request.keys.watch == 1,
                                  .path = reader->settings->path,
                                  .lines = find_lines(&request, found->plugin),
                              });
    }
    option_fini(request.role->table, &request.keys);
    return index;
}

void settings_check_unused(struct settings_reader *reader, enum instance_kind kind,
                           const struct config_node *top)
{
    struct settings scratch = {0};
    struct settings_reader apart;
    if (reader->is_used[kind] || top == NULL || config_is_null(top))
        return;
    settings_reader_init(&apart, reader->config, &scratch);
    settings_read_instance(&apart, kind, top, NULL, top);
    settings_reader_fini(&apart);
    for (size_t i = 0; i < scratch.n_instances; i++)
        settings_free_instance(&scratch.instances[i]);
    free(scratch.instances);
}
