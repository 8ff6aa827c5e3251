/* SPDX-License-Identifier: MIT
 * A scaler back-end without a platform, for tests of the host: every process type has the size that
 * it was last set to. */
#include <dynomatic/util.h>

#include <stdlib.h>
#include <string.h>

enum { MOST_NAMES = 1 << 15 };

struct config {
    const char *app;
    const char *token;
    const char *api_url;
    struct dyn_list names;
};

static const struct dyn_option options[] = {
    {"app", NULL, NULL, NULL, "the app's name", DYN_TEXT, DYN_REQUIRED,
     offsetof(struct config, app), 0},
    {"token", NULL, NULL, "SAMPLE_TOKEN", "lets in", DYN_TEXT, DYN_REQUIRED | DYN_SECRET,
     offsetof(struct config, token), 0},
    {"api_url", "https://api.example", NULL, "SAMPLE_API_URL", "where the platform is", DYN_URL, 0,
     offsetof(struct config, api_url), 0},
    {"names", NULL, NULL, NULL, "types of one dyno each", DYN_LIST, 0,
     offsetof(struct config, names), 0},
};

struct self {
    const struct dyn_host *host;
    const struct config *config;
    char *names[MOST_NAMES];
    int32_t sizes[MOST_NAMES];
};

static int32_t sample_open(const struct dyn_host *host, const void *config, void **self)
{
    struct self *sample = calloc(1, sizeof *sample);
    if (sample == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    sample->host = host;
    sample->config = config;
    *self = sample;
    return DYN_OK;
}

static void sample_close(void *self)
{
    struct self *sample = self;
    for (size_t i = 0; sample != NULL && i < MOST_NAMES; i++)
        free(sample->names[i]);
    free(sample);
}

/* The size of a name, which is 0 when it is first asked for; NULL if there is no room for it. */
static int32_t *size_of(struct self *sample, const char *name)
{
    size_t at = 0;
    for (const char *c = name; *c != '\0'; c++)
        at = 31 * at + (unsigned char)*c;
    for (size_t tried = 0; tried < MOST_NAMES; tried++) {
        size_t i = (at + tried) % MOST_NAMES;
        if (sample->names[i] == NULL)
            sample->names[i] = strdup(name);
        if (sample->names[i] != NULL && strcmp(sample->names[i], name) == 0)
            return &sample->sizes[i];
    }
    return NULL;
}

static void put_size(struct self *sample, uint32_t i, const char *name)
{
    const int32_t *size = size_of(sample, name);
    if (size != NULL)
        sample->host->put(sample->host, i, DYN_SIZE, *size, 0);
    else
        sample->host->unknown(sample->host, i, "there are too many names");
}

static int32_t sample_read(void *self, const struct dyn_call *call, const char *const *names,
                           uint32_t n)
{
    struct self *sample = self;
    if (dyn_is_over(call))
        return sample->host->fail(sample->host, DYN_LATE, "out of time");
    for (uint32_t i = 0; i < n; i++)
        put_size(sample, i, names[i]);
    return DYN_OK;
}

static int32_t sample_apply(void *self, const struct dyn_call *call,
                            const struct dyn_change *changes, uint32_t n)
{
    struct self *sample = self;
    if (dyn_is_over(call))
        return sample->host->fail(sample->host, DYN_LATE, "out of time");
    for (uint32_t i = 0; i < n; i++) {
        int32_t *size = size_of(sample, changes[i].name);
        if (size != NULL)
            *size = changes[i].size;
        put_size(sample, i, changes[i].name);
    }
    return DYN_OK;
}

static int32_t sample_limit(void *self, const char *name)
{
    const struct self *sample = self;
    (void)name;
    return sample->config->names.n > 0 ? (int32_t)sample->config->names.n : -1;
}

static const struct dyn_scaler scaler = {
    .size = sizeof scaler,
    .read = sample_read,
    .apply = sample_apply,
    .limit = sample_limit,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = "sample_scaler",
    .version = "1",
    .summary = "a scaler back-end without a platform",
    .options = options,
    .n_options = DYN_COUNT(options),
    .option_size = sizeof(struct dyn_option),
    .config_size = sizeof(struct config),
    .open = sample_open,
    .close = sample_close,
    .scaler = &scaler,
};
