/* SPDX-License-Identifier: MIT
 * A queue adapter whose load() refuses, and says how often it was called. */
#include <dynomatic/util.h>

static int32_t refuse(const struct dyn_host *host)
{
    static int calls;
    calls++;
    return dyn_failf(host, DYN_BROKEN, "load was called %d times", calls);
}

static int32_t never_open(const struct dyn_host *host, const void *config, void **self)
{
    (void)config;
    (void)self;
    return host->fail(host, DYN_BROKEN, "it was opened");
}

static void never_close(void *self)
{
    (void)self;
}

static int32_t never_measure(void *self, const struct dyn_call *call,
                             const struct dyn_group *groups, uint32_t n)
{
    (void)self;
    (void)call;
    (void)groups;
    (void)n;
    return DYN_RETRY;
}

static const struct dyn_queue queue = {
    .size = sizeof queue,
    .measure = never_measure,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = "refuses_load",
    .version = "1",
    .summary = "cannot be loaded",
    .option_size = sizeof(struct dyn_option),
    .load = refuse,
    .open = never_open,
    .close = never_close,
    .queue = &queue,
};
