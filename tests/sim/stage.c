/* SPDX-License-Identifier: MIT */
#include "tests/sim/stage.h"

#include "core/memory.h"
#include "core/plugin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MOST = 16, USUAL_MS = 5 };

int64_t stage_now_ms;

static struct scene scenes[MOST];
static struct side sides[MOST];

struct scene *stage_scene(const char *name)
{
    for (size_t i = 0; i < MOST; i++) {
        if (scenes[i].name[0] == '\0') {
            snprintf(scenes[i].name, sizeof scenes[i].name, "%s", name);
            scenes[i].most = INT32_MAX;
            scenes[i].due = VALUE_UNKNOWN;
        }
        if (strcmp(scenes[i].name, name) == 0)
            return &scenes[i];
    }
    return NULL;
}

static void name_busy(struct scene *scene)
{
    struct text hosts = {0};
    for (size_t i = 0; i < (size_t)scene->work.size; i++)
        if (scene->work.workers[i].until_ms != 0)
            text_add_format(&hosts, "%s%s.%zu", hosts.length > 0 ? " " : "", scene->name, i + 1);
    snprintf(scene->busy_hosts, sizeof scene->busy_hosts, "%s", text_chars(&hosts));
    text_fini(&hosts);
}

/* The one of a call, with its jobs worked off so far. */
static struct scene *worked(const char *name)
{
    struct scene *scene = stage_scene(name);
    struct work *work = &scene->work;
    if (!work->is_on)
        return scene;
    work_go(work, stage_now_ms);
    scene->waiting = (struct value){(int64_t)work->n_waiting, KNOWN_EXACT};
    scene->latency = (struct value){work_latency_ms(work), KNOWN_EXACT};
    scene->busy = (struct value){work_busy(work), KNOWN_EXACT};
    name_busy(scene);
    return scene;
}

struct side *stage_side(const char *name)
{
    for (size_t i = 0; i < MOST; i++) {
        if (sides[i].name[0] == '\0') {
            snprintf(sides[i].name, sizeof sides[i].name, "%s", name);
            sides[i].takes_ms = USUAL_MS;
            sides[i].told_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        }
        if (strcmp(sides[i].name, name) == 0)
            return &sides[i];
    }
    return NULL;
}

const struct side *stage_side_at(size_t i)
{
    return i < MOST && sides[i].name[0] != '\0' ? &sides[i] : NULL;
}

/* ---- The plugins ---- */

struct stage_config {
    const char *named;
};

struct stage {
    const struct dyn_host *host;
    struct side *side;
};

static int32_t stage_open(const struct dyn_host *host, const void *config, void **self)
{
    const struct stage_config *options = config;
    struct stage *stage = memory_new(1, sizeof *stage);
    stage->host = host;
    stage->side = stage_side(options->named);
    *self = stage;
    return DYN_OK;
}

static void stage_close(void *self)
{
    free(self);
}

/* The outcome of a call, after it has put all that it knows. */
static int32_t outcome(struct stage *stage, const struct dyn_call *call, enum call_kind kind)
{
    stage->side->calls[kind]++;
    if (stage_now_ms * 1000000 >= call->deadline_ns)
        return stage->host->fail(stage->host, DYN_LATE, "no answer in time");
    if (stage->side->code != DYN_OK)
        return stage->host->fail(stage->host, stage->side->code, stage->side->why);
    return DYN_OK;
}

static void put(const struct stage *stage, uint32_t i, int32_t metric, struct value value)
{
    uint32_t flags = value.doubt == KNOWN_AT_LEAST ? DYN_AT_LEAST : 0;
    if (value.doubt != KNOWN_NOT)
        stage->host->put(stage->host, i, metric, value.number, flags);
}

/* Counts as an adapter does: what reaches the cap is said to be at least that. */
static struct value counted(struct value waiting, int64_t cap)
{
    bool is_enough = cap > 0 && waiting.doubt != KNOWN_NOT && waiting.number >= cap;
    return is_enough ? (struct value){cap, KNOWN_AT_LEAST} : waiting;
}

/* Takes the events off, as an adapter does. */
static void hear(struct side *side)
{
    uint64_t told;
    if (read(side->told_fd, &told, sizeof told) < 0)
        return; /* there were none */
}

void stage_tell(void)
{
    static const uint64_t one = 1;
    for (size_t i = 0; i < MOST; i++)
        if (sides[i].name[0] != '\0' && write(sides[i].told_fd, &one, sizeof one) < 0)
            abort(); /* an eventfd takes 2^64 - 2 */
}

static int32_t stage_watch(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                           uint32_t n, int32_t *fd)
{
    struct stage *stage = self;
    (void)groups;
    (void)n;
    *fd = stage->side->tells ? stage->side->told_fd : -1;
    if (stage->side->tells)
        stage->host->advise(stage->host, "by the script");
    return outcome(stage, call, CALL_WATCH);
}

static int32_t stage_measure(void *self, const struct dyn_call *call,
                             const struct dyn_group *groups, uint32_t n)
{
    struct stage *stage = self;
    hear(stage->side);
    for (uint32_t i = 0; i < n; i++) {
        const struct scene *scene = worked(groups[i].name);
        if ((groups[i].metrics & DYN_BIT(DYN_WAITING)) != 0)
            put(stage, i, DYN_WAITING, counted(scene->waiting, groups[i].cap));
        if ((groups[i].metrics & DYN_BIT(DYN_LATENCY)) != 0)
            put(stage, i, DYN_LATENCY, scene->latency);
        if ((groups[i].metrics & DYN_BIT(DYN_BUSY)) != 0)
            put(stage, i, DYN_BUSY, scene->busy);
        if ((groups[i].metrics & DYN_BIT(DYN_NEXT_DUE)) != 0 && scene->due.number > stage_now_ms)
            put(stage, i, DYN_NEXT_DUE,
                (struct value){scene->due.number - stage_now_ms, scene->due.doubt});
    }
    return outcome(stage, call, CALL_MEASURE);
}

/* The number in "worker.3". */
static int64_t number_of(const char *host)
{
    const char *dot = strrchr(host, '.');
    return dot != NULL ? atoll(dot + 1) : 0;
}

/* Visits each host name of a scene's busy workers. */
static void for_each_busy(const struct scene *scene, void (*visit)(const char *host, void *context),
                          void *context)
{
    char hosts[sizeof scene->busy_hosts];
    char *rest = NULL;
    snprintf(hosts, sizeof hosts, "%s", scene->busy_hosts);
    for (char *host = strtok_r(hosts, " ", &rest); host != NULL; host = strtok_r(NULL, " ", &rest))
        visit(host, context);
}

struct naming {
    const struct dyn_host *host;
    uint32_t index;
};

static void name_worker(const char *host, void *context)
{
    const struct naming *naming = context;
    struct dyn_worker worker = {.busy_ms = DYN_ABSENT, .host = host, .id = host, .n_jobs = 1};
    naming->host->put_worker(naming->host, naming->index, &worker);
}

static int32_t stage_workers(void *self, const struct dyn_call *call,
                             const struct dyn_group *groups, uint32_t n)
{
    struct stage *stage = self;
    for (uint32_t i = 0; i < n; i++) {
        struct naming naming = {stage->host, i};
        for_each_busy(worked(groups[i].name), name_worker, &naming);
    }
    return outcome(stage, call, CALL_WORKERS);
}

static int32_t stage_read(void *self, const struct dyn_call *call, const char *const *names,
                          uint32_t n)
{
    struct stage *stage = self;
    for (uint32_t i = 0; i < n; i++)
        stage->host->put(stage->host, i, DYN_SIZE, stage_scene(names[i])->size, 0);
    return outcome(stage, call, CALL_READ);
}

static void tell_changes(const struct stage *stage, const struct dyn_change *changes, uint32_t n)
{
    struct text text = {0};
    for (uint32_t i = 0; i < n; i++)
        text_add_format(&text, "%s%s %" PRId32, i > 0 ? ", " : "", changes[i].name,
                        changes[i].size);
    stage_asked(stage->side->name, text_chars(&text));
    text_fini(&text);
}

/* The nearest size to the wanted one that stops nobody of whom the change says so. */
static int64_t spare(const struct scene *scene, const struct dyn_change *change)
{
    int64_t size = change->size < scene->most ? change->size : scene->most;
    for (uint32_t i = 0; i < change->n_keep; i++) {
        int64_t number = number_of(change->keep[i]);
        if (number > size && number <= scene->size)
            size = number;
    }
    return size;
}

static void tell_if_killed(const char *host, void *context)
{
    const int64_t *size = context;
    if (number_of(host) > *size)
        stage_killed(host);
}

static void set_size(struct scene *scene, int64_t size)
{
    if (size < scene->size)
        for_each_busy(scene, tell_if_killed, &size);
    scene->size = size;
    work_resize(&scene->work, size);
}

static int32_t stage_apply(void *self, const struct dyn_call *call,
                           const struct dyn_change *changes, uint32_t n)
{
    struct stage *stage = self;
    tell_changes(stage, changes, n);
    for (uint32_t i = 0; i < n && stage->side->code == DYN_OK; i++) {
        struct scene *scene = worked(changes[i].name);
        set_size(scene, spare(scene, &changes[i]));
        stage->host->put(stage->host, i, DYN_SIZE, scene->size, 0);
        if (scene->size < changes[i].size)
            stage->host->unknown(stage->host, i, "no more are allowed");
    }
    return outcome(stage, call, CALL_APPLY);
}

/* ---- In place of core/plugin ---- */

static struct dyn_option store_options[] = {{.name = "named",
                                             .standard = "store",
                                             .help = "which of the script's stores",
                                             .type = DYN_TEXT,
                                             .offset = offsetof(struct stage_config, named)}};
static struct dyn_option platform_options[] = {{.name = "named",
                                                .standard = "platform",
                                                .help = "which of the script's platforms",
                                                .type = DYN_TEXT,
                                                .offset = offsetof(struct stage_config, named)}};

#define STORE_METRICS \
    (DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY) | DYN_BIT(DYN_BUSY) | DYN_BIT(DYN_NEXT_DUE))

static const struct plugin store = {
    .table = {.size = sizeof(struct dyn_plugin),
              .abi = DYN_ABI,
              .name = "store",
              .options = store_options,
              .n_options = 1,
              .option_size = sizeof(struct dyn_option),
              .config_size = sizeof(struct stage_config),
              .open = stage_open,
              .close = stage_close,
              .queue = &store.queue},
    .queue = {.size = sizeof(struct dyn_queue),
              .metrics = STORE_METRICS,
              .measure = stage_measure,
              .watch = stage_watch,
              .workers = stage_workers},
    .options = store_options,
};
static const struct plugin counter = {
    .table = {.size = sizeof(struct dyn_plugin),
              .abi = DYN_ABI,
              .name = "counter",
              .options = store_options,
              .n_options = 1,
              .option_size = sizeof(struct dyn_option),
              .config_size = sizeof(struct stage_config),
              .open = stage_open,
              .close = stage_close,
              .queue = &counter.queue},
    .queue = {.size = sizeof(struct dyn_queue), .metrics = STORE_METRICS, .measure = stage_measure},
    .options = store_options,
};
static const struct plugin platform = {
    .table = {.size = sizeof(struct dyn_plugin),
              .abi = DYN_ABI,
              .name = "platform",
              .options = platform_options,
              .n_options = 1,
              .option_size = sizeof(struct dyn_option),
              .config_size = sizeof(struct stage_config),
              .open = stage_open,
              .close = stage_close,
              .scaler = &platform.scaler},
    .scaler = {.size = sizeof(struct dyn_scaler), .read = stage_read, .apply = stage_apply},
    .options = platform_options,
};

const struct plugin *plugin_load(const char *name, struct error *error)
{
    return plugin_read(name, error);
}

const struct plugin *plugin_read(const char *name, struct error *error)
{
    if (strcmp(name, "store") == 0)
        return &store;
    if (strcmp(name, "counter") == 0)
        return &counter;
    if (strcmp(name, "platform") == 0)
        return &platform;
    error_set(error, "a simulation has the plugins store, counter and platform, and no \"%s\"",
              name);
    return NULL;
}

bool plugin_is_installed(const struct plugin *plugin)
{
    (void)plugin;
    return true;
}

char *plugin_folders(void)
{
    return memory_copy("the simulation");
}

char **plugin_names(size_t *n)
{
    static const char *const all[] = {"counter", "platform", "store"};
    char **names = memory_new(3, sizeof *names);
    for (*n = 0; *n < 3; ++*n)
        names[*n] = memory_copy(all[*n]);
    return names;
}

/* ---- In place of core/crew ---- */

struct pending {
    struct instance *instance;
    const struct side *side;
    int64_t deadline_ms;
    int64_t answer_ms;
};

struct crew {
    struct pending calls[MOST];
    size_t n;
};

struct crew *crew_new(size_t most, struct error *error)
{
    (void)most;
    (void)error;
    return memory_new(1, sizeof(struct crew));
}

void crew_free(struct crew *crew)
{
    free(crew);
}

void crew_submit(struct crew *crew, struct instance *instance, int64_t deadline_ms)
{
    const struct stage_config *options = instance_spec(instance)->options;
    const struct side *side = stage_side(options->named);
    int64_t answer_ms = stage_now_ms + side->takes_ms;
    if (answer_ms > deadline_ms)
        answer_ms = deadline_ms; /* it keeps the contract: late, but back */
    crew->calls[crew->n++] = (struct pending){instance, side, deadline_ms, answer_ms};
}

void crew_note_hang(struct crew *crew)
{
    (void)crew;
}

int crew_fd(const struct crew *crew)
{
    (void)crew;
    return -1;
}

struct instance *crew_take(struct crew *crew)
{
    for (size_t i = 0; i < crew->n; i++) {
        struct pending call = crew->calls[i];
        if (call.side->hangs || call.answer_ms > stage_now_ms)
            continue;
        crew->n--;
        memmove(&crew->calls[i], &crew->calls[i + 1], (crew->n - i) * sizeof call);
        instance_run(call.instance, call.deadline_ms);
        return call.instance;
    }
    return NULL;
}

bool crew_has_room(const struct crew *crew)
{
    return crew->n < MOST;
}

size_t crew_running(const struct crew *crew)
{
    return crew->n;
}

int64_t stage_next_answer_ms(const struct crew *crew)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < crew->n; i++)
        if (!crew->calls[i].side->hangs && crew->calls[i].answer_ms < next_ms)
            next_ms = crew->calls[i].answer_ms;
    return next_ms;
}

void stage_forget_calls(struct crew *crew)
{
    crew->n = 0;
}

void stage_let_go(void)
{
    stage_now_ms += 86400000;
    for (size_t i = 0; i < MOST; i++)
        sides[i].hangs = false;
}
