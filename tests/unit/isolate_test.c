/* SPDX-License-Identifier: MIT
 * What a process of its own contains: tests/plugin/faulty.c breaks the contract in each way, and
 * costs its own call. This program is started again as that process (suite.c). */
#include "core/isolate.h"

#include "core/clock.h"
#include "core/instance.h"
#include "core/memory.h"
#include "core/option.h"
#include "tests/support/suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOON_MS = 200, LONG_MS = 60000 };

static const char *const faults[] = {"none",  "open",  "open_die", "crash",     "exit",
                                     "hang",  "leak",  "greedy",   "files",     "garbage",
                                     "shout", "print", "close",    "close_hang"};

/* An instance of faulty.so with its options, which the texts are of. */
struct bench {
    struct instance_spec spec;
    struct instance *instance; /* NULL: it does not open */
    struct error error;
    char once[64]; /* a file: its fault happens once */
};

static struct option_table table_of(const struct bench *bench)
{
    return (struct option_table){bench->spec.plugin->options, bench->spec.plugin->table.n_options};
}

static void set(struct bench *bench, const char *name, const char *const *texts, size_t n)
{
    struct option_table table = table_of(bench);
    struct error error = {""};
    for (size_t i = 0; i < table.n; i++)
        if (strcmp(table.rows[i].name, name) == 0)
            option_set(&table.rows[i], texts, n, bench->spec.options, &error);
    CHECK_TEXT(error.text, "");
}

static void set_one(struct bench *bench, const char *name, const char *text)
{
    set(bench, name, &text, 1);
}

/* Its open() is yet to be called. */
static void bench_init(struct bench *bench, enum instance_kind kind, const char *fault)
{
    const char *build = getenv("top_builddir");
    char *path = memory_format("%s/tests/plugin/.libs/faulty.so", build != NULL ? build : ".");
    struct error error = {""};
    *bench = (struct bench){.spec = {.kind = kind, .is_isolated = true}};
    bench->spec.plugin = plugin_read(path, &error);
    free(path);
    if (bench->spec.plugin == NULL) {
        fprintf(stderr, "%s\n", error.text);
        exit(EXIT_FAILURE);
    }
    bench->spec.name = memory_copy("faulty");
    bench->spec.options = memory_new(1, bench->spec.plugin->table.config_size);
    option_init(table_of(bench), bench->spec.options);
    set_one(bench, "fault", fault);
}

static void bench_open(struct bench *bench)
{
    bench->instance = instance_open(&bench->spec, &bench->error);
}

static void bench_start(struct bench *bench, enum instance_kind kind, const char *fault)
{
    bench_init(bench, kind, fault);
    bench_open(bench);
    CHECK_TEXT(bench->error.text, "");
}

/* With a fault that does not come back once it was there. */
static void bench_start_once(struct bench *bench, const char *fault)
{
    bench_init(bench, INSTANCE_QUEUE, fault);
    snprintf(bench->once, sizeof bench->once, "/tmp/dynomatic-test.%d", (int)getpid());
    unlink(bench->once);
    set_one(bench, "once", bench->once);
    bench_open(bench);
    CHECK_TEXT(bench->error.text, "");
}

static void bench_end(struct bench *bench)
{
    instance_close(bench->instance);
    option_fini(table_of(bench), bench->spec.options);
    free(bench->spec.options);
    free(bench->spec.name);
    if (bench->once[0] != '\0')
        unlink(bench->once);
    CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

/* Measures one group; what the call returned. */
static int32_t measure(struct bench *bench, int64_t patience_ms)
{
    static const struct dyn_group group = {.name = "worker", .metrics = DYN_BIT(DYN_WAITING)};
    instance_prepare_measure(bench->instance, &group, 1);
    instance_run(bench->instance, clock_now_ms() + patience_ms);
    return instance_code(bench->instance);
}

/* What the plugin tells of itself, see faulty.c. */
static const char *told(const struct bench *bench)
{
    const char *text = instance_answer(bench->instance, 0)->unknown;
    return text != NULL ? text : "";
}

static long pid_of(const struct bench *bench)
{
    const char *pid = strstr(told(bench), "pid ");
    return pid != NULL ? strtol(pid + 4, NULL, 10) : -1;
}

/* ---- Nothing is lost on the way ---- */

static void options_arrive(void)
{
    static const char *const list[] = {"a b", "c, d", "e"};
    struct bench bench;
    bench_init(&bench, INSTANCE_QUEUE, "none");
    set(&bench, "list", list, 3);
    set_one(&bench, "secret", "t0ken");
    set_one(&bench, "number", "-9000000000");
    set_one(&bench, "flag", "yes");
    bench_open(&bench);
    CHECK_INT(measure(&bench, LONG_MS), DYN_OK);
    CHECK_HAS(told(&bench), "secret t0ken, number -9000000000, flag 1, list a b c, d e, ");
    CHECK(pid_of(&bench) > 0 && pid_of(&bench) != getpid());
    bench_end(&bench);
}

static void absent_options_stay_absent(void)
{
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "none");
    CHECK_INT(measure(&bench, LONG_MS), DYN_OK);
    CHECK_HAS(told(&bench), "secret none, number -9223372036854775808, flag -1, list, ");
    bench_end(&bench);
}

static void queues_are_measured(void)
{
    static const char *const queues[] = {"mail", "default"};
    const struct dyn_group groups[] = {
        {.cap = 31, .name = "a", .queues = queues, .n_queues = 2, .metrics = 3},
        {.cap = 7, .name = "b", .metrics = 1},
    };
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "none");
    instance_prepare_measure(bench.instance, groups, 2);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    CHECK_TEXT(instance_failure(bench.instance), "");
    struct value waiting = answer_value(instance_answer(bench.instance, 0), DYN_WAITING);
    CHECK(waiting.number == 42 && waiting.doubt == KNOWN_AT_LEAST);
    struct value latency = answer_value(instance_answer(bench.instance, 1), DYN_LATENCY);
    CHECK(latency.number == 7 && latency.doubt == KNOWN_EXACT);
    CHECK_HAS(instance_answer(bench.instance, 0)->unknown, "mail: pid ");
    CHECK_HAS(instance_answer(bench.instance, 1)->unknown, "b: pid ");
    CHECK(instance_names_busy(bench.instance));
    instance_prepare_workers(bench.instance, &groups[1], 0);
    bench_end(&bench);
}

static void many_groups_are_one_call(void)
{
    enum { MANY = 10000 };
    struct dyn_group *groups = memory_new(MANY, sizeof *groups);
    for (int i = 0; i < MANY; i++)
        groups[i] = (struct dyn_group){.cap = i, .name = "worker", .metrics = 3};
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "none");
    instance_prepare_measure(bench.instance, groups, MANY);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    CHECK_TEXT(instance_failure(bench.instance), "");
    const struct answer *last = instance_answer(bench.instance, MANY - 1);
    CHECK_INT(answer_value(last, DYN_LATENCY).number, MANY - 1);
    free(groups);
    bench_end(&bench);
}

static void busy_workers_are_named(void)
{
    const struct dyn_group group = {.name = "worker"};
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "none");
    instance_prepare_workers(bench.instance, &group, 1);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    size_t n;
    char **busy = instance_take_busy(bench.instance, 0, &n);
    CHECK_INT(n, 1);
    if (n == 1) {
        CHECK_TEXT(busy[0], "worker.1");
        free(busy[0]);
    }
    free(busy);
    bench_end(&bench);
}

static bool is_told(const struct bench *bench)
{
    struct pollfd fd = {instance_watch_fd(bench->instance), POLLIN, 0};
    return poll(&fd, 1, 0) == 1 && fd.revents == POLLIN;
}

static void events_arrive(void)
{
    const struct dyn_group groups[] = {{.name = "a"}, {.name = "b"}};
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "none");
    CHECK(instance_can_watch(bench.instance));
    instance_prepare_watch(bench.instance, groups, 2);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    CHECK_TEXT(instance_failure(bench.instance), "");
    CHECK_TEXT(instance_advice(bench.instance), "b");
    CHECK(is_told(&bench));
    instance_prepare_measure(bench.instance, groups, 2);
    instance_then_watch(bench.instance, groups, 1);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    CHECK_INT(answer_value(instance_answer(bench.instance, 1), DYN_WAITING).number, 40);
    CHECK_TEXT(instance_advice(bench.instance), "a");
    CHECK(is_told(&bench));
    instance_prepare_watch(bench.instance, groups, 0);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    CHECK_TEXT(instance_advice(bench.instance), "no groups");
    CHECK_INT(instance_watch_fd(bench.instance), -1);
    CHECK_INT(measure(&bench, LONG_MS), DYN_OK); /* nothing of the descriptors is left over */
    bench_end(&bench);
}

static void the_end_of_the_process_is_an_event(void)
{
    const struct dyn_group group = {.name = "silent"};
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "none");
    CHECK_INT(measure(&bench, LONG_MS), DYN_OK);
    long pid = pid_of(&bench);
    instance_prepare_watch(bench.instance, &group, 1);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    CHECK(!is_told(&bench));
    CHECK_INT(kill((pid_t)pid, SIGKILL), 0);
    struct pollfd fd = {instance_watch_fd(bench.instance), POLLIN, 0};
    CHECK_INT(poll(&fd, 1, LONG_MS), 1);
    CHECK_INT(measure(&bench, LONG_MS), DYN_RETRY);
    bench_end(&bench);
}

static void a_watch_that_crashes_costs_itself(void)
{
    const struct dyn_group group = {.name = "a", .cap = 1};
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "crash");
    instance_prepare_watch(bench.instance, &group, 1);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    CHECK_INT(instance_code(bench.instance), DYN_RETRY);
    CHECK_INT(instance_watch_fd(bench.instance), -1);
    bench_end(&bench);
}

static void advice_arrives(void)
{
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "none");
    instance_prepare_advise(bench.instance, DYN_ADVICE_NOTIFY);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    CHECK_TEXT(instance_advice(bench.instance), "notify\n\nend");
    bench_end(&bench);
}

static void sizes_are_read_and_set(void)
{
    static const char *const names[] = {"web", "worker"};
    static const char *const keep[] = {"worker.7"};
    const struct dyn_change changes[] = {{"worker", keep, 1, 5}, {"web", NULL, 0, 0}};
    struct bench bench;
    bench_start(&bench, INSTANCE_SCALER, "none");
    CHECK_INT(instance_limit(bench.instance, "worker"), 6);
    instance_prepare_read(bench.instance, names, 2);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    CHECK_INT(answer_value(instance_answer(bench.instance, 0), DYN_SIZE).number, 3);
    CHECK_INT(answer_value(instance_answer(bench.instance, 1), DYN_SIZE).number, 6);
    instance_prepare_apply(bench.instance, changes, 2);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    CHECK_INT(answer_value(instance_answer(bench.instance, 0), DYN_SIZE).number, 6);
    CHECK_INT(answer_value(instance_answer(bench.instance, 1), DYN_SIZE).number, 0);
    instance_prepare_names(bench.instance);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    CHECK_TEXT(instance_listed(bench.instance), "web (1), worker (?)");
    bench_end(&bench);
}

static void no_others_secrets_are_inherited(void)
{
    setenv("ANOTHERS_TOKEN", "s3cret", 1);
    setenv("FAULTY_SECRET", "its own", 1);
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "none");
    CHECK_INT(measure(&bench, LONG_MS), DYN_OK);
    const char *environment = strstr(told(&bench), ", environment ");
    CHECK(environment != NULL);
    if (environment != NULL) {
        CHECK_HAS(environment, " PATH");
        CHECK_HAS(environment, " FAULTY_SECRET");
        CHECK(strstr(environment, "ANOTHERS_TOKEN") == NULL);
        CHECK(strstr(environment, "top_builddir") == NULL);
    }
    unsetenv("ANOTHERS_TOKEN");
    unsetenv("FAULTY_SECRET");
    bench_end(&bench);
}

/* ---- What goes wrong ---- */

static void a_crash_is_a_failed_call(void)
{
    struct bench bench;
    bench_start_once(&bench, "crash");
    CHECK_INT(measure(&bench, LONG_MS), DYN_RETRY);
    CHECK_TEXT(instance_failure(bench.instance),
               "faulty.so (isolated) was killed by signal 11 (Segmentation fault)");
    CHECK_INT(measure(&bench, LONG_MS), DYN_OK);
    CHECK(pid_of(&bench) > 0);
    bench_end(&bench);
}

static void an_exit_is_a_failed_call(void)
{
    struct bench bench;
    bench_start_once(&bench, "exit");
    CHECK_INT(measure(&bench, LONG_MS), DYN_RETRY);
    CHECK_TEXT(instance_failure(bench.instance), "faulty.so (isolated) exited with status 7");
    CHECK_INT(measure(&bench, LONG_MS), DYN_OK);
    bench_end(&bench);
}

static void a_hang_is_killed(void)
{
    struct bench bench;
    bench_start_once(&bench, "hang");
    CHECK_INT(measure(&bench, SOON_MS), DYN_RETRY);
    CHECK_TEXT(instance_failure(bench.instance),
               "faulty.so (isolated) was not back in time, and was killed");
    CHECK_INT(measure(&bench, LONG_MS), DYN_OK);
    bench_end(&bench);
}

static void a_cancel_is_passed_on(void)
{
    const struct dyn_group waits = {.name = "worker", .cap = 1};
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "none");
    CHECK_INT(measure(&bench, LONG_MS), DYN_OK);
    long pid = pid_of(&bench);
    instance_prepare_workers(bench.instance, &waits, 1);
    instance_cancel(bench.instance);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    CHECK_INT(instance_code(bench.instance), DYN_LATE);
    CHECK_TEXT(instance_failure(bench.instance), "told to end");
    CHECK_INT(measure(&bench, LONG_MS), DYN_OK);
    CHECK_INT(pid_of(&bench), pid); /* it kept the contract, and goes on */
    bench_end(&bench);
}

static void a_cancel_that_is_ignored_kills(void)
{
    static const struct dyn_group group = {.name = "worker"};
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "hang");
    instance_prepare_measure(bench.instance, &group, 1);
    instance_cancel(bench.instance);
    instance_run(bench.instance, clock_now_ms() + LONG_MS);
    CHECK_TEXT(instance_failure(bench.instance),
               "faulty.so (isolated) was not back in time, and was killed");
    bench_end(&bench);
}

static void a_leak_is_ended(void)
{
    enum { CALLS = 2 * ISOLATE_MEMORY_MIB / 64 };
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "leak");
    CHECK_INT(measure(&bench, LONG_MS), DYN_OK);
    long first = pid_of(&bench);
    int calls = 1;
    while (calls < CALLS && measure(&bench, LONG_MS) == DYN_OK)
        calls++;
    CHECK_INT(instance_code(bench.instance), DYN_RETRY);
    CHECK_INT(measure(&bench, LONG_MS), DYN_OK);
    CHECK(first > 0 && pid_of(&bench) > 0 && pid_of(&bench) != first);
    bench_end(&bench);
}

static void memory_is_limited(void)
{
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "greedy");
    CHECK_INT(measure(&bench, LONG_MS), DYN_RETRY);
    CHECK_HAS(instance_failure(bench.instance), "faulty.so (isolated) ");
    bench_end(&bench);
}

static void descriptors_are_limited(void)
{
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "files");
    CHECK_INT(measure(&bench, LONG_MS), DYN_RETRY);
    CHECK_TEXT(instance_failure(bench.instance), "no more than 251 files"); /* of 256, after 5 */
    bench_end(&bench);
}

static void garbage_is_no_answer(void)
{
    struct bench bench;
    bench_start_once(&bench, "garbage");
    CHECK_INT(measure(&bench, LONG_MS), DYN_RETRY);
    CHECK_TEXT(instance_failure(bench.instance),
               "faulty.so (isolated) sent what is no answer, and was killed");
    CHECK_INT(measure(&bench, LONG_MS), DYN_OK);
    bench_end(&bench);
}

static void an_answer_is_bounded(void)
{
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "shout");
    CHECK_INT(measure(&bench, LONG_MS), DYN_BROKEN);
    CHECK_TEXT(instance_failure(bench.instance), "it answered more than 16 MiB");
    bench_end(&bench);
}

static void one_that_hides_is_killed(void)
{
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "close");
    CHECK_INT(measure(&bench, LONG_MS), DYN_RETRY);
    CHECK_TEXT(instance_failure(bench.instance),
               "faulty.so (isolated) closed its socket, or was killed by signal 9 (Killed)");
    bench_end(&bench);
}

static void a_refused_open_is_told(void)
{
    struct bench bench;
    bench_init(&bench, INSTANCE_QUEUE, "open");
    bench_open(&bench);
    CHECK(bench.instance == NULL);
    CHECK_TEXT(bench.error.text, "faulty: it does not like this");
    bench_end(&bench);
}

static void a_crash_in_open_is_told(void)
{
    struct bench bench;
    bench_init(&bench, INSTANCE_QUEUE, "open_die");
    bench_open(&bench);
    CHECK(bench.instance == NULL);
    CHECK_TEXT(bench.error.text,
               "faulty: faulty.so (isolated) was killed by signal 11 (Segmentation fault)");
    bench_end(&bench);
}

static void a_limit_that_crashes_is_none(void)
{
    struct bench bench;
    bench_start(&bench, INSTANCE_SCALER, "crash");
    CHECK_INT(instance_limit(bench.instance, "worker"), INT32_MAX);
    CHECK_INT(instance_limit(bench.instance, "worker"), INT32_MAX);
    bench_end(&bench);
}

static void a_close_that_hangs_is_killed(void)
{
    struct bench bench;
    bench_start(&bench, INSTANCE_QUEUE, "close_hang");
    bench_end(&bench);
}

static size_t count_descriptors(void)
{
    size_t n = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        n++;
    if (folder != NULL)
        closedir(folder);
    return n;
}

static void nothing_is_left_over(void)
{
    size_t before = count_descriptors();
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct bench bench;
        bench_init(&bench, INSTANCE_QUEUE, faults[i]);
        bench_open(&bench);
        for (int turn = 0; turn < 2 && bench.instance != NULL; turn++)
            measure(&bench, 2 * SOON_MS);
        bench_end(&bench);
    }
    CHECK_INT(count_descriptors(), before);
}

static const struct test tests[] = {
    {"options arrive as they are", options_arrive},
    {"absent options stay absent", absent_options_stay_absent},
    {"queues are measured", queues_are_measured},
    {"ten thousand groups are one call", many_groups_are_one_call},
    {"busy workers are named", busy_workers_are_named},
    {"events arrive", events_arrive},
    {"the end of the process is an event", the_end_of_the_process_is_an_event},
    {"a watch that crashes costs itself", a_watch_that_crashes_costs_itself},
    {"advice arrives", advice_arrives},
    {"sizes are read, set, limited and listed", sizes_are_read_and_set},
    {"no other instance's secrets are inherited", no_others_secrets_are_inherited},
    {"a crash is a failed call, and the next one is well", a_crash_is_a_failed_call},
    {"an exit is a failed call", an_exit_is_a_failed_call},
    {"a call that hangs is killed", a_hang_is_killed},
    {"a cancel is passed on", a_cancel_is_passed_on},
    {"a call that ignores it is killed", a_cancel_that_is_ignored_kills},
    {"a leak is ended", a_leak_is_ended},
    {"memory is limited", memory_is_limited},
    {"descriptors are limited", descriptors_are_limited},
    {"garbage is no answer", garbage_is_no_answer},
    {"an answer is bounded", an_answer_is_bounded},
    {"a process that closes its socket is killed", one_that_hides_is_killed},
    {"a refused open() is told", a_refused_open_is_told},
    {"a crash in open() is told", a_crash_in_open_is_told},
    {"a crash in limit() is no limit", a_limit_that_crashes_is_none},
    {"a close() that hangs is killed", a_close_that_hangs_is_killed},
    {"no process, no descriptor is left over", nothing_is_left_over},
};
SUITE_MAIN("isolate", tests)
