/* SPDX-License-Identifier: MIT
 * A host of one measurement, built against an older, today's or a newer header, as mixed.c is.
 *
 *     mixed_host FILE.so   prints what the plugin put, and what the two have in common */
#include <dynomatic/plugin.h>

#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int64_t values[32];

static int32_t on_fail(const struct dyn_host *host, int32_t code, const char *text)
{
    (void)host;
    printf("failed: %s\n", text);
    return code;
}

static void on_put(const struct dyn_host *host, uint32_t index, int32_t metric, int64_t value,
                   uint32_t flags)
{
    (void)host;
    (void)flags;
    if (index == 0)
        values[metric] = value;
}

static void on_unknown(const struct dyn_host *host, uint32_t index, const char *text)
{
    (void)host;
    printf("unknown %" PRIu32 ": %s\n", index, text);
}

#ifndef OLDER
static void on_worker(const struct dyn_host *host, uint32_t index, const struct dyn_worker *worker)
{
    (void)host;
    printf("worker %" PRIu32 ": %s\n", index, worker->host);
}

static void on_found(const struct dyn_host *host, int32_t percent, const char *evidence)
{
    (void)host;
    printf("found %" PRId32 ": %s\n", percent, evidence);
}

static void on_log(const struct dyn_host *host, int32_t level, const char *text)
{
    (void)host;
    printf("log %" PRId32 ": %s\n", level, text);
}
#endif

#ifdef NEWER
static int32_t on_newest(void)
{
    return 1;
}
#endif

static const struct dyn_host host = {
    .size = sizeof host,
    .abi = DYN_ABI,
    .fail = on_fail,
    .put = on_put,
    .unknown = on_unknown,
#ifndef OLDER
    .put_worker = on_worker,
    .found = on_found,
    .log = on_log,
#endif
#ifdef NEWER
    .newest = on_newest,
#endif
};

/* Fills numbers with their defaults of one digit, stepping over rows by the plugin's own size. */
static void fill(const struct dyn_plugin *plugin, char *config)
{
    for (uint32_t i = 0; i < plugin->n_options; i++) {
        const char *at = (const char *)plugin->options + (size_t)i * plugin->option_size;
        const struct dyn_option *row = (const struct dyn_option *)(const void *)at;
        int64_t number = row->standard[0] - '0';
        memcpy(config + row->offset, &number, sizeof number);
    }
}

/* Which functions of its tables reach this host. */
static void print_common(const struct dyn_plugin *plugin)
{
    const struct dyn_queue *queue = plugin->queue;
    printf("measure %d", DYN_HAS(queue, measure));
#ifndef OLDER
    printf(" detect %d", DYN_HAS(queue, detect));
    printf(" scaler %d", DYN_HAS(plugin, scaler));
#endif
#ifdef NEWER
    printf(" newest %d %d", DYN_HAS(queue, newest), DYN_HAS(plugin, newest));
#endif
    printf("\n");
}

int main(int argc, char **argv)
{
    void *object = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    const struct dyn_plugin *plugin = object != NULL ? dlsym(object, "dynomatic_plugin") : NULL;
    if (plugin == NULL || plugin->config_size > 64) {
        fprintf(stderr, "%s\n", plugin == NULL ? dlerror() : "its configuration is too large");
        return 1;
    }
    int64_t config[8] = {0};
    struct dyn_call call = {.size = sizeof call, .cancel_fd = -1};
#ifndef OLDER
    call.deadline_ns = INT64_MAX;
#endif
#ifdef NEWER
    call.newest = 1;
#endif
    struct dyn_group group = {.name = "all", .metrics = DYN_BIT(DYN_WAITING)};
    void *self = NULL;
    fill(plugin, (char *)config);
    if (plugin->open(&host, config, &self) != DYN_OK ||
        plugin->queue->measure(self, &call, &group, 1) != DYN_OK)
        return 1;
    plugin->close(self);
    printf("waiting %" PRId64 " retrying %" PRId64, values[DYN_WAITING], values[DYN_RETRYING]);
    printf(" deadline %" PRId64 " late %" PRId64 " newest %" PRId64 "\n", values[DYN_BUSY],
           values[DYN_SCHEDULED], values[DYN_FAILED]);
    print_common(plugin);
    return 0;
}
