/* SPDX-License-Identifier: MIT
 * A plugin of which any part can be another: cc -DMEASURE=NULL makes one without measure(). By
 * itself it is good, and can be both kinds. See bad_plugin_test.sh. */
#include <dynomatic/util.h>

#ifndef NAME
#define NAME "template"
#endif
#ifndef ABI
#define ABI DYN_ABI
#endif
#ifndef SIZE
#define SIZE sizeof dynomatic_plugin
#endif
#ifndef VERSION
#define VERSION "1"
#endif
#ifndef SUMMARY
#define SUMMARY "any part of it can be another"
#endif
#ifndef LOAD
#define LOAD NULL
#endif
#ifndef OPEN
#define OPEN template_open
#endif
#ifndef CLOSE
#define CLOSE template_close
#endif
#ifndef QUEUE
#define QUEUE &queue
#endif
#ifndef QUEUE_SIZE
#define QUEUE_SIZE sizeof queue
#endif
#ifndef MEASURE
#define MEASURE template_measure
#endif
#ifndef SCALER
#define SCALER &scaler
#endif
#ifndef SCALER_SIZE
#define SCALER_SIZE sizeof scaler
#endif
#ifndef READ
#define READ template_read
#endif
#ifndef APPLY
#define APPLY template_apply
#endif
#ifndef OPTIONS
#define OPTIONS options
#endif
#ifndef N_OPTIONS
#define N_OPTIONS DYN_COUNT(options)
#endif
#ifndef OPTION_SIZE
#define OPTION_SIZE sizeof(struct dyn_option)
#endif
#ifndef CONFIG_SIZE
#define CONFIG_SIZE sizeof(struct config)
#endif
#ifndef OPTION_NAME
#define OPTION_NAME "size"
#endif
#ifndef OPTION_TYPE
#define OPTION_TYPE DYN_INTEGER
#endif
#ifndef OPTION_DEFAULT
#define OPTION_DEFAULT "1"
#endif
#ifndef OPTION_OFFSET
#define OPTION_OFFSET offsetof(struct config, number)
#endif

struct config {
    int64_t number;
    const char *text;
};

static const struct dyn_option options[] = {
    {"text", NULL, NULL, NULL, "a text", DYN_TEXT, 0, offsetof(struct config, text), 0},
    {OPTION_NAME, OPTION_DEFAULT, "0..9", NULL, "a number", OPTION_TYPE, 0, OPTION_OFFSET, 0},
};

/* What LOAD can be. */
int32_t refuse(const struct dyn_host *host);
int32_t refuse_silently(const struct dyn_host *host);
int32_t use_all(const struct dyn_host *host);

int32_t refuse(const struct dyn_host *host)
{
    return dyn_failf(host, DYN_BROKEN, "the library %s is too old", "libstore 1.0");
}

int32_t refuse_silently(const struct dyn_host *host)
{
    (void)host;
    return DYN_BROKEN;
}

/* All that the host offers is there in load() too, though only fail() and log() mean something. */
int32_t use_all(const struct dyn_host *host)
{
    struct dyn_worker worker = {0, "host", "id", NULL, NULL, 1, 0};
    host->put(host, 0, DYN_WAITING, 1, 0);
    host->unknown(host, 0, "not known");
    host->put_worker(host, 0, &worker);
    host->found(host, 100, "evidence");
    host->log(host, DYN_WARN, "loading and logging");
    host->log(host, 99, "a level that nobody knows");
    return host->size == sizeof *host && host->abi == DYN_ABI ? DYN_OK : DYN_BROKEN;
}

/* What OPEN, CLOSE and so on are, unless they are told to be another. */
int32_t template_open(const struct dyn_host *host, const void *config, void **self);
void template_close(void *self);
int32_t template_measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                         uint32_t n);
int32_t template_read(void *self, const struct dyn_call *call, const char *const *names,
                      uint32_t n);
int32_t template_apply(void *self, const struct dyn_call *call, const struct dyn_change *changes,
                       uint32_t n);

int32_t template_open(const struct dyn_host *host, const void *config, void **self)
{
    (void)config;
    *self = (void *)(uintptr_t)host;
    return DYN_OK;
}

void template_close(void *self)
{
    (void)self;
}

int32_t template_measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                         uint32_t n)
{
    (void)self, (void)call, (void)groups, (void)n;
    return DYN_OK;
}

int32_t template_read(void *self, const struct dyn_call *call, const char *const *names, uint32_t n)
{
    (void)self, (void)call, (void)names, (void)n;
    return DYN_OK;
}

int32_t template_apply(void *self, const struct dyn_call *call, const struct dyn_change *changes,
                       uint32_t n)
{
    (void)self, (void)call, (void)changes, (void)n;
    return DYN_OK;
}

extern const struct dyn_queue queue;
extern const struct dyn_scaler scaler;
const struct dyn_queue queue = {
    .size = QUEUE_SIZE,
    .metrics = DYN_BIT(DYN_WAITING),
    .measure = MEASURE,
};
const struct dyn_scaler scaler = {
    .size = SCALER_SIZE,
    .read = READ,
    .apply = APPLY,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = SIZE,
    .abi = ABI,
    .name = NAME,
    .version = VERSION,
    .summary = SUMMARY,
    .options = OPTIONS,
    .n_options = N_OPTIONS,
    .option_size = OPTION_SIZE,
    .config_size = CONFIG_SIZE,
    .load = LOAD,
    .open = OPEN,
    .close = CLOSE,
    .queue = QUEUE,
    .scaler = SCALER,
};
