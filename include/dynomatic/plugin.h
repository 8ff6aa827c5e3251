/* SPDX-License-Identifier: MIT
 *
 * The contract between dynomatic and its plugins, ABI 1.
 *
 * A plugin is a shared object that exports one symbol, the constant dynomatic_plugin. It is a queue
 * adapter (reads how much work waits in a job store), a scaler back-end (reads and sets how many
 * workers run), or both. This header is all that a plugin needs; dynomatic/util.h holds optional
 * helpers. The life of a plugin is drawn in dynomatic-plugin(3).
 *
 * Words used on each function, to search for:
 *   [main]      called by the host's main thread, while no other call runs, in any plugin, but
 *               one that did not come back when its time was over
 *   [instance]  takes `self`: never two at once on one instance, on any thread, but different
 *               instances at the same time. So: no mutable statics
 *   [any]       may be called on any thread at any time
 *
 * Memory: nothing allocated on one side is freed on the other. A configuration and its strings live
 * until close() returned; the arguments of a call, until that call returns.
 *
 * Growth: a struct with a `size` in front grows at its end, and its owner fills in sizeof. Host and
 * plugin each read only what the other's size covers; test a member with DYN_HAS. Structs that
 * travel in arrays (dyn_group, dyn_worker, dyn_change, dyn_list) never change. No struct has
 * padding.
 *
 * A plugin never exits, forks, prints, or touches signals, locale, umask or the working directory.
 * It finds SIGPIPE ignored and the locale "C". Descriptors that it opens are close-on-exec. No
 * exception, longjmp or panic leaves a function.
 *
 * Changes, newest first, by the version of dynomatic that has them:
 *   0.1.0  dyn_queue.advise, dyn_host.advise
 *   0.1.0  dyn_scaler.names, dyn_host.put_name
 *   0.1.0  ABI 1, the first
 */
#ifndef DYNOMATIC_PLUGIN_H
#define DYNOMATIC_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised only when every plugin must be built again. A host refuses another number. */
#define DYN_ABI 1u

/* True if the table that `table` points to reaches as far as `member`, and the member is set.
 * The table's owner may be older than this header. */
#define DYN_HAS(table, member)                                                                  \
    ((size_t)((const char *)(&(table)->member + 1) - (const char *)(table)) <= (table)->size && \
     (table)->member != 0)

/* ---- Results ---- */

/* What a function returns. Each failure says what the host does next, never what went wrong:
 * that is the text given to host->fail(). */
enum {
    DYN_OK = 0,     /* done */
    DYN_LATE = 1,   /* out of time, or cancelled: ask again at the usual pace */
    DYN_RETRY = 2,  /* may pass by itself (server down, busy, 5xx): ask again, backing off */
    DYN_BROKEN = 3, /* stays until a person changes something (password, missing table, 403):
                     * reported once, asked again slowly */
    DYN_NO = 4      /* detect only: this store is not mine */
};

/* ---- Values ---- */

/* What host->put() takes. The first block is measured for a group by a queue adapter; the second
 * is read for a name by a scaler back-end. A value that is not put is unknown, which is not zero.
 * Numbers are added, never reused; a host ignores those it does not know. */
enum {
    DYN_WAITING = 0,   /* jobs that a worker could start this instant */
    DYN_LATENCY = 1,   /* ms: age of the oldest waiting job; 0 if none waits; never negative */
    DYN_BUSY = 2,      /* jobs that run now */
    DYN_SCHEDULED = 3, /* jobs whose first run lies in the future */
    DYN_RETRYING = 4,  /* jobs that failed and whose next try lies in the future */
    DYN_FAILED = 5,    /* jobs given up, which a person must look at */
    DYN_NEXT_DUE = 6,  /* ms from now until the next scheduled or retrying job is due; not put if
                        * there is none */
    DYN_WORKERS = 7,   /* worker processes that are alive, busy or not */

    DYN_SIZE = 16,     /* workers that the platform says should run */
    DYN_UP = 17,       /* of them: that run */
    DYN_STARTING = 18, /* of them: that are booting */
    DYN_CRASHED = 19   /* of them: that crashed and wait for the platform to start them again */
};

/* The bit of a value in dyn_group.metrics and dyn_queue.metrics. */
#define DYN_BIT(metric) ((uint32_t)1 << (metric))

/* Flags of host->put(). */
enum {
    DYN_AT_LEAST = 1 /* the true value may be greater */
};

/* What dyn_queue.advise() is asked for. Numbers are added, never reused; an adapter answers one
 * that it does not know with nothing. */
enum {
    DYN_ADVICE_INDEXES = 0, /* indexes by which the store answers sooner, and what they cost */
    DYN_ADVICE_NOTIFY = 1   /* what makes the store tell of new jobs, for watch() */
};

/* Levels of host->log(). */
enum {
    DYN_ERROR = 0, /* a person is needed */
    DYN_WARN = 1,  /* coped with */
    DYN_INFO = 2,  /* the world changed */
    DYN_DEBUG = 3  /* for whoever looks for a fault */
};

/* ---- What the host offers ---- */

struct dyn_worker;

/* Given to load(), for as long as that runs; and to open(), one for each instance: that one lives
 * until close() returned, so a plugin keeps the pointer. All texts given to it are UTF-8, one line,
 * and copied by the host before it returns. */
struct dyn_host {
    uint32_t size; /* sizeof(struct dyn_host), as the host was built */
    uint32_t abi;  /* DYN_ABI of the host */

    /* Fails a call: says what was attempted, on what, and why not ("cannot connect to
     * db.example:5432: connection refused"), without "error:", without secrets. The last text
     * before the return counts; a call that succeeds after all has none. Returns `code`, so that a
     * plugin writes `return host->fail(host, DYN_RETRY, text);`.  [instance]; in load() and open(),
     * [main] */
    int32_t (*fail)(const struct dyn_host *host, int32_t code, const char *text);

    /* Answers a call: element `index` of its array has this value of this metric. Putting a value
     * again replaces it. A value under 0 counts as not put. If the call then fails, all that it
     * put is thrown away: half an answer is none.  [instance] */
    void (*put)(const struct dyn_host *host, uint32_t index, int32_t metric, int64_t value,
                uint32_t flags);

    /* Says why values of element `index` are unknown although the call as a whole succeeds
     * ("WRONGTYPE at key queue:mail"). What differs from time to time, such as the id of a request,
     * stands at the end in brackets: the host tells the rest once.  [instance] */
    void (*unknown)(const struct dyn_host *host, uint32_t index, const char *text);

    /* Answers workers(): element `index` of its array has this busy worker. The worker and its
     * strings are the plugin's, and copied.  [instance] */
    void (*put_worker)(const struct dyn_host *host, uint32_t index,
                       const struct dyn_worker *worker);

    /* Answers detect(): how sure, 1 (a hint) to 100 (proof), and the evidence ("table
     * delayed_jobs with handler, run_at, locked_at, failed_at, locked_by").  [instance] */
    void (*found)(const struct dyn_host *host, int32_t percent, const char *evidence);

    /* Writes a line to the host's log, which puts the instance's name before it. A failure that
     * is returned through fail() is not logged as well.  [any] */
    void (*log)(const struct dyn_host *host, int32_t level, const char *text);

    /* Answers names(): a pool that the platform has, and its size, under 0 if that is not known.
     * [instance] */
    void (*put_name)(const struct dyn_host *host, const char *name, int32_t size);

    /* Answers advise(): the next line of what a person is to run or read; it may be empty. In
     * watch() it says, in one line, how events come ("CLIENT TRACKING"), or why none can ("no
     * trigger on delayed_jobs").  [instance] */
    void (*advise)(const struct dyn_host *host, const char *line);
};

/* Comes with every call that may block. */
struct dyn_call {
    uint32_t size;       /* sizeof(struct dyn_call), as the host was built */
    int32_t cancel_fd;   /* turns readable when the host wants the call to end: return DYN_LATE at
                          * once. The host's; poll it, never read or close it */
    int64_t deadline_ns; /* CLOCK_MONOTONIC, nanoseconds: return DYN_LATE by then */
};

/* ---- Options ---- */

/* The type of an option: what a person may write in the file, and the C member at `offset`. */
enum {
    DYN_TEXT = 0,     /* const char *; NULL if absent */
    DYN_URL = 1,      /* const char *; as DYN_TEXT, printed with its password masked */
    DYN_INTEGER = 2,  /* int64_t; DYN_ABSENT if absent */
    DYN_DURATION = 3, /* int64_t, ms: 500ms, 10s, 5m, 4h, 1d; DYN_ABSENT if absent */
    DYN_BOOLEAN = 4,  /* int32_t: yes/no, true/false, on/off as 1/0; -1 if absent */
    DYN_CHOICE = 5,   /* int32_t: index into the words of `limits`; -1 if absent */
    DYN_LIST = 6      /* struct dyn_list of texts: [a, b] or a single text */
};

/* An integer or a duration that was not given and has no default. */
#define DYN_ABSENT INT64_MIN

enum {
    DYN_REQUIRED = 1, /* must be given, in the file or through `env` */
    DYN_SECRET = 2,   /* never printed, logged or journalled */
    DYN_PLACE = 4,    /* of a scaler: with the others so flagged it names the place. Where two
                       * instances agree in these, one name means the same workers, and two pools
                       * of it are refused. If no option is flagged, all are the place. Back-ends
                       * that flag options of the same names share their places */
    DYN_NAMES = 8     /* of a scaler, on a list: what a pool of this instance sets at the place, in
                       * place of one name of its own */
};

/* Flat list of texts. Absent: items NULL, n 0. */
struct dyn_list {
    const char *const *items;
    size_t n;
};

/* One row of a plugin's option table. The host parses the file by it, checks, prints the help and
 * a sample from it. Constant; only the plugin's. */
struct dyn_option {
    const char *name;     /* key in the file: lower case, digits, underscore */
    const char *standard; /* the default as a person would type it, read by the same parser; NULL:
                           * none. For a list: one item */
    const char *limits;   /* numbers and durations: "1..100", "1s..", "..24h"; choices: "a|b|c";
                           * others: NULL */
    const char *env;      /* environment variables that it falls back to, in order, separated by
                           * spaces; NULL: none */
    const char *help;     /* one line, without a full stop */
    uint32_t type;        /* DYN_TEXT ... */
    uint32_t flags;       /* DYN_REQUIRED | DYN_SECRET | DYN_PLACE | DYN_NAMES */
    uint32_t offset;      /* of the member in the config struct */
    uint32_t reserved;    /* 0 */
};

/* ---- Queue adapters ---- */

/* The queue names that one pool's workers serve, read together. */
struct dyn_group {
    int64_t cap;               /* counting further changes no decision: a count that reaches cap may
                                * stop there and is put with DYN_AT_LEAST. 0: count all */
    const char *name;          /* for texts; unique in the call */
    const char *const *queues; /* as the file has them, patterns included; NULL if n_queues is 0 */
    uint32_t n_queues;         /* 0: all queues, unnamed ones included */
    uint32_t metrics;          /* bits of the values wanted; others need not be put */
};

/* A worker that runs jobs, and so must not be stopped. */
struct dyn_worker {
    int64_t busy_ms;   /* how long its longest job has run; DYN_ABSENT if not known */
    const char *host;  /* the host name as the library has it: "worker.1" on Heroku */
    const char *id;    /* the library's own name for it: "host:worker.1 pid:4" */
    const char *queue; /* of the job that runs longest; NULL if unnamed or not known */
    const char *job;   /* what it runs, for people; NULL if not known */
    uint32_t n_jobs;   /* how many jobs it runs */
    uint32_t reserved; /* 0 */
};

struct dyn_queue {
    uint32_t size;    /* sizeof(struct dyn_queue), as the plugin was built */
    uint32_t metrics; /* bits of the values that this adapter can ever tell; a rule on another one
                       * is refused when the file is checked */

    /* Measures n groups, in one round trip where the store allows it: put()s the values wanted of
     * each. n may be 0: then it only tries the connection. A group whose queues do not exist has
     * 0 waiting jobs; a store that cannot be asked is a failure.  [instance]
     * Returns DYN_OK, or what fail() returned. */
    int32_t (*measure)(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n);

    /* Optional. Is this store mine, and how sure? Calls found() and returns DYN_OK, or DYN_NO; a
     * store that cannot be asked is a failure. Only looks: never creates or writes.  [instance] */
    int32_t (*detect)(void *self, const struct dyn_call *call);

    /* Optional. Gives a descriptor that turns readable when a look at these groups is worth while;
     * a hint, never a count. They are all that the instance has, with the metrics and caps that
     * are measured, though a measure() may be of some of them. The host polls it between calls,
     * answers with measure(), which takes the events off it, and calls watch() again after each
     * measure() and workers(), so that the plugin may give another descriptor after a reconnect.
     * What is written after the last measure() and before watch() returns makes the descriptor
     * readable, too. It is the plugin's, open until the next call or close(). *fd is set to -1
     * where watching is not possible now.  [instance] Returns DYN_OK, or what fail() returned: the
     * host goes on asking each interval, whatever it was. */
    int32_t (*watch)(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                     uint32_t n, int32_t *fd);

    /* Optional. Calls put_worker() for each worker that is busy with a job of group i, i < n.
     * Returns DYN_OK only if all of them were named, else what fail() returned.  [instance] */
    int32_t (*workers)(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n);

    /* Optional. Calls host->advise() for each line of what `topic`, one of DYN_ADVICE_..., means
     * at this store, ready to be run there by a person. Only looks: never creates or writes.
     * [instance] Returns DYN_OK, or what fail() returned. */
    int32_t (*advise)(void *self, const struct dyn_call *call, int32_t topic);
};

/* ---- Scaler back-ends ---- */

/* One pool's size, to be set. */
struct dyn_change {
    const char *name;        /* of the pool at the platform, as in read() */
    const char *const *keep; /* host names of workers that must not be stopped; NULL if n_keep is
                              * 0. The back-end knows whom the platform would stop, so it holds
                              * back: it sets the nearest greater size that spares them */
    uint32_t n_keep;
    int32_t size; /* wanted, absolute */
};

struct dyn_scaler {
    uint32_t size;     /* sizeof(struct dyn_scaler), as the plugin was built */
    uint32_t reserved; /* 0 */

    /* Puts DYN_SIZE, and others of its block where it can, for each of n names, in one request
     * where the platform allows it. A name that the platform does not have: unknown(), and no
     * size.  [instance] Returns DYN_OK, or what fail() returned. */
    int32_t (*read)(void *self, const struct dyn_call *call, const char *const *names, uint32_t n);

    /* Sets n sizes, in one request where the platform allows it, and puts as DYN_SIZE what the
     * platform accepted for each; what was refused: unknown(), and no size. Repeating it is safe.
     * Never touches another name, and makes no request for what it knows to be so already.
     * [instance] Returns DYN_OK, or what fail() returned; then any part may have been applied. */
    int32_t (*apply)(void *self, const struct dyn_call *call, const struct dyn_change *changes,
                     uint32_t n);

    /* Optional. The most that `name` can be set to by these options (a back-end that was given 4
     * names of one-dyno types says 4); a negative number: no such limit. No I/O.  [instance] */
    int32_t (*limit)(void *self, const char *name);

    /* Optional. Calls put_name() for each pool that the place has, for whoever writes a first file.
     * [instance] Returns DYN_OK, or what fail() returned. */
    int32_t (*names)(void *self, const struct dyn_call *call);
};

/* ---- The plugin ---- */

struct dyn_plugin {
    uint32_t size;                    /* sizeof(struct dyn_plugin), as the plugin was built */
    uint32_t abi;                     /* DYN_ABI */
    const char *name;                 /* the file's, without ".so" */
    const char *version;              /* for people */
    const char *summary;              /* one line, without a full stop */
    const struct dyn_option *options; /* NULL if n_options is 0 */
    uint32_t n_options;
    uint32_t option_size; /* sizeof(struct dyn_option), as the plugin was built */
    uint32_t config_size; /* sizeof the struct that the host fills by the options */
    uint32_t reserved;    /* 0 */

    /* Optional. Called once, before any open(): for libraries that must be told once in a process.
     * [main] Returns DYN_OK, or what fail() returned: then the plugin is not used. */
    int32_t (*load)(const struct dyn_host *host);

    /* Makes an instance. `config` points to the plugin's config struct, filled and checked by the
     * option table; it and its strings are the host's and live until close(). Checks what a row
     * cannot say; does no I/O, and so never blocks: the first call connects.  [main]
     * Returns DYN_OK with *self set (not NULL), or what fail() returned, with nothing left over. */
    int32_t (*open)(const struct dyn_host *host, const void *config, void **self);

    /* Ends an instance, without blocking: connections are dropped. NULL is allowed.  [instance] */
    void (*close)(void *self);

    const struct dyn_queue *queue;   /* NULL: not a queue adapter */
    const struct dyn_scaler *scaler; /* NULL: not a scaler back-end */
};

/* The one exported symbol. Define it as
 *     DYN_EXPORT const struct dyn_plugin dynomatic_plugin = { sizeof dynomatic_plugin, DYN_ABI, ...
 * };
 */
#if defined(__GNUC__)
#define DYN_EXPORT __attribute__((visibility("default")))
#else
#define DYN_EXPORT
#endif

extern DYN_EXPORT const struct dyn_plugin dynomatic_plugin;

#ifdef __cplusplus
}
#endif

#endif
