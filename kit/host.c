/* SPDX-License-Identifier: MIT */
#include "kit/host.h"

#include "core/memory.h"
#include "core/option.h"
#include "kit/allocation.h"
#include "kit/trial.h"

#include <dirent.h>
#include <dynomatic/util.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- What the plugin calls ---- */

/* The way back from a table stands before it; see place(). */
static struct host *owner_of(const struct dyn_host *table)
{
    struct host *host;
    memcpy(&host, (const char *)table - sizeof host, sizeof host);
    return host;
}

static void check_called(struct host *host, const char *function)
{
    if (!host->is_called)
        error_set(&host->faults[FAULT_CALLER],
                  "%s() came on the host of an instance that is in no call", function);
}

static void hear(struct host *host, const char *function, const char *text)
{
    size_t left = text != NULL ? strlen(text) : 0;
    if (left == 0)
        error_set(&host->faults[FAULT_TEXT], "%s() was given no text", function);
    if (host->said != NULL)
        text_add_format(host->said, "%s(): %s\n", function, text != NULL ? text : "");
    for (size_t n; left > 0; text += n, left -= n) {
        n = text_character(text, left);
        if (n == 0 || text[0] == '\n' || text[0] == '\r') {
            error_set(&host->faults[FAULT_TEXT], "%s() was given what is not one line of UTF-8",
                      function);
            return;
        }
    }
}

static int32_t on_fail(const struct dyn_host *table, int32_t code, const char *text)
{
    struct host *host = owner_of(table);
    check_called(host, "fail");
    hear(host, "fail", text);
    if (code < DYN_LATE || code > DYN_NO)
        error_set(&host->faults[FAULT_TEXT], "fail() was given %" PRId32 ", which is no code",
                  code);
    snprintf(host->failure, sizeof host->failure, "%s", text != NULL ? text : "");
    host->failed = code;
    return code;
}

static bool is_element(struct host *host, const char *function, uint32_t index)
{
    check_called(host, function);
    if (index < host->n)
        return true;
    error_set(&host->faults[FAULT_INDEX],
              "%s() was given the index %" PRIu32 " in a call with %" PRIu32 " elements", function,
              index, host->n);
    return false;
}

/* Whether an adapter said by its table that it can tell this, or a scaler can. */
static bool can_tell(const struct host *host, int32_t metric)
{
    const struct dyn_plugin *table = &host->plugin->table;
    if (metric >= DYN_WAITING && metric <= DYN_WORKERS)
        return table->queue != NULL && (table->queue->metrics & DYN_BIT(metric)) != 0;
    return metric >= DYN_SIZE && metric <= DYN_CRASHED && table->scaler != NULL;
}

static void on_put(const struct dyn_host *table, uint32_t index, int32_t metric, int64_t number,
                   uint32_t flags)
{
    struct host *host = owner_of(table);
    if (!can_tell(host, metric))
        error_set(&host->faults[FAULT_VALUE],
                  "put() was given the metric %" PRId32
                  ", which its table does not say that it can tell",
                  metric);
    if (!is_element(host, "put", index) || metric < 0 || metric >= HOST_METRICS)
        return;
    enum doubt doubt = (flags & DYN_AT_LEAST) != 0 ? KNOWN_AT_LEAST : KNOWN_EXACT;
    host->told[index].values[metric] = number < 0 ? VALUE_UNKNOWN : (struct value){number, doubt};
}

static void on_unknown(const struct dyn_host *table, uint32_t index, const char *text)
{
    struct host *host = owner_of(table);
    hear(host, "unknown", text);
    if (is_element(host, "unknown", index))
        host->told[index].is_unknown = true;
}

static void on_put_worker(const struct dyn_host *table, uint32_t index,
                          const struct dyn_worker *worker)
{
    struct host *host = owner_of(table);
    if (is_element(host, "put_worker", index) && (worker == NULL || worker->host == NULL))
        error_set(&host->faults[FAULT_TEXT], "put_worker() was given no host name");
}

static void on_found(const struct dyn_host *table, int32_t percent, const char *evidence)
{
    struct host *host = owner_of(table);
    check_called(host, "found");
    hear(host, "found", evidence);
    if (percent < 1 || percent > 100)
        error_set(&host->faults[FAULT_VALUE], "found() was given %" PRId32 " percent", percent);
}

/* On any thread, so only what is said for good is kept. */
static void on_log(const struct dyn_host *table, int32_t level, const char *text)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct host *host = owner_of(table);
    pthread_mutex_lock(&lock);
    hear(host, "log", text);
    if (level < DYN_ERROR || level > DYN_DEBUG)
        error_set(&host->faults[FAULT_VALUE], "log() was given the level %" PRId32, level);
    pthread_mutex_unlock(&lock);
}

static void on_put_name(const struct dyn_host *table, const char *name, int32_t size)
{
    struct host *host = owner_of(table);
    (void)size;
    check_called(host, "put_name");
    hear(host, "put_name", name);
}

static void on_advise(const struct dyn_host *table, const char *line)
{
    struct host *host = owner_of(table);
    check_called(host, "advise");
    if (line == NULL || line[0] != '\0') /* an empty line is one */
        hear(host, "advise", line);
}

static const struct dyn_host functions = {
    .abi = DYN_ABI,
    .fail = on_fail,
    .put = on_put,
    .unknown = on_unknown,
    .put_worker = on_put_worker,
    .found = on_found,
    .log = on_log,
    .put_name = on_put_name,
    .advise = on_advise,
};

/* ---- Tables of other ages ---- */

/* How much of a table its first header had, and the last member of that. */
#define REACH(type, member) (offsetof(struct type, member) + sizeof(((struct type *)NULL)->member))
#define FIRST_HOST          REACH(dyn_host, log)
#define FIRST_CALL          REACH(dyn_call, deadline_ns)

enum { YEARS = 64 }; /* bytes that later headers may have added */

static size_t size_at(enum host_age age, size_t first, size_t today)
{
    return age == HOST_OF_OLD ? first : age == HOST_OF_TODAY ? today : today + YEARS;
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* A table at the end of a page that is followed by one that cannot be read; `owner` stands before
 * it. What is not in `from` is no pointer that leads anywhere. */
static void *place(const void *from, size_t known, uint32_t size, size_t room, struct host *owner)
{
    size_t page = page_size();
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) < 0)
        trial_skip("there is no memory for a page that cannot be read");
    memset(pages, 0xA5, page);
    char *table = pages + page - room;
    memcpy(table, from, known < size ? known : size);
    memcpy(table, &size, sizeof size);
    memcpy(table - sizeof owner, &owner, sizeof owner);
    return table;
}

/* Only the tables of an old host end where nothing can be read. */
static void *place_at(enum host_age age, const void *from, size_t first, size_t today,
                      struct host *owner)
{
    size_t size = size_at(age, first, today);
    return place(from, today, (uint32_t)size, age == HOST_OF_OLD ? size : today + YEARS, owner);
}

static void unplace(const void *table)
{
    uintptr_t page = page_size();
    munmap((void *)((uintptr_t)table & ~(page - 1)), 2 * page);
}

/* ---- Life ---- */

const struct plugin *host_plugin(const struct subject *subject)
{
    struct error error = {""};
    trial_doing("load()");
    const struct plugin *plugin = subject_load(subject, &error);
    if (plugin == NULL)
        trial_skip("it cannot be loaded");
    return plugin;
}

struct host *host_new(const struct subject *subject, int port, enum host_age age)
{
    struct text mistakes = {0};
    bool is_incomplete;
    struct host *host = memory_new(1, sizeof *host);
    host->subject = subject;
    host->plugin = host_plugin(subject);
    host->config = subject_config(subject, host->plugin, &mistakes, &is_incomplete);
    if (host->config == NULL)
        trial_skip("%s", text_chars(&mistakes));
    if (port > 0 && !subject_move(host->plugin, host->config, port)) {
        free(host);
        return NULL;
    }
    host->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct dyn_call call = {.cancel_fd = host->cancel_fd};
    host->table = place_at(age, &functions, FIRST_HOST, sizeof functions, host);
    host->call = place_at(age, &call, FIRST_CALL, sizeof call, host);
    return host;
}

static void begin(struct host *host, uint32_t n)
{
    free(host->told);
    host->told = memory_new(n, sizeof *host->told);
    host->n = n;
    for (uint32_t i = 0; i < n; i++)
        for (size_t m = 0; m < HOST_METRICS; m++)
            host->told[i].values[m] = VALUE_UNKNOWN;
    host->failed = DYN_OK;
    host->watch_fd = HOST_NO_FD;
    host->failure[0] = '\0';
    host->is_called = true;
}

static int32_t end(struct host *host, const char *function, int32_t code)
{
    host->is_called = false;
    if (code < DYN_OK || code > DYN_NO)
        error_set(&host->faults[FAULT_TEXT], "%s returned %" PRId32 ", which is no code", function,
                  code);
    else if (code != DYN_OK && code != host->failed &&
             !(code == DYN_NO && host->failed == DYN_OK)) /* an answer of detect() */
        error_set(&host->faults[FAULT_TEXT], "%s returned %s, and fail() was %s%s", function,
                  code_name(code), host->failed == DYN_OK ? "not called" : "given ",
                  host->failed == DYN_OK ? "" : code_name(host->failed));
    return code;
}

int32_t host_open(struct host *host)
{
    trial_doing("open()");
    begin(host, 0);
    allocation_count(true);
    int32_t code = host->plugin->table.open(host->table, host->config, &host->self);
    allocation_count(false);
    end(host, "open()", code);
    if (code != DYN_OK)
        host->self = NULL;
    return code;
}

static struct host *opened(struct host *host)
{
    if (host != NULL && (host_open(host) != DYN_OK || host->self == NULL))
        trial_skip("it cannot be opened: %s", host->failure);
    return host;
}

struct host *host_opened(const struct subject *subject)
{
    return opened(host_new(subject, 0, HOST_OF_TODAY));
}

struct host *host_opened_at(const struct subject *subject, int port)
{
    return opened(host_new(subject, port, HOST_OF_TODAY));
}

void host_close(struct host *host)
{
    trial_doing("close()");
    host->is_called = true; /* it may still say something */
    if (host->self != NULL)
        host->plugin->table.close(host->self);
    close(host->cancel_fd);
    option_fini((struct option_table){host->plugin->options, host->plugin->table.n_options},
                host->config);
    unplace(host->table);
    unplace(host->call);
    free(host->config);
    free(host->told);
    free(host);
}

/* ---- Calls ---- */

const char *verb_name(enum verb verb)
{
    static const char *const names[] = {"measure", "detect", "watch", "workers",
                                        "advise",  "read",   "apply", "names"};
    return names[verb];
}

bool host_can(const struct host *host, enum verb verb)
{
    const struct dyn_queue *queue = &host->plugin->queue;
    const struct dyn_scaler *scaler = &host->plugin->scaler;
    switch (verb) {
    case MEASURE:
        return queue->measure != NULL;
    case DETECT:
        return queue->detect != NULL;
    case WATCH:
        return queue->watch != NULL;
    case WORKERS:
        return queue->workers != NULL;
    case ADVISE: /* a host that never heard of it does not ask */
        return queue->advise != NULL && DYN_HAS(host->table, advise);
    case READ:
        return scaler->read != NULL;
    case APPLY:
        return scaler->apply != NULL;
    default:
        return scaler->names != NULL;
    }
}

enum verb host_question(const struct plugin *plugin)
{
    return plugin->table.queue != NULL ? MEASURE : READ;
}

static int32_t call(struct host *host, enum verb verb, const void *arguments, uint32_t n)
{
    const struct dyn_queue *queue = &host->plugin->queue;
    const struct dyn_scaler *scaler = &host->plugin->scaler;
    switch (verb) {
    case MEASURE:
        return queue->measure(host->self, host->call, arguments, n);
    case DETECT:
        return queue->detect(host->self, host->call);
    case WATCH:
        return queue->watch(host->self, host->call, arguments, n, &host->watch_fd);
    case WORKERS:
        return queue->workers(host->self, host->call, arguments, n);
    case ADVISE:
        return queue->advise(host->self, host->call, host->topic);
    case READ:
        return scaler->read(host->self, host->call, arguments, n);
    case APPLY:
        return scaler->apply(host->self, host->call, arguments, n);
    default:
        return scaler->names(host->self, host->call);
    }
}

int32_t host_call_with(struct host *host, enum verb verb, const void *arguments, uint32_t n,
                       int64_t timeout_ms)
{
    char function[32];
    snprintf(function, sizeof function, "%s()", verb_name(verb));
    trial_doing("%s of %" PRIu32, function, n);
    begin(host, verb == DETECT || verb == ADVISE || verb == NAMES ? 0 : n);
    host->call->deadline_ns = dyn_now_ns() + timeout_ms * 1000000;
    allocation_count(true);
    int32_t code = call(host, verb, arguments, n);
    allocation_count(false);
    uint64_t cancelled;
    if (read(host->cancel_fd, &cancelled, sizeof cancelled) < 0)
        cancelled = 0; /* it was not */
    return end(host, function, code);
}

/* What a verb takes, made up; the first group is all queues. */
struct samples {
    char (*names)[24];
    const char **texts;
    union {
        const char **names;
        struct dyn_group *groups;
        struct dyn_change *changes;
        void *any;
    } array;
};

static const char *sample_name(const struct host *host, const struct samples *samples, uint32_t i)
{
    const struct subject *subject = host->subject;
    return i < subject->n_names ? subject->names[i] : i == 0 ? "worker" : samples->texts[i];
}

static struct samples make_samples(const struct host *host, enum verb verb, uint32_t n)
{
    struct samples samples = {memory_new(n, sizeof *samples.names),
                              memory_new(n, sizeof *samples.texts),
                              {memory_new(n, sizeof(struct dyn_group))}}; /* the largest */
    for (uint32_t i = 0; i < n; i++) {
        snprintf(samples.names[i], sizeof samples.names[i], "sample_%" PRIu32, i);
        samples.texts[i] = samples.names[i];
        if (verb == READ)
            samples.array.names[i] = sample_name(host, &samples, i);
        else if (verb == APPLY)
            samples.array.changes[i] =
                (struct dyn_change){.name = sample_name(host, &samples, i), .size = 1};
        else
            samples.array.groups[i] = (struct dyn_group){.name = samples.texts[i],
                                                         .queues = i > 0 ? &samples.texts[i] : NULL,
                                                         .n_queues = i > 0,
                                                         .metrics = host->plugin->queue.metrics};
    }
    return samples;
}

int32_t host_call(struct host *host, enum verb verb, uint32_t n, int64_t timeout_ms)
{
    struct samples samples = make_samples(host, verb, n);
    int32_t code = host_call_with(host, verb, samples.array.any, n, timeout_ms);
    free(samples.names);
    free(samples.texts);
    free(samples.array.any);
    return code;
}

void host_ask(struct host *host, enum verb verb, const void *arguments, uint32_t n)
{
    if (host_call_with(host, verb, arguments, n, HOST_TIMEOUT_MS) != DYN_OK)
        trial_skip("there is nothing to learn from: %s", host->failure);
}

void host_cancel(struct host *host)
{
    uint64_t one = 1;
    if (write(host->cancel_fd, &one, sizeof one) < 0)
        return; /* it is readable already, which is all that is wanted */
}

long host_entries(const char *folder)
{
    long n = 0;
    DIR *open = opendir(folder);
    while (open != NULL && readdir(open) != NULL)
        n++;
    if (open != NULL)
        closedir(open);
    return n;
}

const char *code_name(int32_t code)
{
    static const char *const names[] = {"DYN_OK", "DYN_LATE", "DYN_RETRY", "DYN_BROKEN", "DYN_NO"};
    return code >= DYN_OK && code <= DYN_NO ? names[code] : "an unknown code";
}
