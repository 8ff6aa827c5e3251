/* SPDX-License-Identifier: MIT
 * A plugin that uses what its host has, and says by its answers what that was. It is built against
 * the header as it is, against an older one (OLDER) whose tables are shorter, and against a newer
 * one (NEWER) whose tables and option rows are longer. See mixed_test.sh. */
#include <dynomatic/plugin.h>

struct config {
    int64_t first;
    int64_t last;
};

static const struct dyn_option options[] = {
    {.name = "first",
     .standard = "3",
     .help = "what waits",
     .type = DYN_INTEGER,
     .offset = offsetof(struct config, first)},
    {.name = "last",
     .standard = "4",
     .help = "what is retried; its row tells whether rows are told apart by their own size",
     .type = DYN_INTEGER,
     .offset = offsetof(struct config, last)},
};

/* One is enough: it is opened once. A plugin of the world has an instance instead. */
static struct self {
    const struct dyn_host *host;
    const struct config *config;
} the_self;

static int32_t mixed_open(const struct dyn_host *host, const void *config, void **self)
{
    the_self.host = host;
    the_self.config = config;
    *self = &the_self;
    return DYN_OK;
}

static void mixed_close(void *self)
{
    (void)self;
}

static int64_t has_late_members(const struct dyn_host *host)
{
#ifdef OLDER
    (void)host;
    return 0;
#else
    return DYN_HAS(host, put_worker) && DYN_HAS(host, found) && DYN_HAS(host, log);
#endif
}

static int64_t has_deadline(const struct dyn_call *call)
{
#ifdef OLDER
    (void)call;
    return 0;
#else
    return DYN_HAS(call, deadline_ns);
#endif
}

static int64_t has_newest(const struct dyn_host *host, const struct dyn_call *call)
{
#ifdef NEWER
    return DYN_HAS(host, newest) && DYN_HAS(call, newest) ? host->newest() : 0;
#else
    (void)host;
    (void)call;
    return 0;
#endif
}

static int32_t mixed_measure(void *self, const struct dyn_call *call,
                             const struct dyn_group *groups, uint32_t n)
{
    const struct self *mixed = self;
    const struct dyn_host *host = mixed->host;
    (void)groups;
    for (uint32_t i = 0; i < n; i++) {
        host->put(host, i, DYN_WAITING, mixed->config->first, 0);
        host->put(host, i, DYN_RETRYING, mixed->config->last, 0);
        host->put(host, i, DYN_BUSY, has_deadline(call), 0);
        host->put(host, i, DYN_SCHEDULED, has_late_members(host), 0);
        host->put(host, i, DYN_FAILED, has_newest(host, call), 0);
    }
    return DYN_OK;
}

#ifndef OLDER
static int32_t mixed_detect(void *self, const struct dyn_call *call)
{
    const struct self *mixed = self;
    (void)call;
    return mixed->host->fail(mixed->host, DYN_NO, "this is no store");
}
#endif

static const struct dyn_queue queue = {
    .size = sizeof queue,
    .metrics = DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_RETRYING),
    .measure = mixed_measure,
#ifndef OLDER
    .detect = mixed_detect,
#endif
#ifdef NEWER
    .newest = mixed_detect,
#endif
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = NAME,
    .version = "1",
    .summary = "says what its host has",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .option_size = sizeof options[0],
    .config_size = sizeof(struct config),
    .open = mixed_open,
    .close = mixed_close,
    .queue = &queue,
#ifdef NEWER
    .newest = &queue,
#endif
};
