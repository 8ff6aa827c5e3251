/* SPDX-License-Identifier: MIT
 * The tables of the plugin of good.h, of which any part may have been defined as another. */
#ifndef NAME
#define NAME FILE_NAME /* as the test says to the compiler */
#endif
#ifndef SUMMARY
#define SUMMARY "a plugin for tests"
#endif
#ifndef OPTION
#define OPTION                                                                                    \
    {                                                                                             \
        "number", "1", "0..9", NULL, "a number", DYN_INTEGER, 0, offsetof(struct config, number), \
            0                                                                                     \
    }
#endif
#ifndef LOAD
#define LOAD NULL
#endif
#ifndef OPEN
#define OPEN good_open
#endif
#ifndef CLOSE
#define CLOSE good_close
#endif
#ifndef MEASURE
#define MEASURE good_measure
#endif
#ifndef WATCH
#define WATCH NULL
#endif
#ifndef ADVISE
#define ADVISE good_advise
#endif
#ifndef READ
#define READ good_read
#endif
#ifndef APPLY
#define APPLY good_apply
#endif

static const struct dyn_option options[] = {
    {"url", "test://127.0.0.1:1/", NULL, NULL, "a server", DYN_URL, 0, offsetof(struct config, url),
     0},
    {"password", "a-password", NULL, NULL, "lets in", DYN_TEXT, DYN_SECRET,
     offsetof(struct config, password), 0},
    OPTION,
};

static const struct dyn_queue queue = {
    .size = sizeof queue,
    .metrics = DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY),
    .measure = MEASURE,
    .watch = WATCH,
    .advise = ADVISE,
};

static const struct dyn_scaler scaler = {
    .size = sizeof scaler,
    .read = READ,
    .apply = APPLY,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = NAME,
    .version = "1",
    .summary = SUMMARY,
    .options = options,
    .n_options = DYN_COUNT(options),
    .option_size = sizeof(struct dyn_option),
    .config_size = sizeof(struct config),
    .load = LOAD,
    .open = OPEN,
    .close = CLOSE,
    .queue = &queue,
    .scaler = &scaler,
};
