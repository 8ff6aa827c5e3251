/* SPDX-License-Identifier: MIT
 * A queue adapter that breaks the contract: its measure never comes back. */
#include <dynomatic/plugin.h>

#include <unistd.h>

struct config {
    const char *unused;
};

static int32_t hang_open(const struct dyn_host *host, const void *config, void **self)
{
    (void)config;
    *self = (void *)(uintptr_t)host;
    return DYN_OK;
}

static void hang_close(void *self)
{
    (void)self;
}

static int32_t hang_measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                            uint32_t n)
{
    (void)self;
    (void)call;
    (void)groups;
    (void)n;
    while (pause() < 0)
        ; /* whatever the signal was */
    return DYN_OK;
}

static const struct dyn_queue queue = {
    .size = sizeof queue,
    .metrics = DYN_BIT(DYN_WAITING),
    .measure = hang_measure,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = "hang",
    .version = "1",
    .summary = "never comes back",
    .option_size = sizeof(struct dyn_option),
    .config_size = sizeof(struct config),
    .open = hang_open,
    .close = hang_close,
    .queue = &queue,
};
