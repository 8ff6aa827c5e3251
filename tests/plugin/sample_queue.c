/* SPDX-License-Identifier: MIT
 * A queue adapter without a store, for tests of the host: an option of every type, and as many
 * waiting jobs as its option says. */
#include <dynomatic/util.h>

#include <stdlib.h>

struct config {
    const char *url;
    const char *password;
    struct dyn_list tables;
    int64_t waiting;
    int64_t max_run_time_ms;
    int32_t is_strict;
    int32_t mode;
};

static const struct dyn_option options[] = {
    {"url", NULL, NULL, "SAMPLE_URL", "where the jobs are", DYN_URL, DYN_REQUIRED,
     offsetof(struct config, url), 0},
    {"password", NULL, NULL, "SAMPLE_PASSWORD SAMPLE_PASS", "lets in", DYN_TEXT, DYN_SECRET,
     offsetof(struct config, password), 0},
    {"tables", NULL, NULL, NULL, "the tables that are read", DYN_LIST, 0,
     offsetof(struct config, tables), 0},
    {"waiting", "0", "0..1000", NULL, "how many jobs wait", DYN_INTEGER, 0,
     offsetof(struct config, waiting), 0},
    {"max_run_time", "4h", "1s..", NULL, "how long a job may run", DYN_DURATION, 0,
     offsetof(struct config, max_run_time_ms), 0},
    {"strict", "no", NULL, NULL, "whether strangers are refused", DYN_BOOLEAN, 0,
     offsetof(struct config, is_strict), 0},
    {"mode", "slow", "slow|fast|furious", NULL, "how it counts", DYN_CHOICE, 0,
     offsetof(struct config, mode), 0},
};

struct self {
    const struct dyn_host *host;
    const struct config *config;
};

static int32_t sample_open(const struct dyn_host *host, const void *config, void **self)
{
    struct self *sample = malloc(sizeof *sample);
    if (sample == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    *sample = (struct self){host, config};
    *self = sample;
    return DYN_OK;
}

static void sample_close(void *self)
{
    free(self);
}

static int32_t sample_measure(void *self, const struct dyn_call *call,
                              const struct dyn_group *groups, uint32_t n)
{
    struct self *sample = self;
    if (dyn_is_over(call))
        return sample->host->fail(sample->host, DYN_LATE, "out of time");
    for (uint32_t i = 0; i < n; i++) {
        int64_t waiting = sample->config->waiting;
        int is_cut = groups[i].cap > 0 && waiting >= groups[i].cap;
        sample->host->put(sample->host, i, DYN_WAITING, is_cut ? groups[i].cap : waiting,
                          is_cut ? DYN_AT_LEAST : 0);
        sample->host->put(sample->host, i, DYN_LATENCY, waiting > 0 ? 1000 : 0, 0);
    }
    return DYN_OK;
}

static const struct dyn_queue queue = {
    .size = sizeof queue,
    .metrics = DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY),
    .measure = sample_measure,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = "sample_queue",
    .version = "1",
    .summary = "a queue adapter without a store",
    .options = options,
    .n_options = DYN_COUNT(options),
    .option_size = sizeof(struct dyn_option),
    .config_size = sizeof(struct config),
    .open = sample_open,
    .close = sample_close,
    .queue = &queue,
};
