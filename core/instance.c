/* SPDX-License-Identifier: MIT */
#include "core/instance.h"

#include "core/detect.h"
#include "core/isolate.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What a plugin sees, and the way back from it: the table stands first. */
struct host {
    struct dyn_host table;
    struct instance *instance;
};

struct instance {
    const struct instance_spec *spec;
    void *owner;
    const struct plugin *plugin; /* the spec's, or what stands in for it: the one that is called */
    struct plugin stand_in;
    struct host host;
    void *self;
    int cancel_fd;

    enum call_kind kind;
    struct dyn_group *groups;
    const char **names;
    struct dyn_change *changes;
    size_t n; /* elements of the one of the three that `kind` uses */
    int32_t topic;
    struct dyn_group *watched; /* for the watch after a measure; NULL: none follows */
    size_t n_watched;

    int32_t code;
    char *failure;
    struct answer *answers;
    size_t n_answers;   /* as many as there is room for */
    struct text listed; /* what put_name() said, for people */
    struct text advice; /* what advise() said */
    int watch_fd;       /* -1: none */
    bool watch_failed;
};

/* ---- What the plugin calls ---- */

static struct instance *instance_of(const struct dyn_host *host)
{
    return ((const struct host *)(const void *)host)->instance;
}

static int32_t host_fail(const struct dyn_host *host, int32_t code, const char *text)
{
    struct instance *instance = instance_of(host);
    free(instance->failure);
    instance->failure = memory_copy(text != NULL ? text : "");
    return code;
}

/* Where a metric is kept, -1 if we do not know it: those of queues are counted from DYN_WAITING,
 * those of scalers from DYN_SIZE, and no instance is asked for both in one call. */
static int slot_of(int32_t metric)
{
    if (metric >= DYN_WAITING && metric <= DYN_WORKERS)
        return metric - DYN_WAITING;
    if (metric >= DYN_SIZE && metric <= DYN_CRASHED)
        return metric - DYN_SIZE;
    return -1;
}

struct value answer_value(const struct answer *answer, int32_t metric)
{
    int slot = slot_of(metric);
    return slot < 0 ? VALUE_UNKNOWN : answer->values[slot];
}

static void host_put(const struct dyn_host *host, uint32_t index, int32_t metric, int64_t value,
                     uint32_t flags)
{
    struct instance *instance = instance_of(host);
    int slot = slot_of(metric);
    if (index >= instance->n || slot < 0)
        return;
    enum doubt doubt = (flags & DYN_AT_LEAST) != 0 ? KNOWN_AT_LEAST : KNOWN_EXACT;
    instance->answers[index].values[slot] =
        value < 0 ? VALUE_UNKNOWN : (struct value){value, doubt};
}

static void host_unknown(const struct dyn_host *host, uint32_t index, const char *text)
{
    struct instance *instance = instance_of(host);
    if (index >= instance->n || text == NULL)
        return;
    free(instance->answers[index].unknown);
    instance->answers[index].unknown = memory_copy(text);
}

static void host_put_worker(const struct dyn_host *host, uint32_t index,
                            const struct dyn_worker *worker)
{
    struct instance *instance = instance_of(host);
    if (index >= instance->n || instance->kind != CALL_WORKERS || worker->host == NULL)
        return;
    struct answer *answer = &instance->answers[index];
    answer->busy = memory_resize(answer->busy, answer->n_busy + 1, sizeof *answer->busy);
    answer->busy[answer->n_busy++] = memory_copy(worker->host);
}

/* Nobody asks for detection yet, so what a plugin says of it unasked is dropped. */
static void host_found(const struct dyn_host *host, int32_t percent, const char *evidence)
{
    (void)host;
    (void)percent;
    (void)evidence;
}

static void host_log(const struct dyn_host *host, int32_t level, const char *text)
{
    if (level < DYN_ERROR || level > DYN_DEBUG || text == NULL)
        return;
    log_write((enum log_level)level, instance_name(instance_of(host)), "%s", text);
}

static void host_put_name(const struct dyn_host *host, const char *name, int32_t size)
{
    struct text *listed = &instance_of(host)->listed;
    if (name == NULL)
        return;
    text_add_format(listed, "%s%s (", listed->length > 0 ? ", " : "", name);
    if (size >= 0)
        text_add_format(listed, "%" PRId32 ")", size);
    else
        text_add(listed, "?)");
}

static void host_advise(const struct dyn_host *host, const char *line)
{
    struct text *advice = &instance_of(host)->advice;
    text_add_format(advice, "%s%s", advice->length > 0 ? "\n" : "", line != NULL ? line : "");
}

static const struct dyn_host host_table = {
    .size = sizeof(struct dyn_host),
    .abi = DYN_ABI,
    .fail = host_fail,
    .put = host_put,
    .unknown = host_unknown,
    .put_worker = host_put_worker,
    .found = host_found,
    .log = host_log,
    .put_name = host_put_name,
    .advise = host_advise,
};

/* ---- Life ---- */

/* The line of the option that a plugin's words begin with, else of the map; 0: there is none. */
static uint32_t line_of(const struct instance_spec *spec, const char *why)
{
    size_t n = spec->plugin->table.n_options;
    size_t length = strcspn(why, ": ");
    for (size_t i = 0; i < n; i++) {
        const char *name = spec->plugin->options[i].name;
        if (spec->lines[i] > 0 && strlen(name) == length && strncmp(why, name, length) == 0)
            return spec->lines[i];
    }
    return spec->lines[n];
}

static void refuse(const struct instance_spec *spec, const char *why, struct error *error)
{
    uint32_t line = spec->path != NULL ? line_of(spec, why) : 0;
    if (line > 0)
        error_set(error, "%s:%" PRIu32 ": %s: %s", spec->path, line, spec->name, why);
    else
        error_set(error, "%s: %s", spec->name, why);
}

struct instance *instance_open(const struct instance_spec *spec, struct error *error)
{
    struct instance *instance = memory_new(1, sizeof *instance);
    instance->spec = spec;
    instance->plugin = isolate_plugin(spec, &instance->stand_in);
    instance->host = (struct host){host_table, instance};
    instance->watch_fd = -1;
    instance->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (instance->cancel_fd < 0) {
        error_set(error, "%s: cannot make a descriptor: %s", spec->name, strerror(errno));
        goto fail;
    }
    int32_t code =
        instance->plugin->table.open(&instance->host.table, isolate_config(spec), &instance->self);
    if (code == DYN_OK && instance->self != NULL)
        return instance;
    refuse(spec,
           instance->failure != NULL ? instance->failure
                                     : "the plugin does not open, and does not say why",
           error);
fail:
    instance->self = NULL; /* a failed open left nothing to close */
    instance_close(instance);
    return NULL;
}

static void forget_answers(struct instance *instance)
{
    for (size_t i = 0; i < instance->n_answers; i++) {
        struct answer *answer = &instance->answers[i];
        for (size_t k = 0; k < answer->n_busy; k++)
            free(answer->busy[k]);
        free(answer->busy);
        free(answer->unknown);
    }
    free(instance->answers);
    instance->answers = NULL;
    instance->n_answers = 0;
    text_clear(&instance->listed);
}

void instance_forget(struct instance *instance)
{
    forget_answers(instance);
    free(instance->groups);
    free(instance->names);
    free(instance->changes);
    instance->groups = NULL;
    instance->names = NULL;
    instance->changes = NULL;
    instance->n = 0;
}

void instance_close(struct instance *instance)
{
    if (instance == NULL)
        return;
    if (instance->self != NULL)
        instance->plugin->table.close(instance->self);
    if (instance->cancel_fd >= 0)
        close(instance->cancel_fd);
    forget_answers(instance);
    text_fini(&instance->listed);
    text_fini(&instance->advice);
    free(instance->watched);
    free(instance->groups);
    free(instance->names);
    free(instance->changes);
    free(instance->failure);
    free(instance);
}

const char *instance_name(const struct instance *instance)
{
    return instance->spec->name;
}

void instance_set_owner(struct instance *instance, void *owner)
{
    instance->owner = owner;
}

void *instance_owner(const struct instance *instance)
{
    return instance->owner;
}

const struct instance_spec *instance_spec(const struct instance *instance)
{
    return instance->spec;
}

/* ---- Calls ---- */

const char *call_name(enum call_kind kind)
{
    static const char *const names[] = {"none",  "measure", "workers", "read",
                                        "apply", "names",   "watch",   "advise"};
    return names[kind];
}

static void *copy_of(const void *from, size_t n, size_t size)
{
    void *copy = memory_new(n, size);
    if (n > 0)
        memcpy(copy, from, n * size);
    return copy;
}

static void prepare(struct instance *instance, enum call_kind kind, size_t n)
{
    forget_answers(instance);
    instance->kind = kind;
    instance->n = n;
    instance->watch_fd = -1; /* the plugin may close it from now on */
    instance->watch_failed = false;
    free(instance->watched);
    instance->watched = NULL;
    instance->answers = memory_new(n, sizeof *instance->answers);
    instance->n_answers = n;
    for (size_t i = 0; i < n; i++)
        for (size_t slot = 0; slot < ANSWER_VALUES; slot++)
            instance->answers[i].values[slot] = VALUE_UNKNOWN;
    free(instance->failure);
    instance->failure = NULL;
    uint64_t cancelled;
    while (read(instance->cancel_fd, &cancelled, sizeof cancelled) > 0)
        ; /* a cancel of the call before is not one of this */
}

static void prepare_groups(struct instance *instance, enum call_kind kind,
                           const struct dyn_group *groups, size_t n)
{
    prepare(instance, kind, n);
    free(instance->groups);
    instance->groups = copy_of(groups, n, sizeof *groups);
}

void instance_prepare_measure(struct instance *instance, const struct dyn_group *groups, size_t n)
{
    prepare_groups(instance, CALL_MEASURE, groups, n);
}

void instance_then_watch(struct instance *instance, const struct dyn_group *groups, size_t n)
{
    instance->watched = copy_of(groups, n, sizeof *groups);
    instance->n_watched = n;
}

void instance_prepare_watch(struct instance *instance, const struct dyn_group *groups, size_t n)
{
    prepare(instance, CALL_WATCH, n);
    instance_then_watch(instance, groups, n);
}

void instance_prepare_workers(struct instance *instance, const struct dyn_group *groups, size_t n)
{
    prepare_groups(instance, CALL_WORKERS, groups, n);
}

void instance_prepare_read(struct instance *instance, const char *const *names, size_t n)
{
    prepare(instance, CALL_READ, n);
    free(instance->names);
    instance->names = copy_of(names, n, sizeof *names);
}

void instance_prepare_apply(struct instance *instance, const struct dyn_change *changes, size_t n)
{
    prepare(instance, CALL_APPLY, n);
    free(instance->changes);
    instance->changes = copy_of(changes, n, sizeof *changes);
}

void instance_prepare_names(struct instance *instance)
{
    prepare(instance, CALL_NAMES, 0);
}

void instance_prepare_advise(struct instance *instance, int32_t topic)
{
    prepare(instance, CALL_ADVISE, 0);
    instance->topic = topic;
}

/* A back-end that cannot list has none to tell. */
static int32_t list_names(struct instance *instance, const struct dyn_call *call)
{
    const struct dyn_scaler *scaler = &instance->plugin->scaler;
    return DYN_HAS(scaler, names) ? scaler->names(instance->self, call) : DYN_OK;
}

static int32_t advise(struct instance *instance, const struct dyn_call *call)
{
    const struct dyn_queue *queue = &instance->plugin->queue;
    text_clear(&instance->advice);
    return DYN_HAS(queue, advise) ? queue->advise(instance->self, call, instance->topic) : DYN_OK;
}

static int32_t watch(struct instance *instance, const struct dyn_call *call)
{
    int32_t fd = -1;
    text_clear(&instance->advice);
    int32_t code = instance->plugin->queue.watch(instance->self, call, instance->watched,
                                                 (uint32_t)instance->n_watched, &fd);
    instance->watch_fd = code == DYN_OK ? fd : -1;
    return code;
}

/* What was measured stands, whatever comes of the watch: only its text is kept. */
static void watch_after(struct instance *instance, const struct dyn_call *call)
{
    instance->n = 0; /* the answers are those of the call before */
    if (watch(instance, call) == DYN_OK)
        return;
    instance->watch_failed = true;
    text_clear(&instance->advice);
    text_add(&instance->advice, instance->failure != NULL ? instance->failure : "");
    free(instance->failure);
    instance->failure = NULL;
}

static int32_t call(struct instance *instance, const struct dyn_call *call)
{
    const struct plugin *plugin = instance->plugin;
    uint32_t n = (uint32_t)instance->n;
    switch (instance->kind) {
    case CALL_MEASURE:
        return plugin->queue.measure(instance->self, call, instance->groups, n);
    case CALL_WORKERS:
        return plugin->queue.workers(instance->self, call, instance->groups, n);
    case CALL_READ:
        return plugin->scaler.read(instance->self, call, instance->names, n);
    case CALL_APPLY:
        return plugin->scaler.apply(instance->self, call, instance->changes, n);
    case CALL_NAMES:
        return list_names(instance, call);
    case CALL_WATCH:
        return watch(instance, call);
    case CALL_ADVISE:
        return advise(instance, call);
    case CALL_NONE:
        break;
    }
    return DYN_OK;
}

/* A failed call has no answers, and says why. */
static void note_failure(struct instance *instance, int32_t code)
{
    forget_answers(instance);
    if (code < DYN_LATE || code > DYN_BROKEN) {
        char *text = memory_format("the plugin returned %d from %s, which means nothing (%s)", code,
                                   call_name(instance->kind),
                                   instance->failure != NULL ? instance->failure : "no text");
        free(instance->failure);
        instance->failure = text;
        instance->code = DYN_RETRY;
    } else if (instance->failure == NULL) {
        instance->failure =
            memory_format("%s failed, and the plugin does not say why", call_name(instance->kind));
    }
}

void instance_run(struct instance *instance, int64_t deadline_ms)
{
    struct dyn_call it = {sizeof it, instance->cancel_fd, deadline_ms * 1000000};
    instance->code = call(instance, &it);
    if (instance->code != DYN_OK)
        note_failure(instance, instance->code);
    else if (instance->kind != CALL_WATCH && instance->watched != NULL)
        watch_after(instance, &it);
}

void instance_cancel(struct instance *instance)
{
    uint64_t one = 1;
    /* Fails only if it is readable already, which is all that is wanted. */
    if (write(instance->cancel_fd, &one, sizeof one) < 0)
        return;
}

enum call_kind instance_call(const struct instance *instance)
{
    return instance->kind;
}

int32_t instance_code(const struct instance *instance)
{
    return instance->code;
}

const char *instance_failure(const struct instance *instance)
{
    return instance->code != DYN_OK && instance->failure != NULL ? instance->failure : "";
}

const struct answer *instance_answer(const struct instance *instance, size_t i)
{
    static const struct answer nothing = {{{0, KNOWN_NOT},
                                           {0, KNOWN_NOT},
                                           {0, KNOWN_NOT},
                                           {0, KNOWN_NOT},
                                           {0, KNOWN_NOT},
                                           {0, KNOWN_NOT},
                                           {0, KNOWN_NOT},
                                           {0, KNOWN_NOT}},
                                          NULL,
                                          NULL,
                                          0};
    return i < instance->n_answers ? &instance->answers[i] : &nothing;
}

bool instance_names_busy(const struct instance *instance)
{
    const struct plugin *plugin = instance->plugin;
    return plugin->table.queue != NULL && DYN_HAS(&plugin->queue, workers) &&
           detect_names_busy(instance->spec);
}

char **instance_take_busy(struct instance *instance, size_t i, size_t *n)
{
    struct answer *answer = &instance->answers[i];
    char **busy = answer->busy;
    *n = answer->n_busy;
    answer->busy = NULL;
    answer->n_busy = 0;
    return busy;
}

const char *instance_listed(const struct instance *instance)
{
    return text_chars(&instance->listed);
}

bool instance_can_watch(const struct instance *instance)
{
    const struct plugin *plugin = instance->plugin;
    return plugin->table.queue != NULL && DYN_HAS(&plugin->queue, watch);
}

bool instance_watch_failed(const struct instance *instance)
{
    return instance->watch_failed;
}

int instance_watch_fd(const struct instance *instance)
{
    return instance->watch_fd;
}

const char *instance_advice(const struct instance *instance)
{
    return text_chars(&instance->advice);
}

int32_t instance_limit(struct instance *instance, const char *name)
{
    const struct dyn_scaler *scaler = &instance->plugin->scaler;
    if (!DYN_HAS(scaler, limit))
        return INT32_MAX;
    int32_t limit = scaler->limit(instance->self, name);
    return limit < 0 ? INT32_MAX : limit;
}
