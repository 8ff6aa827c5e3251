/* SPDX-License-Identifier: MIT */
#include "tests/support/testhost.h"

#include "core/config.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { N_METRICS = 32 };

/* What one element of a call was given. */
struct element {
    struct value values[N_METRICS];
    char *unknown;
};

struct testhost {
    struct dyn_host table; /* stands first: the plugin gives it back */
    const struct plugin *plugin;
    struct option_table options;
    void *config;
    void *self;
    int cancel_fd;
    struct element *elements;
    size_t n_elements;
    struct testhost_worker *workers;
    size_t n_workers;
    char *failure; /* NULL: fail() was not called */
    char *evidence;
    int32_t percent;
    struct text advice;
    struct text breaches;
    pthread_mutex_t lock; /* of the logs: the only thing that is written on any thread */
    struct text logs;
};

/* ---- What the plugin calls ---- */

static struct testhost *of(const struct dyn_host *host)
{
    return (struct testhost *)(uintptr_t)host;
}

static void check_text(struct testhost *host, const char *function, const char *text)
{
    size_t left = text != NULL ? strlen(text) : 0;
    if (left == 0)
        text_add_format(&host->breaches, "%s: no text\n", function);
    for (size_t n; left > 0; text += n, left -= n) {
        n = text_character(text, left);
        if (n == 0 || text[0] == '\n' || text[0] == '\r') {
            text_add_format(&host->breaches, "%s: not one line of UTF-8\n", function);
            return;
        }
    }
}

static char *copy_or_null(const char *text)
{
    return text != NULL ? memory_copy(text) : NULL;
}

static int32_t host_fail(const struct dyn_host *table, int32_t code, const char *text)
{
    struct testhost *host = of(table);
    check_text(host, "fail", text);
    if (code < DYN_LATE || code > DYN_NO)
        text_add_format(&host->breaches, "fail: %d is no code of a failure\n", code);
    free(host->failure);
    host->failure = memory_copy(text != NULL ? text : "");
    return code;
}

static bool is_element(struct testhost *host, const char *function, uint32_t index)
{
    if (index < host->n_elements)
        return true;
    text_add_format(&host->breaches, "%s: index %u of %zu elements\n", function, index,
                    host->n_elements);
    return false;
}

static void host_put(const struct dyn_host *table, uint32_t index, int32_t metric, int64_t number,
                     uint32_t flags)
{
    struct testhost *host = of(table);
    if (!is_element(host, "put", index))
        return;
    if (metric < 0 || metric >= N_METRICS) {
        text_add_format(&host->breaches, "put: %d is no metric\n", metric);
        return;
    }
    enum doubt doubt = (flags & DYN_AT_LEAST) != 0 ? KNOWN_AT_LEAST : KNOWN_EXACT;
    host->elements[index].values[metric] =
        number < 0 ? VALUE_UNKNOWN : (struct value){number, doubt};
}

static void host_unknown(const struct dyn_host *table, uint32_t index, const char *text)
{
    struct testhost *host = of(table);
    check_text(host, "unknown", text);
    if (!is_element(host, "unknown", index))
        return;
    free(host->elements[index].unknown);
    host->elements[index].unknown = memory_copy(text != NULL ? text : "");
}

static void host_put_worker(const struct dyn_host *table, uint32_t index,
                            const struct dyn_worker *worker)
{
    struct testhost *host = of(table);
    if (!is_element(host, "put_worker", index))
        return;
    host->workers = memory_resize(host->workers, host->n_workers + 1, sizeof *host->workers);
    host->workers[host->n_workers++] = (struct testhost_worker){
        .index = index,
        .n_jobs = worker->n_jobs,
        .busy_ms = worker->busy_ms,
        .host = copy_or_null(worker->host),
        .id = copy_or_null(worker->id),
        .queue = copy_or_null(worker->queue),
        .job = copy_or_null(worker->job),
    };
}

static void host_found(const struct dyn_host *table, int32_t percent, const char *evidence)
{
    struct testhost *host = of(table);
    check_text(host, "found", evidence);
    host->percent = percent;
    free(host->evidence);
    host->evidence = memory_copy(evidence != NULL ? evidence : "");
}

static void host_log(const struct dyn_host *table, int32_t level, const char *text)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    struct testhost *host = of(table);
    pthread_mutex_lock(&host->lock);
    text_add_format(&host->logs, "%s: %s\n",
                    level >= DYN_ERROR && level <= DYN_DEBUG ? levels[level] : "?", text);
    pthread_mutex_unlock(&host->lock);
}

static void host_advise(const struct dyn_host *table, const char *line)
{
    struct testhost *host = of(table);
    if (line == NULL || line[0] != '\0') /* an empty line is one */
        check_text(host, "advise", line);
    text_add_format(&host->advice, "%s\n", line != NULL ? line : "");
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
    .advise = host_advise,
};

/* ---- Life ---- */

static bool fill(struct testhost *host, const char *yaml, struct text *error)
{
    struct config *config = config_parse("options", yaml, strlen(yaml));
    const struct config_node *map = config_root(config);
    host->options = (struct option_table){host->plugin->options, host->plugin->table.n_options};
    host->config = memory_new(1, host->plugin->table.config_size);
    option_init(host->options, host->config);
    if (map != NULL) {
        static const char *const none[] = {""};
        option_fill(host->options, config, map, none, 0, host->config);
        option_complete(host->options, config, map, host->config);
    }
    bool is_good = config_mistakes(config) == 0;
    config_print_mistakes(config, error);
    config_free(config);
    return is_good;
}

static bool open_plugin(struct testhost *host, struct text *error)
{
    host->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int32_t code = host->plugin->table.open(&host->table, host->config, &host->self);
    if (code == DYN_OK && host->self != NULL)
        return true;
    text_add(error, host->failure != NULL ? host->failure : "open() failed without a text");
    host->self = NULL;
    return false;
}

struct testhost *testhost_open(const char *plugin, const char *yaml_options, char **error_text)
{
    struct error error = {""};
    struct text text = {0};
    struct testhost *host = memory_new(1, sizeof *host);
    host->table = host_table;
    host->cancel_fd = -1;
    pthread_mutex_init(&host->lock, NULL);
    host->plugin = plugin_load(plugin, &error);
    text_add(&text, error.text);
    bool is_open = host->plugin != NULL &&
                   fill(host, yaml_options != NULL ? yaml_options : "{}", &text) &&
                   open_plugin(host, &text);
    if (!is_open) {
        testhost_close(host);
        host = NULL;
    }
    if (error_text != NULL)
        *error_text = is_open ? NULL : text_take(&text);
    text_fini(&text);
    return host;
}

static void forget_answers(struct testhost *host)
{
    for (size_t i = 0; i < host->n_elements; i++)
        free(host->elements[i].unknown);
    for (size_t i = 0; i < host->n_workers; i++) {
        free(host->workers[i].host);
        free(host->workers[i].id);
        free(host->workers[i].queue);
        free(host->workers[i].job);
    }
    free(host->elements);
    free(host->workers);
    free(host->evidence);
    host->elements = NULL;
    host->workers = NULL;
    host->evidence = NULL;
    host->n_elements = host->n_workers = 0;
    host->percent = 0;
}

void testhost_close(struct testhost *host)
{
    if (host == NULL)
        return;
    if (host->self != NULL)
        host->plugin->table.close(host->self);
    if (host->config != NULL)
        option_fini(host->options, host->config);
    if (host->cancel_fd >= 0)
        close(host->cancel_fd);
    forget_answers(host);
    free(host->failure);
    free(host->config);
    text_fini(&host->logs);
    text_fini(&host->breaches);
    text_fini(&host->advice);
    pthread_mutex_destroy(&host->lock);
    free(host);
}

const struct plugin *testhost_plugin(const struct testhost *host)
{
    return host->plugin;
}

/* ---- Calls ---- */

static struct dyn_call begin(struct testhost *host, size_t n, int64_t timeout_ms)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t now_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    forget_answers(host);
    text_clear(&host->advice);
    free(host->failure);
    host->failure = NULL;
    host->elements = memory_new(n, sizeof *host->elements);
    host->n_elements = n;
    for (size_t i = 0; i < n; i++)
        for (size_t m = 0; m < N_METRICS; m++)
            host->elements[i].values[m] = VALUE_UNKNOWN;
    return (struct dyn_call){sizeof(struct dyn_call), host->cancel_fd,
                             now_ns + timeout_ms * 1000000};
}

static int32_t end(struct testhost *host, int32_t code)
{
    uint64_t cancelled;
    if (read(host->cancel_fd, &cancelled, sizeof cancelled) < 0)
        cancelled = 0; /* it was not */
    if (code < DYN_OK || code > DYN_NO)
        text_add_format(&host->breaches, "a call returned %d, which is no code\n", code);
    if (code != DYN_OK && host->failure == NULL)
        text_add_format(&host->breaches, "a call returned %d without fail()\n", code);
    if (code == DYN_OK && host->failure != NULL)
        text_add_format(&host->breaches, "a call returned success after fail(): %s\n",
                        host->failure);
    if (code != DYN_OK)
        forget_answers(host);
    return code;
}

int32_t testhost_measure(struct testhost *host, const struct dyn_group *groups, size_t n,
                         int64_t timeout_ms)
{
    struct dyn_call call = begin(host, n, timeout_ms);
    return end(host, host->plugin->queue.measure(host->self, &call, groups, (uint32_t)n));
}

int32_t testhost_workers(struct testhost *host, const struct dyn_group *groups, size_t n,
                         int64_t timeout_ms)
{
    struct dyn_call call = begin(host, n, timeout_ms);
    return end(host, host->plugin->queue.workers(host->self, &call, groups, (uint32_t)n));
}

int32_t testhost_detect(struct testhost *host, int64_t timeout_ms)
{
    struct dyn_call call = begin(host, 0, timeout_ms);
    int32_t code = host->plugin->queue.detect(host->self, &call);
    if (code == DYN_NO && host->failure == NULL) /* needs no text: it is an answer */
        host->failure = memory_copy("");
    return end(host, code);
}

int32_t testhost_watch(struct testhost *host, const struct dyn_group *groups, size_t n,
                       int64_t timeout_ms, int32_t *fd)
{
    struct dyn_call call = begin(host, n, timeout_ms);
    return end(host, host->plugin->queue.watch(host->self, &call, groups, (uint32_t)n, fd));
}

int32_t testhost_advise(struct testhost *host, int32_t topic, int64_t timeout_ms)
{
    struct dyn_call call = begin(host, 0, timeout_ms);
    return end(host, host->plugin->queue.advise(host->self, &call, topic));
}

const char *testhost_advice(const struct testhost *host)
{
    return text_chars(&host->advice);
}

int32_t testhost_read(struct testhost *host, const char *const *names, size_t n, int64_t timeout_ms)
{
    struct dyn_call call = begin(host, n, timeout_ms);
    return end(host, host->plugin->scaler.read(host->self, &call, names, (uint32_t)n));
}

int32_t testhost_apply(struct testhost *host, const struct dyn_change *changes, size_t n,
                       int64_t timeout_ms)
{
    struct dyn_call call = begin(host, n, timeout_ms);
    return end(host, host->plugin->scaler.apply(host->self, &call, changes, (uint32_t)n));
}

int32_t testhost_limit(struct testhost *host, const char *name)
{
    return host->plugin->scaler.limit(host->self, name);
}

void testhost_cancel(struct testhost *host)
{
    uint64_t one = 1;
    if (write(host->cancel_fd, &one, sizeof one) < 0)
        return; /* it is readable already, which is all that is wanted */
}

/* ---- What came of it ---- */

struct value testhost_value(const struct testhost *host, size_t i, int32_t metric)
{
    bool is_there = i < host->n_elements && metric >= 0 && metric < N_METRICS;
    return is_there ? host->elements[i].values[metric] : VALUE_UNKNOWN;
}

static const char *or_nothing(const char *text)
{
    return text != NULL ? text : "";
}

const char *testhost_unknown(const struct testhost *host, size_t i)
{
    return i < host->n_elements ? or_nothing(host->elements[i].unknown) : "";
}

const char *testhost_failure(const struct testhost *host)
{
    return or_nothing(host->failure);
}

const char *testhost_logs(const struct testhost *host)
{
    return text_chars(&host->logs);
}

void testhost_forget_logs(struct testhost *host)
{
    pthread_mutex_lock(&host->lock);
    text_clear(&host->logs);
    pthread_mutex_unlock(&host->lock);
}

size_t testhost_n_workers(const struct testhost *host)
{
    return host->n_workers;
}

const struct testhost_worker *testhost_worker(const struct testhost *host, size_t i)
{
    return &host->workers[i];
}

int32_t testhost_percent(const struct testhost *host)
{
    return host->percent;
}

const char *testhost_evidence(const struct testhost *host)
{
    return or_nothing(host->evidence);
}

const char *testhost_breaches(const struct testhost *host)
{
    return text_chars(&host->breaches);
}
