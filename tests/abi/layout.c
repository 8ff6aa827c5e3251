/* SPDX-License-Identifier: MIT
 * What every plugin that was ever built counts on: sizes, offsets, numbers and signatures of ABI 1,
 * as C and as C++. It is enough that this compiles. A line here changes only together with DYN_ABI;
 * what is appended to a table adds lines, and moves END of that table. */
#include <dynomatic/plugin.h>

#ifdef __cplusplus
#define HOLDS(truth) static_assert(truth, #truth)
#else
#define HOLDS(truth) _Static_assert(truth, #truth)
#endif

/* Layouts are told by the size of a pointer: 64 bits, or 32. */
#define BY_POINTER(in_64, in_32) (sizeof(void *) == 8 ? (in_64) : (in_32))
#define AT(type, member, in_64, in_32) \
    HOLDS(offsetof(struct type, member) == BY_POINTER(in_64, in_32))
#define END(type, in_64, in_32) HOLDS(sizeof(struct type) == BY_POINTER(in_64, in_32))

AT(dyn_host, size, 0, 0);
AT(dyn_host, abi, 4, 4);
AT(dyn_host, fail, 8, 8);
AT(dyn_host, put, 16, 12);
AT(dyn_host, unknown, 24, 16);
AT(dyn_host, put_worker, 32, 20);
AT(dyn_host, found, 40, 24);
AT(dyn_host, log, 48, 28);
AT(dyn_host, put_name, 56, 32);
AT(dyn_host, advise, 64, 36);
END(dyn_host, 72, 40);

AT(dyn_call, size, 0, 0);
AT(dyn_call, cancel_fd, 4, 4);
AT(dyn_call, deadline_ns, 8, 8);
END(dyn_call, 16, 16);

AT(dyn_list, items, 0, 0);
AT(dyn_list, n, 8, 4);
END(dyn_list, 16, 8);

AT(dyn_option, name, 0, 0);
AT(dyn_option, standard, 8, 4);
AT(dyn_option, limits, 16, 8);
AT(dyn_option, env, 24, 12);
AT(dyn_option, help, 32, 16);
AT(dyn_option, type, 40, 20);
AT(dyn_option, flags, 44, 24);
AT(dyn_option, offset, 48, 28);
AT(dyn_option, reserved, 52, 32);
END(dyn_option, 56, 36);

AT(dyn_group, cap, 0, 0);
AT(dyn_group, name, 8, 8);
AT(dyn_group, queues, 16, 12);
AT(dyn_group, n_queues, 24, 16);
AT(dyn_group, metrics, 28, 20);
END(dyn_group, 32, 24);

AT(dyn_worker, busy_ms, 0, 0);
AT(dyn_worker, host, 8, 8);
AT(dyn_worker, id, 16, 12);
AT(dyn_worker, queue, 24, 16);
AT(dyn_worker, job, 32, 20);
AT(dyn_worker, n_jobs, 40, 24);
AT(dyn_worker, reserved, 44, 28);
END(dyn_worker, 48, 32);

AT(dyn_queue, size, 0, 0);
AT(dyn_queue, metrics, 4, 4);
AT(dyn_queue, measure, 8, 8);
AT(dyn_queue, detect, 16, 12);
AT(dyn_queue, watch, 24, 16);
AT(dyn_queue, workers, 32, 20);
AT(dyn_queue, advise, 40, 24);
END(dyn_queue, 48, 28);

AT(dyn_change, name, 0, 0);
AT(dyn_change, keep, 8, 4);
AT(dyn_change, n_keep, 16, 8);
AT(dyn_change, size, 20, 12);
END(dyn_change, 24, 16);

AT(dyn_scaler, size, 0, 0);
AT(dyn_scaler, reserved, 4, 4);
AT(dyn_scaler, read, 8, 8);
AT(dyn_scaler, apply, 16, 12);
AT(dyn_scaler, limit, 24, 16);
AT(dyn_scaler, names, 32, 20);
END(dyn_scaler, 40, 24);

AT(dyn_plugin, size, 0, 0);
AT(dyn_plugin, abi, 4, 4);
AT(dyn_plugin, name, 8, 8);
AT(dyn_plugin, version, 16, 12);
AT(dyn_plugin, summary, 24, 16);
AT(dyn_plugin, options, 32, 20);
AT(dyn_plugin, n_options, 40, 24);
AT(dyn_plugin, option_size, 44, 28);
AT(dyn_plugin, config_size, 48, 32);
AT(dyn_plugin, reserved, 52, 36);
AT(dyn_plugin, load, 56, 40);
AT(dyn_plugin, open, 64, 44);
AT(dyn_plugin, close, 72, 48);
AT(dyn_plugin, queue, 80, 52);
AT(dyn_plugin, scaler, 88, 56);
END(dyn_plugin, 96, 60);

HOLDS(DYN_ABI == 1);
HOLDS(DYN_OK == 0 && DYN_LATE == 1 && DYN_RETRY == 2 && DYN_BROKEN == 3 && DYN_NO == 4);
HOLDS(DYN_WAITING == 0 && DYN_LATENCY == 1 && DYN_BUSY == 2 && DYN_SCHEDULED == 3);
HOLDS(DYN_RETRYING == 4 && DYN_FAILED == 5 && DYN_NEXT_DUE == 6 && DYN_WORKERS == 7);
HOLDS(DYN_SIZE == 16 && DYN_UP == 17 && DYN_STARTING == 18 && DYN_CRASHED == 19);
HOLDS(DYN_BIT(DYN_CRASHED) == 0x80000u && DYN_AT_LEAST == 1);
HOLDS(DYN_ADVICE_INDEXES == 0 && DYN_ADVICE_NOTIFY == 1);
HOLDS(DYN_ERROR == 0 && DYN_WARN == 1 && DYN_INFO == 2 && DYN_DEBUG == 3);
HOLDS(DYN_TEXT == 0 && DYN_URL == 1 && DYN_INTEGER == 2 && DYN_DURATION == 3);
HOLDS(DYN_BOOLEAN == 4 && DYN_CHOICE == 5 && DYN_LIST == 6);
HOLDS(DYN_ABSENT == INT64_MIN && DYN_REQUIRED == 1 && DYN_SECRET == 2 && DYN_PLACE == 4 &&
      DYN_NAMES == 8);

/* Each function has exactly these parameters and this result: initialising it with another type
 * does not compile. */
extern const struct dyn_host host;
extern const struct dyn_queue queue;
extern const struct dyn_scaler scaler;

int32_t on_fail(const struct dyn_host *, int32_t, const char *);
void on_put(const struct dyn_host *, uint32_t, int32_t, int64_t, uint32_t);
void on_unknown(const struct dyn_host *, uint32_t, const char *);
void on_worker(const struct dyn_host *, uint32_t, const struct dyn_worker *);
void on_found(const struct dyn_host *, int32_t, const char *);
void on_log(const struct dyn_host *, int32_t, const char *);
void on_name(const struct dyn_host *, const char *, int32_t);
void on_advice(const struct dyn_host *, const char *);
const struct dyn_host host = {sizeof host, DYN_ABI,  on_fail, on_put,  on_unknown,
                              on_worker,   on_found, on_log,  on_name, on_advice};

int32_t measure(void *, const struct dyn_call *, const struct dyn_group *, uint32_t);
int32_t detect(void *, const struct dyn_call *);
int32_t watch(void *, const struct dyn_call *, const struct dyn_group *, uint32_t, int32_t *);
int32_t workers(void *, const struct dyn_call *, const struct dyn_group *, uint32_t);
int32_t advise(void *, const struct dyn_call *, int32_t);
const struct dyn_queue queue = {sizeof queue, 0, measure, detect, watch, workers, advise};

int32_t read_sizes(void *, const struct dyn_call *, const char *const *, uint32_t);
int32_t apply(void *, const struct dyn_call *, const struct dyn_change *, uint32_t);
int32_t limit(void *, const char *);
int32_t names(void *, const struct dyn_call *);
const struct dyn_scaler scaler = {sizeof scaler, 0, read_sizes, apply, limit, names};

int32_t on_load(const struct dyn_host *);
int32_t open_it(const struct dyn_host *, const void *, void **);
void close_it(void *);
const struct dyn_plugin dynomatic_plugin = {sizeof dynomatic_plugin,
                                            DYN_ABI,
                                            "layout",
                                            "1",
                                            "pins the layout",
                                            NULL,
                                            0,
                                            sizeof(struct dyn_option),
                                            0,
                                            0,
                                            on_load,
                                            open_it,
                                            close_it,
                                            &queue,
                                            &scaler};

/* DYN_HAS compiles without a warning for every kind of table, and asks about functions. */
int has_all(const struct dyn_host *, const struct dyn_call *, const struct dyn_plugin *);
int has_all(const struct dyn_host *a, const struct dyn_call *b, const struct dyn_plugin *c)
{
    return DYN_HAS(a, log) && DYN_HAS(b, deadline_ns) && DYN_HAS(c, scaler) &&
           DYN_HAS(&queue, workers) && DYN_HAS(&scaler, limit);
}
