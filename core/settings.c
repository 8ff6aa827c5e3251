/* SPDX-License-Identifier: MIT
 * Pools: what stands at the top of the file is the default of each, and a pool's own key goes
 * before it. */
#include "core/settings.h"

#include "core/memory.h"
#include "core/number.h"
#include "core/settings_read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_POOLS = 10000 };

/* ---- Keys ---- */

struct pool_keys {
    int64_t interval_ms;
    int64_t min;
    int64_t max;
    int64_t per_dyno;
    int64_t wake;
    int64_t linger_ms;
    int64_t boot_ms;
    struct dyn_list queues;
    const char *process;
    int32_t count_busy;
    uint32_t unused;
};

static const struct dyn_option pool_rows[] = {
    {"interval", "1s", "100ms..1h", NULL, "how often the pool is measured and decided",
     DYN_DURATION, 0, offsetof(struct pool_keys, interval_ms), 0},
    {"min", "0", "0.." SETTINGS_MOST_DYNOS, NULL, "the fewest dynos", DYN_INTEGER, 0,
     offsetof(struct pool_keys, min), 0},
    {"max", NULL, "1.." SETTINGS_MOST_DYNOS, NULL, "the most dynos", DYN_INTEGER, 0,
     offsetof(struct pool_keys, max), 0},
    {"per_dyno", NULL, "1..1000000000", NULL, "one dyno for each so many waiting jobs", DYN_INTEGER,
     0, offsetof(struct pool_keys, per_dyno), 0},
    {"wake", "1", "0..1000000000", NULL, "so many waiting jobs wake a pool of no dynos",
     DYN_INTEGER, 0, offsetof(struct pool_keys, wake), 0},
    {"linger", "0s", "0s..7d", NULL, "how long the last dyno stays after there was work",
     DYN_DURATION, 0, offsetof(struct pool_keys, linger_ms), 0},
    {"boot", NULL, "0s..1h", NULL, "from the order of a dyno to its first job", DYN_DURATION, 0,
     offsetof(struct pool_keys, boot_ms), 0},
    {"count_busy", "no", NULL, NULL, "whether jobs that run count with those that wait",
     DYN_BOOLEAN, 0, offsetof(struct pool_keys, count_busy), 0},
    {"queues", NULL, NULL, NULL, "the queues that these workers serve", DYN_LIST, 0,
     offsetof(struct pool_keys, queues), 0},
    {"process", NULL, NULL, NULL, "the pool's name at the platform", DYN_TEXT, 0,
     offsetof(struct pool_keys, process), 0},
};

static const struct option_table pool_table = {pool_rows, sizeof pool_rows / sizeof pool_rows[0]};

/* Keys that are read apart; the last ones at the top only. */
static const char *const other_keys[] = {
    "queue", "scaler", "rules",  "on_unknown", "scale_up", "scale_down", "schedule", "on_drift",
    "uses",  "shadow", "limits", "journal",    "budget",   "pools",      "state"};
enum { N_POOL_OTHERS = 10, N_TOP_OTHERS = 15 };

/* Those of a policy, which a shadow may have: the rows from min to count_busy, and these. */
static const struct option_table shadow_table = {pool_rows + 1, 7};
static const char *const *const shadow_others = other_keys + 2;
enum { N_SHADOW_OTHERS = 5 };

/* ---- One pool ---- */

/* A pool as it is read. `own` is NULL where the top is the only pool, `shadow` where it is not the
 * pool's shadow that is read. */
struct request {
    struct settings_reader *reader;
    struct config *config;
    const struct config_node *top;
    const struct config_node *own;
    const struct config_node *shadow;
    const struct config_node *place; /* of mistakes about what is lacking */
    struct pool_keys keys;
};

static const struct config_node *own_node(const struct request *request, const char *key)
{
    return request->own != NULL ? config_get(request->own, key) : NULL;
}

/* The maps that may have a key, the one that goes before first. */
enum map { MAP_SHADOW, MAP_OWN, MAP_TOP };

/* The map that a key is taken from, be it in none. */
static enum map map_of(const struct request *request, const char *key)
{
    if (request->shadow != NULL && config_get(request->shadow, key) != NULL)
        return MAP_SHADOW;
    return own_node(request, key) != NULL ? MAP_OWN : MAP_TOP;
}

/* The value of a key, NULL if there is none. */
static const struct config_node *node_of(const struct request *request, const char *key)
{
    const struct config_node *const maps[] = {request->shadow, request->own, request->top};
    return config_get(maps[map_of(request, key)], key);
}

/* Whether they are in one map: else one of them may be shared with others. */
static bool stand_together(const struct request *request, const char *key, const char *other)
{
    return map_of(request, key) == map_of(request, other);
}

static void read_on_unknown(const struct request *request, struct policy *policy)
{
    const struct config_node *node = node_of(request, "on_unknown");
    settings_read_on_unknown(request->config, node, policy);
    if (policy->then > policy->max && stand_together(request, "on_unknown", "max"))
        config_mistake(request->config, config_get(node, "then"),
                       "then is %" PRId32 ", but max is %" PRId32, policy->then, policy->max);
}

static void check_bounds(const struct request *request)
{
    const struct pool_keys *keys = &request->keys;
    enum map min = map_of(request, "min");
    bool is_min = min != MAP_TOP && min <= map_of(request, "max");
    if (keys->max != DYN_ABSENT && keys->min > keys->max)
        config_mistake(request->config, node_of(request, is_min ? "min" : "max"),
                       "min is %" PRId64 ", but max is %" PRId64, keys->min, keys->max);
}

/* Something is written there, be it with a mistake. */
static bool is_given(const struct config_node *node)
{
    return node != NULL && !config_is_null(node) &&
           (config_kind(node) == CONFIG_SCALAR || config_count(node) > 0);
}

/* Source i of a pool, NULL if it is not known. */
static const struct instance_spec *source_of(const struct settings *settings,
                                             const struct pool_spec *pool, size_t i)
{
    size_t index = pool->sources[i];
    return index < settings->n_instances ? &settings->instances[index] : NULL;
}

const char *settings_cannot_tell(const struct settings *settings, const struct pool_spec *pool,
                                 uint32_t metrics)
{
    for (size_t i = 0; i < pool->n_sources; i++) {
        const struct instance_spec *source = source_of(settings, pool, i);
        const struct plugin *adapter = source != NULL ? source->plugin : NULL;
        if (adapter != NULL && adapter->table.queue != NULL &&
            (adapter->queue.metrics & metrics) != metrics)
            return adapter->table.name;
    }
    return NULL;
}

bool settings_name_busy(const struct settings *settings, const struct pool_spec *pool)
{
    for (size_t i = 0; i < pool->n_sources; i++) {
        const struct instance_spec *source = source_of(settings, pool, i);
        if (source != NULL && source->plugin->table.queue != NULL &&
            !DYN_HAS(&source->plugin->queue, workers))
            return false;
    }
    return true;
}

static void check_rules(const struct request *request, const struct rule_list *rules,
                        const struct pool_spec *pool)
{
    const struct config_node *list = node_of(request, "rules");
    int64_t min = stand_together(request, "rules", "min") ? request->keys.min : 0;
    int64_t max = stand_together(request, "rules", "max") ? request->keys.max : DYN_ABSENT;
    settings_check_rules(request->config, rules, min, max == DYN_ABSENT ? INT32_MAX : max,
                         request->reader->settings, pool);
    if (!is_given(list) && !is_given(node_of(request, "per_dyno")))
        config_mistake(request->config, list != NULL ? list : request->place,
                       "there are no rules: give rules, such as [{ at_least: 10, dynos: 5 }], or "
                       "per_dyno");
}

static void check_busy(const struct request *request, const struct pool_spec *pool)
{
    const char *adapter = settings_cannot_tell(request->reader->settings, pool, DYN_BIT(DYN_BUSY));
    if (request->keys.count_busy == 1 && adapter != NULL)
        config_mistake(request->config, node_of(request, "count_busy"),
                       "the adapter %s cannot tell how many jobs run", adapter);
}

/* A reading older than this has missed three cycles, or its call is late. */
static int64_t stale_after(const struct settings *settings, const struct pool_spec *pool)
{
    int64_t timeout_ms = 0;
    for (size_t i = 0; i < pool->n_sources; i++) {
        const struct instance_spec *source = source_of(settings, pool, i);
        timeout_ms = later(timeout_ms, source != NULL ? source->timeout_ms : 0);
    }
    return later(10000, 3 * pool->interval_ms + timeout_ms);
}

static void read_policy(struct request *request, struct pool_spec *pool)
{
    struct rule_list rules;
    const struct pool_keys *keys = &request->keys;
    settings_read_rules(request->config, node_of(request, "rules"), &rules);
    check_bounds(request);
    check_rules(request, &rules, pool);
    check_busy(request, pool);
    pool->policy = (struct policy){
        .per_dyno = keys->per_dyno == DYN_ABSENT ? 0 : keys->per_dyno,
        .min = (int32_t)keys->min,
        .max = keys->max == DYN_ABSENT ? INT32_MAX : (int32_t)keys->max,
        .stale_ms = stale_after(request->reader->settings, pool),
        .linger_ms = keys->linger_ms,
        .boot_ms = keys->boot_ms == DYN_ABSENT ? -1 : keys->boot_ms,
        .wake = keys->wake,
        .counts_busy = keys->count_busy == 1,
    };
    settings_take_rules(request->reader, &rules, &pool->policy);
    read_on_unknown(request, &pool->policy);
    settings_read_scale_up(request->config, node_of(request, "scale_up"), &pool->policy);
    settings_read_scale_down(request->config, node_of(request, "scale_down"),
                             request->reader->settings, pool);
    settings_read_schedule(request->reader, node_of(request, "schedule"), pool);
}

/* Whether there is a shadow to be read. */
static bool has_shadow(struct config *config, const struct config_node *node)
{
    if (node == NULL || config_is_null(node))
        return false;
    if (config_kind(node) == CONFIG_MAP)
        return true;
    config_hide(config, node);
    if (!config_is_broken(node))
        config_mistake(config, node,
                       "shadow must be a map of a policy's keys, such as { max: 10 }");
    return false;
}

/* What a shadow does not say is the pool's, as if what it says stood there instead. */
static void read_shadow(const struct request *live, struct pool_spec *pool)
{
    struct request request = *live;
    request.shadow = node_of(live, "shadow");
    if (!has_shadow(request.config, request.shadow))
        return;
    option_fill(shadow_table, request.config, request.shadow, shadow_others, N_SHADOW_OTHERS,
                &request.keys);
    struct pool_spec *shadow = memory_new(1, sizeof *shadow);
    *shadow = *pool;
    shadow->is_shadow = true;
    shadow->schedule = (struct schedule){NULL, 0};
    shadow->scheduled = NULL;
    shadow->respect_ms = 0; /* nobody else sets what it imagines */
    read_policy(&request, shadow);
    pool->shadow = shadow;
}

static void read_keys(struct request *request)
{
    struct pool_keys *keys = &request->keys;
    option_init(pool_table, keys);
    bool is_whole = request->own == NULL; /* else check_unused() looks for keys that are unknown */
    option_fill(pool_table, request->config, request->top, is_whole ? other_keys : NULL,
                N_TOP_OTHERS, keys);
    if (request->own != NULL)
        option_fill(pool_table, request->config, request->own, other_keys, N_POOL_OTHERS, keys);
    option_complete(pool_table, request->config, request->place, keys);
    const struct config_node *queues = node_of(request, "queues");
    if (queues != NULL && config_kind(queues) == CONFIG_SCALAR &&
        strchr(config_text(queues), ',') != NULL)
        config_mistake(request->config, queues,
                       "this is one queue with a comma in its name: several are a list, as in "
                       "[default, mailers], and one of this name is [\"a,b\"]");
    const struct config_node *process = node_of(request, "process");
    if (keys->process != NULL && keys->process[0] == '\0' && !config_is_broken(process))
        config_mistake(request->config, process, "process must not be empty");
}

static void copy_queues(const struct dyn_list *queues, struct pool_spec *pool)
{
    pool->queues = memory_new(queues->n, sizeof *pool->queues);
    for (size_t i = 0; i < queues->n; i++)
        pool->queues[i] = memory_copy(queues->items[i]);
    pool->n_queues = queues->n;
}

/* A name that a pool sets, with the place where it means something. */
static char *process_key(const struct text *place, const char *name)
{
    return memory_format("%s %s", text_chars(place), name);
}

static void refuse_process(const struct request *request, const struct pool_spec *other,
                           const struct pool_spec *pool, const char *name)
{
    const struct config_node *process = own_node(request, "process");
    config_mistake(request->config, process != NULL ? process : request->place,
                   "the pools \"%s\" and \"%s\" set the same process \"%s\"; give one of them "
                   "its own process or scaler",
                   other->name, pool->name, name);
}

/* Two pools that set one number would undo each other's work. */
static void check_process(const struct request *request, struct pool_spec *pool)
{
    const struct settings *settings = request->reader->settings;
    GHashTable *processes = request->reader->processes;
    if (pool->scaler >= settings->n_instances || pool->process[0] == '\0')
        return;
    struct text place = {0};
    const char *process = pool->process;
    settings_add_place(&settings->instances[pool->scaler], &place);
    struct dyn_list names = settings_names(&settings->instances[pool->scaler], &process);
    const struct pool_spec *other = NULL;
    for (size_t i = 0; i < names.n; i++) {
        char *key = process_key(&place, names.items[i]);
        const struct pool_spec *first = g_hash_table_lookup(processes, key);
        if (first == NULL)
            g_hash_table_insert(processes, memory_copy(key), pool);
        else if (first != pool && other == NULL)
            refuse_process(request, other = first, pool, names.items[i]);
        free(key);
    }
    text_fini(&place);
}

static void add_source(const struct request *request, struct pool_spec *pool,
                       const struct config_node *top, const struct config_node *own)
{
    size_t source =
        settings_read_instance(request->reader, INSTANCE_QUEUE, top, own, request->place);
    for (size_t i = 0; i < pool->n_sources; i++)
        if (source != SIZE_MAX && pool->sources[i] == source) {
            config_mistake(request->config, own,
                           "this is the same store with the same options as the one before: its "
                           "jobs would count twice");
            return;
        }
    pool->sources = memory_resize(pool->sources, pool->n_sources + 1, sizeof *pool->sources);
    pool->sources[pool->n_sources++] = source;
}

/* One map, merged with the top's; or a list of maps, each for itself. */
static void read_sources(const struct request *request, struct pool_spec *pool)
{
    enum { MOST_SOURCES = 16 };
    const struct config_node *top = config_get(request->top, "queue");
    const struct config_node *own = own_node(request, "queue");
    const struct config_node *list = own != NULL && !config_is_null(own) ? own : top;
    bool is_list = list != NULL && config_kind(list) == CONFIG_LIST;
    size_t n = is_list ? config_count(list) : 0;
    if (is_list && list == top)
        request->reader->is_used[INSTANCE_QUEUE] = true;
    if (is_list && (n == 0 || n > MOST_SOURCES))
        config_mistake(
            request->config, list,
            "queue is a list of %zu: give a map such as { adapter: delayedjob, ... }, or "
            "a list of 1 to %d of them",
            n, MOST_SOURCES);
    for (size_t i = 0; i < n && n <= MOST_SOURCES; i++)
        add_source(request, pool, NULL, config_item(list, i));
    if (!is_list)
        add_source(request, pool, top != NULL && config_kind(top) == CONFIG_LIST ? NULL : top, own);
}

static void read_pool(struct settings_reader *reader, const char *name,
                      const struct config_node *own)
{
    struct settings *settings = reader->settings;
    struct request request = {
        .reader = reader,
        .config = reader->config,
        .top = reader->top,
        .own = own,
        .place = own != NULL ? own : reader->top,
    };
    struct pool_spec *pool = &settings->pools[settings->n_pools++];
    read_keys(&request);
    pool->name = memory_copy(name);
    pool->process = memory_copy(request.keys.process != NULL ? request.keys.process : name);
    pool->interval_ms = request.keys.interval_ms;
    copy_queues(&request.keys.queues, pool);
    read_sources(&request, pool);
    pool->scaler =
        settings_read_instance(reader, INSTANCE_SCALER, config_get(reader->top, "scaler"),
                               own_node(&request, "scaler"), request.place);
    settings_read_uses(reader, node_of(&request, "uses"), pool);
    read_policy(&request, pool);
    pool->respect_ms = settings_read_on_drift(request.config, node_of(&request, "on_drift"));
    read_shadow(&request, pool);
    check_process(&request, pool);
    option_fini(pool_table, &request.keys);
}

/* ---- All pools ---- */

static bool is_pool_name(const char *name)
{
    size_t length = strlen(name);
    return length <= 128 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789_-") == length;
}

const char *settings_hint(const struct config_node *node)
{
    return config_lacks_space(node) ? ", with a space after each colon" : "";
}

static bool is_pool_key(const char *key)
{
    for (size_t i = 0; i < N_POOL_OTHERS; i++)
        if (strcmp(other_keys[i], key) == 0)
            return true;
    for (size_t i = 0; i < pool_table.n; i++)
        if (strcmp(pool_rows[i].name, key) == 0)
            return true;
    return false;
}

static void refuse_pool(struct config *config, const char *name, const struct config_node *own)
{
    config_hide(config, own);
    if (config_is_broken(own))
        return;
    if (is_pool_key(name))
        config_mistake(config, own,
                       "%s is no pool but a key of one: it belongs below the pool's name, "
                       "indented further",
                       name);
    else
        config_mistake(config, own,
                       "the pool \"%.128s\" must be a map of its keys, such as { min: 1 }%s", name,
                       settings_hint(own));
}

static void read_named_pool(struct settings_reader *reader, const struct config_node *pools,
                            size_t i)
{
    const char *name = config_key(pools, i);
    const struct config_node *own = config_item(pools, i);
    if (!is_pool_name(name))
        config_mistake_at_key(reader->config, pools, i,
                              "a pool's name is 1 to 128 letters, digits, underscores and dashes");
    if (config_kind(own) == CONFIG_MAP || config_is_null(own)) {
        read_pool(reader, name, own);
        return;
    }
    refuse_pool(reader->config, name, own);
}

/* The maps of a policy, at the top or in its shadow. */
static void check_maps(struct settings_reader *reader, const struct config_node *top)
{
    struct rule_list rules;
    struct pool_spec none = {.policy.max = INT32_MAX};
    settings_read_rules(reader->config, config_get(top, "rules"), &rules);
    settings_take_rules(reader, &rules, NULL);
    settings_read_on_unknown(reader->config, config_get(top, "on_unknown"), &none.policy);
    settings_read_scale_up(reader->config, config_get(top, "scale_up"), &none.policy);
    settings_read_scale_down(reader->config, config_get(top, "scale_down"), reader->settings,
                             &none);
    settings_read_schedule(reader, config_get(top, "schedule"), &none);
    settings_free_schedule(&none);
}

/* What every pool may have replaced is read all the same. */
static void check_unused(struct settings_reader *reader)
{
    struct pool_keys keys;
    const struct config_node *shadow = config_get(reader->top, "shadow");
    option_init(pool_table, &keys);
    option_fill(pool_table, reader->config, reader->top, other_keys, N_TOP_OTHERS, &keys);
    check_maps(reader, reader->top);
    if (has_shadow(reader->config, shadow)) {
        option_fill(shadow_table, reader->config, shadow, shadow_others, N_SHADOW_OTHERS, &keys);
        check_maps(reader, shadow);
    }
    option_fini(pool_table, &keys);
    settings_read_on_drift(reader->config, config_get(reader->top, "on_drift"));
    settings_check_unused(reader, INSTANCE_QUEUE, config_get(reader->top, "queue"));
    settings_check_unused(reader, INSTANCE_SCALER, config_get(reader->top, "scaler"));
}

static void read_pools(struct settings_reader *reader, const struct config_node *pools)
{
    size_t n = config_count(pools);
    if (config_kind(pools) != CONFIG_MAP || n == 0) {
        config_hide(reader->config, pools);
        if (!config_is_broken(pools))
            config_mistake(reader->config, pools,
                           "pools must be a map of at least one pool, by name%s: pools: { worker: "
                           "{ min: 1 } }",
                           config_kind(pools) == CONFIG_LIST ? ", without dashes" : "");
        return;
    }
    if (n > MOST_POOLS) {
        config_hide(reader->config, pools);
        config_mistake(reader->config, pools, "there are more than %d pools", MOST_POOLS);
        return;
    }
    reader->settings->pools = memory_new(n, sizeof *reader->settings->pools);
    for (size_t i = 0; i < n; i++)
        read_named_pool(reader, pools, i);
}

/* Whether a key of the top looks like a pool that is not indented. */
static bool has_stray_pool(const struct config_node *top)
{
    for (size_t i = 0; i < config_count(top); i++) {
        const char *key = config_key(top, i);
        bool is_known = is_pool_key(key);
        for (size_t k = N_POOL_OTHERS; k < N_TOP_OTHERS; k++)
            is_known = is_known || strcmp(other_keys[k], key) == 0;
        if (!is_known && config_kind(config_item(top, i)) == CONFIG_MAP)
            return true;
    }
    return false;
}

static void read_top(struct settings_reader *reader)
{
    const struct config_node *pools = config_get(reader->top, "pools");
    if (pools != NULL && config_is_null(pools) && has_stray_pool(reader->top)) {
        config_mistake(reader->config, pools,
                       "pools is empty: the names of pools stand below it, indented");
        check_unused(reader);
        return;
    }
    if (pools != NULL && !config_is_null(pools)) {
        read_pools(reader, pools);
        check_unused(reader);
        return;
    }
    reader->settings->pools = memory_new(1, sizeof *reader->settings->pools);
    read_pool(reader, "worker", NULL);
}

void settings_reader_init(struct settings_reader *reader, struct config *config,
                          struct settings *settings)
{
    *reader = (struct settings_reader){
        .config = config,
        .top = config_root(config),
        .settings = settings,
        .plugins = g_hash_table_new_full(g_str_hash, g_str_equal, free, settings_free_plugin),
        .instances = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL),
        .processes = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL),
        .limits = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL),
        .rules = g_hash_table_new_full(settings_hash_rules, settings_are_same_rules, free, NULL),
    };
}

void settings_reader_fini(struct settings_reader *reader)
{
    g_hash_table_destroy(reader->plugins);
    free(reader->found[INSTANCE_QUEUE]);
    free(reader->found[INSTANCE_SCALER]);
    g_hash_table_destroy(reader->instances);
    g_hash_table_destroy(reader->processes);
    g_hash_table_destroy(reader->limits);
    g_hash_table_destroy(reader->rules);
}

struct settings *settings_read(struct config *config)
{
    struct settings *settings = memory_new(1, sizeof *settings);
    struct settings_reader reader;
    settings_reader_init(&reader, config, settings);
    settings->path = memory_copy(config_path(config));
    if (reader.top != NULL && config_kind(reader.top) == CONFIG_MAP) {
        settings_read_limits(&reader);
        settings_read_journal(&reader);
        settings_read_budget(&reader);
        settings->state = settings_read_state(config, reader.top);
        read_top(&reader);
        settings_check_limits(&reader);
    } else if (reader.top != NULL) {
        config_hide(config, reader.top);
        config_mistake(config, reader.top,
                       "a configuration is a map with keys such as queue, scaler and rules");
    }
    settings_reader_fini(&reader);
    if (config_root(config) != NULL && config_mistakes(config) == 0) {
        settings_name_instances(settings);
        return settings;
    }
    settings_free(settings);
    return NULL;
}

static void free_pool(struct pool_spec *pool)
{
    for (size_t i = 0; i < pool->n_queues; i++)
        free(pool->queues[i]);
    free(pool->queues);
    free(pool->sources);
    free(pool->uses);
    if (pool->shadow != NULL)
        settings_free_schedule(pool->shadow);
    free(pool->shadow);
    settings_free_schedule(pool);
    free(pool->process);
    free(pool->name);
}

void settings_free(struct settings *settings)
{
    if (settings == NULL)
        return;
    for (size_t i = 0; i < settings->n_pools; i++)
        free_pool(&settings->pools[i]);
    for (size_t i = 0; i < settings->n_instances; i++)
        settings_free_instance(&settings->instances[i]);
    settings_free_limits(settings);
    for (size_t i = 0; i < settings->n_rules; i++)
        free(settings->rules[i]);
    free(settings->rules);
    free(settings->pools);
    free(settings->instances);
    free(settings->journal.path);
    free(settings->state);
    free(settings->path);
    free(settings);
}
