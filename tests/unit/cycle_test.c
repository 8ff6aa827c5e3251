/* SPDX-License-Identifier: MIT
 * The cycle with plugins that are tables of this file, on a false clock: the calls run on real
 * threads, and are waited for. */
#include "core/clock.h"
#include "core/crew.h"
#include "core/cycle_inside.h"
#include "core/memory.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MOST = 4 };

/* ---- A store and a platform, as the test says they are ---- */

struct side {
    const struct dyn_host *host;
    int32_t code;               /* what calls return */
    int64_t values[MOST];       /* jobs waiting, or sizes; -1: not put */
    int32_t most;               /* the platform takes no greater size */
    int32_t apply_code;         /* what its apply calls return, if the others are well */
    int64_t crashed;            /* dynos of each name; -1: not put */
    bool forgets;               /* an apply call puts no size */
    int calls[CALL_ADVISE + 1]; /* made, by kind */
    uint32_t n_last;            /* elements of the last call */
    char last[256];             /* their names, and sizes if it was an apply */
    int hang_fd;                /* a call waits until this is readable; -1: it does not */
    int told_fd;                /* what watch() gives; -1: nothing */
    bool cannot_watch;          /* it fails */
};

struct world {
    struct side *side; /* an option: which side the instance is */
};

static int32_t side_open(const struct dyn_host *host, const void *config, void **self)
{
    const struct world *world = config;
    world->side->host = host;
    *self = world->side;
    return DYN_OK;
}

static void side_close(void *self)
{
    (void)self;
}

static int32_t outcome(struct side *side, enum call_kind kind, uint32_t n)
{
    side->calls[kind]++;
    side->n_last = n;
    struct pollfd fd = {side->hang_fd, POLLIN, 0};
    if (side->hang_fd >= 0)
        poll(&fd, 1, -1);
    return side->code == DYN_OK ? DYN_OK : side->host->fail(side->host, side->code, "as told");
}

static int32_t side_measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                            uint32_t n)
{
    struct side *side = self;
    (void)call;
    side->last[0] = '\0';
    for (uint32_t i = 0; i < n; i++) {
        snprintf(side->last + strlen(side->last), sizeof side->last - strlen(side->last), "%s ",
                 groups[i].name);
        side->host->put(side->host, i, DYN_WAITING, side->values[i], 0);
    }
    return outcome(side, CALL_MEASURE, n);
}

/* Also says what is none of its business. */
static int32_t side_watch(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                          uint32_t n, int32_t *fd)
{
    struct side *side = self;
    (void)call;
    (void)groups;
    side->calls[CALL_WATCH] += (int)n;
    for (uint32_t i = 0; i < n; i++)
        side->host->put(side->host, i, DYN_WAITING, 1000, 0);
    *fd = side->told_fd;
    return side->cannot_watch ? side->host->fail(side->host, DYN_RETRY, "as told") : DYN_OK;
}

static int32_t side_read(void *self, const struct dyn_call *call, const char *const *names,
                         uint32_t n)
{
    struct side *side = self;
    (void)call;
    (void)names;
    for (uint32_t i = 0; i < n; i++) {
        side->host->put(side->host, i, DYN_SIZE, side->values[i], 0);
        side->host->put(side->host, i, DYN_CRASHED, side->crashed, 0);
    }
    return outcome(side, CALL_READ, n);
}

static int32_t side_apply(void *self, const struct dyn_call *call, const struct dyn_change *changes,
                          uint32_t n)
{
    struct side *side = self;
    (void)call;
    side->last[0] = '\0';
    for (uint32_t i = 0; i < n; i++) {
        int32_t size = changes[i].size < side->most ? changes[i].size : side->most;
        snprintf(side->last + strlen(side->last), sizeof side->last - strlen(side->last), "%s=%d ",
                 changes[i].name, changes[i].size);
        if (!side->forgets)
            side->host->put(side->host, i, DYN_SIZE, size, 0);
        if (side->code == DYN_OK && side->apply_code == DYN_OK)
            side->values[atoi(changes[i].name)] = size; /* pools of the tests are "0", "1" ... */
    }
    int32_t code = outcome(side, CALL_APPLY, n);
    if (code == DYN_OK && side->apply_code != DYN_OK)
        return side->host->fail(side->host, side->apply_code, "as told");
    return code;
}

static const struct plugin queue_plugin = {
    .table = {.size = sizeof(struct dyn_plugin),
              .name = "store",
              .open = side_open,
              .close = side_close,
              .queue = &queue_plugin.queue},
    .queue = {.size = sizeof(struct dyn_queue), .measure = side_measure, .watch = side_watch},
};
static const struct plugin scaler_plugin = {
    .table = {.size = sizeof(struct dyn_plugin),
              .name = "platform",
              .open = side_open,
              .close = side_close,
              .scaler = &scaler_plugin.scaler},
    .scaler = {.size = sizeof(struct dyn_scaler), .read = side_read, .apply = side_apply},
};

/* ---- A configuration: pools "0", "1", ...; stores[i] tells which store pool i reads ---- */

struct bench {
    struct side stores[2];
    struct side platform;
    struct crew *crew;
    struct cycle *cycle;
    int64_t now_ms;
};

static struct instance_spec spec_of(enum instance_kind kind, struct side *side, const char *name)
{
    struct world *world = memory_new(1, sizeof *world);
    world->side = side;
    return (struct instance_spec){
        .kind = kind,
        .plugin = kind == INSTANCE_QUEUE ? &queue_plugin : &scaler_plugin,
        .name = memory_copy(name),
        .options = world,
        .timeout_ms = 5000,
        .watches = true,
        .read_every_ms = 30000,
    };
}

static struct pool_spec pool_of(size_t i, size_t store)
{
    struct pool_spec pool = {.name = memory_format("%zu", i),
                             .process = memory_format("%zu", i),
                             .interval_ms = 1000,
                             .sources = memory_new(1, sizeof(size_t)),
                             .n_sources = 1,
                             .scaler = 2};
    pool.sources[0] = store;
    static struct rule rules[] = {{RULE_JOBS, 10, 5, 0}}; /* at least 10 jobs: 5 dynos */
    pool.policy = (struct policy){.rules = rules,
                                  .n_rules = 1,
                                  .min = 1,
                                  .max = INT32_MAX,
                                  .stale_ms = 10000,
                                  .hold_ms = 600000,
                                  .then = -1,
                                  .protect = PROTECT_NONE};
    return pool;
}

static void set_up(struct bench *bench, size_t n_pools, const size_t *stores,
                   struct cycle_options options)
{
    static const struct side idle = {.most = INT32_MAX, .hang_fd = -1, .told_fd = -1};
    struct error error = {""};
    struct text errors = {0};
    *bench = (struct bench){.stores = {idle, idle}, .platform = idle, .now_ms = 1000000};
    struct settings *settings = memory_new(1, sizeof *settings);
    settings->path = memory_copy("test");
    settings->n_instances = 3;
    settings->instances = memory_new(3, sizeof *settings->instances);
    settings->instances[0] = spec_of(INSTANCE_QUEUE, &bench->stores[0], "store");
    settings->instances[1] = spec_of(INSTANCE_QUEUE, &bench->stores[1], "store#2");
    settings->instances[2] = spec_of(INSTANCE_SCALER, &bench->platform, "platform");
    settings->pools = memory_new(n_pools, sizeof *settings->pools);
    for (size_t i = 0; i < n_pools; i++)
        settings->pools[i] = pool_of(i, stores[i]);
    settings->n_pools = n_pools;
    bench->crew = crew_new(4, &error);
    bench->cycle = cycle_new(settings, options, &errors);
    CHECK_TEXT(text_chars(&errors), "");
}

static void tear_down(struct bench *bench)
{
    cycle_free(bench->cycle);
    crew_free(bench->crew);
}

static void take_one(struct bench *bench)
{
    struct instance *instance = crew_take(bench->crew);
    if (instance != NULL)
        cycle_finish(bench->cycle, instance, bench->now_ms);
}

/* Waits until at most `left` calls are still running, and takes the others. */
static void take(struct bench *bench, size_t left)
{
    while (crew_running(bench->crew) > left) {
        struct pollfd fd = {crew_fd(bench->crew), POLLIN, 0};
        poll(&fd, 1, -1);
        take_one(bench);
    }
}

/* All that happens in the next ms milliseconds, in steps of 100, with `left` calls that hang. */
static void pass(struct bench *bench, int64_t ms, size_t left)
{
    for (int64_t passed_ms = 0; passed_ms < ms; passed_ms += 100) {
        bench->now_ms += 100;
        for (int i = 0; i < 4; i++) { /* a call's outcome may start another at once */
            cycle_take_events(bench->cycle);
            cycle_step(bench->cycle, bench->crew, bench->now_ms);
            take(bench, left);
        }
    }
}

static const size_t one_store[] = {0, 0, 0, 0};
static const size_t two_stores[] = {0, 1};

/* ---- What it shows ---- */

static void pools_that_share_are_asked_together(void)
{
    struct bench bench;
    set_up(&bench, 2, one_store, (struct cycle_options){0});
    bench.stores[0].values[0] = 10;
    bench.stores[0].values[1] = 31;
    pass(&bench, 100, 0);
    CHECK_INT(bench.stores[0].calls[CALL_MEASURE], 1);
    CHECK_TEXT(bench.stores[0].last, "0 1 ");
    CHECK_INT(bench.platform.calls[CALL_READ], 1);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 1);
    CHECK_TEXT(bench.platform.last, "0=5 1=5 ");
    tear_down(&bench);
}

static void a_second_store_goes_into_the_same_request(void)
{
    struct bench bench;
    set_up(&bench, 2, two_stores, (struct cycle_options){0});
    bench.stores[0].values[0] = 10;
    bench.stores[1].values[0] = 10;
    pass(&bench, 100, 0);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 1);
    CHECK_TEXT(bench.platform.last, "0=5 1=5 ");
    tear_down(&bench);
}

static void nothing_changed_makes_no_request(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){0});
    bench.platform.values[0] = 1;
    pass(&bench, 10000, 0);
    CHECK_INT(bench.stores[0].calls[CALL_MEASURE], 11);
    CHECK_INT(bench.platform.calls[CALL_READ], 1);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 0);
    tear_down(&bench);
}

static void a_failing_store_leaves_the_size(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){0});
    bench.platform.values[0] = 5;
    bench.stores[0].code = DYN_RETRY;
    pass(&bench, 100000, 0);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 0);
    CHECK_INT(bench.platform.values[0], 5);
    CHECK(bench.stores[0].calls[CALL_MEASURE] >= 4); /* it goes on trying, with pauses */
    CHECK(bench.stores[0].calls[CALL_MEASURE] <= 10);
    bench.stores[0].code = DYN_OK;
    pass(&bench, 80000, 0);
    CHECK_INT(bench.platform.values[0], 1);
    tear_down(&bench);
}

static void a_value_not_put_leaves_the_size(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){0});
    bench.platform.values[0] = 5;
    bench.stores[0].values[0] = -1;
    pass(&bench, 10000, 0);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 0);
    CHECK_INT(bench.platform.values[0], 5);
    tear_down(&bench);
}

static void a_hanging_store_holds_up_only_its_pools(void)
{
    struct bench bench;
    int fds[2];
    set_up(&bench, 2, two_stores, (struct cycle_options){0});
    CHECK_INT(pipe(fds), 0);
    bench.stores[0].hang_fd = fds[0];
    bench.platform.values[0] = 5;
    bench.stores[1].values[0] = 12;
    pass(&bench, 20000, 1);
    CHECK_INT(bench.platform.values[0], 5);
    CHECK_INT(bench.platform.values[1], 5);
    CHECK(bench.stores[1].calls[CALL_MEASURE] >= 19);
    char *names = cycle_running_names(bench.cycle);
    CHECK_TEXT(names, "store (measure)");
    free(names);
    CHECK_INT(write(fds[1], "x", 1), 1);
    take(&bench, 0);
    CHECK_INT(bench.stores[0].calls[CALL_MEASURE], 1);
    bench.stores[0].hang_fd = -1;
    pass(&bench, 30000, 0);
    CHECK_INT(bench.platform.values[0], 1);
    close(fds[0]);
    close(fds[1]);
    tear_down(&bench);
}

static void after_a_failed_apply_the_size_is_read_before_the_next(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){0});
    bench.platform.values[0] = 1;
    pass(&bench, 1000, 0);
    bench.stores[0].values[0] = 10;
    bench.platform.code = DYN_RETRY;
    pass(&bench, 1000, 0);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 1);
    bench.platform.code = DYN_OK;
    bench.platform.values[0] = 5; /* it was applied, and the answer was lost */
    pass(&bench, 5000, 0);
    CHECK_INT(bench.platform.calls[CALL_READ], 2);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 1);
    tear_down(&bench);
}

static void a_refused_change_and_a_good_read_have_paces_of_their_own(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){0});
    bench.platform.values[0] = 1;
    bench.platform.apply_code = DYN_BROKEN; /* the token may read, and no more */
    bench.stores[0].values[0] = 10;
    pass(&bench, 1800000, 0);
    CHECK(bench.platform.calls[CALL_APPLY] >= 5);
    CHECK(bench.platform.calls[CALL_APPLY] <= 12); /* 10 s, 20 s, ... 5 min */
    CHECK(bench.platform.calls[CALL_READ] >= 60);  /* each read_every all the same */
    tear_down(&bench);
}

static void a_size_that_is_not_told_is_read_at_once(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){0});
    bench.platform.values[0] = 1;
    pass(&bench, 1000, 0);
    bench.platform.forgets = true; /* what it made of a change is not in its answer */
    bench.stores[0].values[0] = 10;
    pass(&bench, 1000, 0);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 1);
    CHECK_INT(bench.platform.calls[CALL_READ], 2);
    pass(&bench, 5000, 0);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 1);
    tear_down(&bench);
}

static void crashes_that_are_not_told_this_time_are_not_gone(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){0});
    bench.platform.values[0] = 2;
    bench.platform.crashed = 2;
    bench.stores[0].values[0] = 10;
    pass(&bench, 1000, 0);
    bench.platform.crashed = -1;
    pass(&bench, 120000, 0);
    CHECK_INT(bench.platform.values[0], 2);
    pass(&bench, 600000, 0); /* but not for ever */
    CHECK_INT(bench.platform.values[0], 5);
    tear_down(&bench);
}

static void a_refusal_ends_when_the_size_is_there(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){0});
    bench.platform.most = 3;
    bench.stores[0].values[0] = 10;
    pass(&bench, 1000, 0);
    CHECK_INT(bench.platform.values[0], 3);
    bench.platform.most = INT32_MAX;
    bench.platform.values[0] = 5; /* a person has seen to it */
    pass(&bench, 30000, 0);
    bench.platform.values[0] = 4; /* and later to the contrary: asked for again at once */
    pass(&bench, 31000, 0);
    CHECK_INT(bench.platform.values[0], 5);
    tear_down(&bench);
}

static void a_size_that_is_not_taken_is_not_hammered(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){0});
    bench.platform.most = 3;
    bench.stores[0].values[0] = 10;
    pass(&bench, 20000, 0);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 1);
    CHECK_INT(bench.platform.values[0], 3);
    pass(&bench, 20000, 0);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 2); /* read_every later */
    bench.stores[0].values[0] = 0;                  /* another size is asked for at once */
    pass(&bench, 1100, 0);
    CHECK_INT(bench.platform.values[0], 1);
    tear_down(&bench);
}

static void a_size_changed_by_others_is_corrected(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){0});
    bench.stores[0].values[0] = 10;
    pass(&bench, 1000, 0);
    CHECK_INT(bench.platform.values[0], 5);
    bench.platform.values[0] = 2;
    pass(&bench, 31000, 0);
    CHECK_INT(bench.platform.calls[CALL_READ], 2);
    CHECK_INT(bench.platform.values[0], 5);
    tear_down(&bench);
}

static void a_dry_run_applies_nothing(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){.dry_run = true});
    bench.stores[0].values[0] = 10;
    pass(&bench, 5000, 0);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 0);
    CHECK_INT(bench.platform.values[0], 0);
    tear_down(&bench);
}

static void once_calls_each_once_and_knows_if_it_is_done(void)
{
    struct bench bench;
    set_up(&bench, 2, one_store, (struct cycle_options){.once = true});
    bench.stores[0].values[0] = 10;
    CHECK(!cycle_is_settled(bench.cycle));
    pass(&bench, 5000, 0);
    CHECK_INT(bench.stores[0].calls[CALL_MEASURE], 1);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 1);
    CHECK_INT(cycle_step(bench.cycle, bench.crew, bench.now_ms), INT64_MAX);
    CHECK(cycle_is_settled(bench.cycle));
    tear_down(&bench);
}

static void once_waits_for_a_thread(void)
{
    struct bench bench;
    struct error error = {""};
    set_up(&bench, 2, two_stores, (struct cycle_options){.once = true});
    crew_free(bench.crew);
    bench.crew = crew_new(1, &error);
    bench.stores[0].values[0] = bench.stores[1].values[0] = 10;
    pass(&bench, 5000, 0);
    CHECK_INT(bench.platform.values[0], 5);
    CHECK_INT(bench.platform.values[1], 5);
    CHECK(cycle_is_settled(bench.cycle));
    tear_down(&bench);
}

static void once_with_a_failing_store_is_not_done(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){.once = true});
    bench.stores[0].code = DYN_RETRY;
    pass(&bench, 5000, 0);
    CHECK_INT(bench.stores[0].calls[CALL_MEASURE], 1);
    CHECK_INT(cycle_step(bench.cycle, bench.crew, bench.now_ms), INT64_MAX);
    CHECK(!cycle_is_settled(bench.cycle));
    tear_down(&bench);
}

static void waiting_takes_no_time(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){0});
    bench.platform.values[0] = 1;
    for (int i = 0; i < 4; i++) {
        cycle_step(bench.cycle, bench.crew, bench.now_ms);
        take(&bench, 0);
    }
    int64_t next_ms = cycle_step(bench.cycle, bench.crew, bench.now_ms);
    CHECK_INT(next_ms, bench.now_ms + 1000); /* nothing to come back for before */
    tear_down(&bench);
}

static int readable(void)
{
    return eventfd(1, EFD_CLOEXEC);
}

static void what_a_store_tells_is_looked_at_and_no_more_than_that(void)
{
    struct bench bench;
    set_up(&bench, 2, one_store, (struct cycle_options){0});
    bench.platform.values[0] = bench.platform.values[1] = 1;
    pass(&bench, 1000, 0);
    CHECK_INT(bench.stores[0].calls[CALL_MEASURE], 2);
    CHECK_INT(bench.stores[0].calls[CALL_WATCH], 4); /* both pools, each time */
    bench.stores[0].told_fd = readable();            /* for ever, whatever is measured */
    pass(&bench, 10000, 0);
    CHECK(bench.stores[0].calls[CALL_MEASURE] > 50);
    CHECK(bench.stores[0].calls[CALL_MEASURE] <= 2 + 101);
    close(bench.stores[0].told_fd);
    tear_down(&bench);
}

static void a_descriptor_that_cannot_be_waited_for_does_no_harm(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){0});
    bench.platform.values[0] = 1;
    bench.stores[0].told_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pass(&bench, 3000, 0);
    CHECK_INT(bench.stores[0].calls[CALL_MEASURE], 4);
    close(bench.stores[0].told_fd);
    tear_down(&bench);
}

static void a_watch_that_fails_is_not_tried_each_time(void)
{
    struct bench bench;
    set_up(&bench, 1, one_store, (struct cycle_options){0});
    bench.platform.values[0] = 1;
    bench.stores[0].cannot_watch = true;
    pass(&bench, 50000, 0);
    CHECK_INT(bench.stores[0].calls[CALL_MEASURE], 51);
    CHECK_INT(bench.stores[0].calls[CALL_WATCH], 1);
    CHECK_INT(bench.platform.calls[CALL_APPLY], 0); /* what it put is no answer */
    pass(&bench, 20000, 0);
    CHECK_INT(bench.stores[0].calls[CALL_WATCH], 2);
    tear_down(&bench);
}

/* All that happens in the next ms milliseconds on threads that may be held up. */
static void pass_beside_hung_calls(struct bench *bench, int64_t ms)
{
    size_t held = crew_running(bench->crew);
    for (int64_t end_ms = bench->now_ms + ms; bench->now_ms < end_ms; bench->now_ms += 100) {
        cycle_step(bench->cycle, bench->crew, bench->now_ms);
        struct pollfd fd = {crew_fd(bench->crew), POLLIN, 0};
        while (crew_running(bench->crew) > held && poll(&fd, 1, -1) > 0)
            take_one(bench);
    }
}

/* Lets a crew of one thread make a call that hangs until something is written to the result. */
static int hang(struct bench *bench)
{
    struct error error = {""};
    int ends[2] = {-1, -1};
    CHECK_INT(pipe(ends), 0);
    crew_free(bench->crew);
    bench->crew = crew_new(1, &error);
    bench->stores[0].hang_fd = ends[0];
    cycle_step(bench->cycle, bench->crew, bench->now_ms);
    return ends[1];
}

static void let_go(struct bench *bench, int end)
{
    CHECK_INT(write(end, "x", 1), 1);
    take(bench, 0);
    close(bench->stores[0].hang_fd);
    close(end);
}

static void a_thread_is_waited_for_no_longer_than_a_call(void)
{
    struct bench bench;
    set_up(&bench, 2, two_stores, (struct cycle_options){0});
    int end = hang(&bench); /* no other call has a thread, before this one is known to hang */
    pass_beside_hung_calls(&bench, 20000);
    CHECK(bench.stores[1].calls[CALL_MEASURE] > 10);
    let_go(&bench, end);
    tear_down(&bench);
}

static void a_reload_beside_a_hanging_call_leaves_room(void)
{
    struct bench old;
    struct bench next;
    set_up(&old, 1, one_store, (struct cycle_options){0});
    int end = hang(&old);
    set_up(&next, 1, one_store, (struct cycle_options){0});
    crew_free(next.crew);
    next.crew = old.crew;
    next.now_ms = old.now_ms + 2700;
    cycle_inherit(next.cycle, old.cycle, next.now_ms);
    cycle_abandon(old.cycle, next.crew);
    cycle_free(old.cycle); /* leaves all as it is */
    pass_beside_hung_calls(&next, 10000);
    CHECK(next.stores[0].calls[CALL_MEASURE] > 5);
    CHECK_INT(write(end, "x", 1), 1);
    old.crew = next.crew;
    take(&old, 0);
    close(old.stores[0].hang_fd);
    close(end);
    tear_down(&next);
    cycle_free(old.cycle);
}

/* The past of the second pool is that of the first one now. */
static void a_reload_knows_pools_by_their_names(void)
{
    struct bench old;
    struct bench next;
    set_up(&old, 2, one_store, (struct cycle_options){0});
    set_up(&next, 2, one_store, (struct cycle_options){0});
    struct history history = {.present = 7};
    past_keep(&old.cycle->pools[1].past, &history);
    char *name = next.cycle->settings->pools[0].name;
    next.cycle->settings->pools[0].name = next.cycle->settings->pools[1].name;
    next.cycle->settings->pools[1].name = name;
    cycle_inherit(next.cycle, old.cycle, next.now_ms);
    CHECK_INT(past_open(next.cycle->pools[0].past).present, 7);
    CHECK_INT(past_open(next.cycle->pools[1].past).present, 0);
    tear_down(&old);
    tear_down(&next);
}

static void calls_that_wait_for_a_thread_are_made_when_there_is_one(void)
{
    struct bench bench;
    struct error error = {""};
    set_up(&bench, 2, two_stores, (struct cycle_options){0});
    crew_free(bench.crew);
    bench.crew = crew_new(1, &error);
    bench.stores[0].values[0] = bench.stores[1].values[0] = 10;
    pass(&bench, 200, 0);
    CHECK_INT(bench.stores[0].calls[CALL_MEASURE], 1);
    CHECK_INT(bench.stores[1].calls[CALL_MEASURE], 1);
    CHECK_INT(bench.platform.values[0], 5);
    CHECK_INT(bench.platform.values[1], 5);
    tear_down(&bench);
}

static const struct test tests[] = {
    {"a reload knows pools by their names", a_reload_knows_pools_by_their_names},
    {"what a store tells is looked at, and no more than that",
     what_a_store_tells_is_looked_at_and_no_more_than_that},
    {"a descriptor that cannot be waited for does no harm",
     a_descriptor_that_cannot_be_waited_for_does_no_harm},
    {"a watch that fails is not tried each time", a_watch_that_fails_is_not_tried_each_time},
    {"a thread is waited for no longer than a call", a_thread_is_waited_for_no_longer_than_a_call},
    {"a reload beside a hanging call leaves room", a_reload_beside_a_hanging_call_leaves_room},
    {"calls that wait for a thread are made when there is one",
     calls_that_wait_for_a_thread_are_made_when_there_is_one},
    {"pools that share are asked together", pools_that_share_are_asked_together},
    {"a second store goes into the same request", a_second_store_goes_into_the_same_request},
    {"nothing changed makes no request", nothing_changed_makes_no_request},
    {"a failing store leaves the size", a_failing_store_leaves_the_size},
    {"a value not put leaves the size", a_value_not_put_leaves_the_size},
    {"a hanging store holds up only its pools", a_hanging_store_holds_up_only_its_pools},
    {"after a failed apply the size is read before the next",
     after_a_failed_apply_the_size_is_read_before_the_next},
    {"a refused change and a good read have paces of their own",
     a_refused_change_and_a_good_read_have_paces_of_their_own},
    {"a size that is not told is read at once", a_size_that_is_not_told_is_read_at_once},
    {"crashes that are not told this time are not gone",
     crashes_that_are_not_told_this_time_are_not_gone},
    {"a refusal ends when the size is there", a_refusal_ends_when_the_size_is_there},
    {"a size that is not taken is not hammered", a_size_that_is_not_taken_is_not_hammered},
    {"a size changed by others is corrected", a_size_changed_by_others_is_corrected},
    {"a dry run applies nothing", a_dry_run_applies_nothing},
    {"once calls each once and knows if it is done", once_calls_each_once_and_knows_if_it_is_done},
    {"once waits for a thread", once_waits_for_a_thread},
    {"once with a failing store is not done", once_with_a_failing_store_is_not_done},
    {"waiting takes no time", waiting_takes_no_time},
};
SUITE_MAIN("cycle", tests)
