/* SPDX-License-Identifier: MIT
 * Asks one queue adapter and prints what it says, for shell tests and benchmarks:
 *
 *   measure PLUGIN OPTIONS [-t MS] [-c MS] [-n TIMES] [-x COMMAND] [-j MS] [-w] [-i] [-m] [-f N]
 *       [-s] [-b COMMAND]
 *       measure|workers|detect|watch|indexes|notify [CAP:METRICS[:QUEUE,...]]...
 *
 * watch: measures, and watches once that is done: "watching: HOW" or "not watching: WHY"; then
 * waits for the deadline at most, and says "told" or "not told"; with -i, so many ms as the line
 * has. -s: first does both as long as it is told at once, 20 times at most, and lets pass what else
 * passes between two calls before it waits. -b: between measure and watch; with -s measures and
 * watches once more for it. indexes, notify: prints that advice.
 *
 * METRICS are first letters of waiting, latency, busy, scheduled, retrying, failed, next due, or
 * "*". A line for each group: "waiting=12 latency=10000+ ..." ("+": at least, "?": unknown); then
 * what was logged. -t: the deadline (5000). -c: cancels the call after so many ms. -n: asks so
 * often, prints the last answer, and the median of the times in us on standard error. -x: what a
 * shell does between two calls. -j: by how much the clock jumps there. -w: stays until standard
 * input ends. -i: asks again at each line of it, as often as a number there says. -m: measures once
 * before. -f: after the first call measures the first N groups only, and watches all. Exit status:
 * the last call's. */
#include "core/memory.h"
#include "tests/support/testhost.h"

#include <dynomatic/util.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    int32_t metric;
    char letter;
    const char *name;
} metrics[] = {
    {DYN_WAITING, 'w', "waiting"},     {DYN_LATENCY, 'l', "latency"},   {DYN_BUSY, 'b', "busy"},
    {DYN_SCHEDULED, 's', "scheduled"}, {DYN_RETRYING, 'r', "retrying"}, {DYN_FAILED, 'f', "failed"},
    {DYN_NEXT_DUE, 'n', "next_due"},
};
enum { N_METRICS = sizeof metrics / sizeof metrics[0] };
enum { LOOKS = 20 };

struct arguments {
    int64_t timeout_ms;
    int64_t wait_ms; /* for an event */
    int64_t cancel_ms;
    long times;
    const char *command;
    const char *between;
    int64_t jump_ms;
    bool stays;
    bool repeats;
    bool settles;
    bool measures_first;
    size_t n_later; /* groups that are measured after the first call; 0: all */
    const char *function;
    struct dyn_group *groups;
    size_t n_groups;
    size_t n_measured; /* of them, by this call */
};

/* Splits a text that is changed, at commas. */
static const char **queues_of(char *text, uint32_t *n)
{
    const char **queues = NULL;
    for (char *queue; (queue = strsep(&text, ",")) != NULL;) {
        queues = memory_resize(queues, *n + 1, sizeof *queues);
        queues[(*n)++] = queue;
    }
    return queues;
}

/* CAP:METRICS[:QUEUE,...] */
static struct dyn_group group_of(char *text)
{
    char *cap = strsep(&text, ":");
    char *letters = strsep(&text, ":");
    struct dyn_group group = {.cap = strtoll(cap, NULL, 10), .name = "group"};
    for (size_t i = 0; i < N_METRICS; i++)
        if (letters == NULL || strchr(letters, '*') || strchr(letters, metrics[i].letter))
            group.metrics |= DYN_BIT(metrics[i].metric);
    if (text != NULL)
        group.queues = queues_of(text, &group.n_queues);
    return group;
}

static struct arguments read_arguments(int argc, char **argv)
{
    struct arguments arguments = {
        .timeout_ms = 5000, .cancel_ms = -1, .times = 1, .function = "measure"};
    int option;
    while ((option = getopt(argc, argv, "+t:c:n:x:b:j:f:wims")) != -1) {
        int64_t number = strtoll(optarg != NULL ? optarg : "0", NULL, 10);
        if (option == 't')
            arguments.timeout_ms = number;
        else if (option == 'c')
            arguments.cancel_ms = number;
        else if (option == 'n')
            arguments.times = (long)number;
        else if (option == 'x')
            arguments.command = optarg;
        else if (option == 'b')
            arguments.between = optarg;
        else if (option == 's')
            arguments.settles = true;
        else if (option == 'j')
            arguments.jump_ms = number;
        else if (option == 'f')
            arguments.n_later = (size_t)number;
        else if (option == 'w')
            arguments.stays = true;
        else if (option == 'm')
            arguments.measures_first = true;
        else if (option == 'i')
            arguments.repeats = true;
        else
            exit(64);
    }
    arguments.wait_ms = arguments.timeout_ms;
    if (optind < argc)
        arguments.function = argv[optind++];
    arguments.groups = memory_new((size_t)(argc - optind), sizeof *arguments.groups);
    while (optind < argc)
        arguments.groups[arguments.n_groups++] = group_of(argv[optind++]);
    arguments.n_measured = arguments.n_groups;
    return arguments;
}

/* ---- Between two calls ---- */

static int64_t ahead_ns;

/* Stands in for the C library's, in the plugin too. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (syscall(SYS_clock_gettime, clock, now) != 0)
        return -1;
    if (clock == CLOCK_MONOTONIC) {
        int64_t ns = now->tv_nsec + ahead_ns;
        now->tv_sec += ns / 1000000000;
        now->tv_nsec = ns % 1000000000;
    }
    return 0;
}

static void do_in_shell(const char *command)
{
    if (command != NULL && system(command) != 0)
        exit(66);
}

static void pass_time(const struct arguments *arguments)
{
    do_in_shell(arguments->command);
    ahead_ns += arguments->jump_ms * 1000000;
}

/* ---- The answer ---- */

static void print_group(const struct testhost *host, const struct dyn_group *group, size_t i)
{
    const char *before = "";
    for (size_t m = 0; m < N_METRICS; m++) {
        struct value value = testhost_value(host, i, metrics[m].metric);
        if ((group->metrics & DYN_BIT(metrics[m].metric)) == 0)
            continue;
        if (value.doubt == KNOWN_NOT)
            printf("%s%s=?", before, metrics[m].name);
        else
            printf("%s%s=%" PRId64 "%s", before, metrics[m].name, value.number,
                   value.doubt == KNOWN_AT_LEAST ? "+" : "");
        before = " ";
    }
    printf("%s%s\n", testhost_unknown(host, i)[0] != '\0' ? " unknown: " : "",
           testhost_unknown(host, i));
}

static bool measures(const struct arguments *arguments)
{
    return strcmp(arguments->function, "measure") == 0 || strcmp(arguments->function, "watch") == 0;
}

static void print_answer(const struct testhost *host, const struct arguments *arguments)
{
    for (size_t i = 0; measures(arguments) && i < arguments->n_measured; i++)
        print_group(host, &arguments->groups[i], i);
    for (size_t i = 0; i < testhost_n_workers(host); i++) {
        const struct testhost_worker *worker = testhost_worker(host, i);
        printf("%u %s jobs=%u queue=%s\n", worker->index, worker->host, worker->n_jobs,
               worker->queue != NULL ? worker->queue : "-");
    }
    if (testhost_percent(host) > 0)
        printf("found %d: %s\n", testhost_percent(host), testhost_evidence(host));
    fputs(testhost_logs(host), stdout);
    fputs(testhost_breaches(host), stdout);
}

/* ---- The call ---- */

struct canceller {
    struct testhost *host;
    int64_t after_ms;
};

static void *cancel(void *argument)
{
    const struct canceller *canceller = argument;
    usleep((useconds_t)canceller->after_ms * 1000); /* that is what was asked for */
    testhost_cancel(canceller->host);
    return NULL;
}

static bool is_told(int32_t fd, int64_t wait_ms)
{
    struct pollfd event = {fd, POLLIN, 0};
    return fd >= 0 && poll(&event, 1, (int)wait_ms) > 0;
}

static int32_t measure_and_watch(struct testhost *host, const struct arguments *arguments,
                                 const char *between, int32_t *fd)
{
    *fd = -1;
    int32_t code =
        testhost_measure(host, arguments->groups, arguments->n_measured, arguments->timeout_ms);
    if (code != DYN_OK)
        return code;
    print_answer(host, arguments);
    do_in_shell(between);
    return testhost_watch(host, arguments->groups, arguments->n_groups, arguments->timeout_ms, fd);
}

static int32_t settle(struct testhost *host, const struct arguments *arguments, int32_t *fd)
{
    int32_t code = DYN_OK;
    bool goes_on = arguments->settles;
    for (int looks = 0; goes_on && looks < LOOKS; looks++) {
        code = measure_and_watch(host, arguments, NULL, fd);
        goes_on = code == DYN_OK && is_told(*fd, 0);
    }
    if (code == DYN_OK && (arguments->between != NULL || !arguments->settles))
        code = measure_and_watch(host, arguments, arguments->between, fd);
    return code;
}

/* Says at once what it has come to, for those who then write a job. */
static int32_t watch(struct testhost *host, const struct arguments *arguments)
{
    int32_t fd;
    int32_t code = settle(host, arguments, &fd);
    if (code != DYN_OK)
        return code;
    printf("%s: %s", fd >= 0 ? "watching" : "not watching", testhost_advice(host));
    fflush(stdout);
    if (arguments->settles)
        pass_time(arguments);
    if (fd >= 0)
        puts(is_told(fd, arguments->wait_ms) ? "told" : "not told");
    return DYN_OK;
}

static int32_t advise(struct testhost *host, const struct arguments *arguments)
{
    bool is_notify = strcmp(arguments->function, "notify") == 0;
    int32_t code = testhost_advise(host, is_notify ? DYN_ADVICE_NOTIFY : DYN_ADVICE_INDEXES,
                                   arguments->timeout_ms);
    fputs(testhost_advice(host), stdout);
    return code;
}

static int32_t call(struct testhost *host, const struct arguments *arguments)
{
    if (strcmp(arguments->function, "workers") == 0)
        return testhost_workers(host, arguments->groups, arguments->n_groups,
                                arguments->timeout_ms);
    if (strcmp(arguments->function, "detect") == 0)
        return testhost_detect(host, arguments->timeout_ms);
    if (strcmp(arguments->function, "watch") == 0)
        return watch(host, arguments);
    if (strcmp(arguments->function, "measure") != 0)
        return advise(host, arguments);
    return testhost_measure(host, arguments->groups, arguments->n_measured, arguments->timeout_ms);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int32_t call_often(struct testhost *host, const struct arguments *arguments)
{
    int64_t *us = memory_new((size_t)arguments->times, sizeof *us);
    int32_t code = DYN_OK;
    for (long i = 0; i < arguments->times; i++) {
        if (i > 0 && !arguments->settles)
            pass_time(arguments);
        int64_t began_ns = dyn_now_ns();
        code = call(host, arguments);
        us[i] = (dyn_now_ns() - began_ns) / 1000;
    }
    qsort(us, (size_t)arguments->times, sizeof *us, compare);
    if (arguments->times > 1)
        fprintf(stderr, "%" PRId64 "\n", us[arguments->times / 2]);
    free(us);
    return code;
}

static int32_t call_and_cancel(struct testhost *host, const struct arguments *arguments)
{
    pthread_t thread;
    struct canceller canceller = {host, arguments->cancel_ms};
    if (arguments->cancel_ms < 0)
        return call_often(host, arguments);
    if (pthread_create(&thread, NULL, cancel, &canceller) != 0)
        return DYN_RETRY;
    int32_t code = call(host, arguments);
    pthread_join(thread, NULL);
    return code;
}

/* Takes the number of a line, if it has one: for how long an event is waited for, else how often is
 * asked. */
static bool has_line(struct arguments *arguments)
{
    char line[32];
    if (fgets(line, sizeof line, stdin) == NULL)
        return false;
    char *end;
    int64_t number = strtoll(line, &end, 10);
    if (end > line && strcmp(arguments->function, "watch") == 0)
        arguments->wait_ms = number;
    else if (end > line)
        arguments->times = (long)number;
    ahead_ns += arguments->jump_ms * 1000000;
    return true;
}

int main(int argc, char **argv)
{
    static const char *const codes[] = {"ok", "late", "retry", "broken", "no"};
    char *error = NULL;
    if (argc < 3)
        return 64;
    struct testhost *host = testhost_open(argv[1], argv[2], &error);
    if (host == NULL) {
        printf("does not open: %s\n", error);
        free(error);
        return 65;
    }
    struct arguments arguments = read_arguments(argc - 2, argv + 2);
    int32_t code;
    if (arguments.measures_first)
        testhost_measure(host, arguments.groups, arguments.n_groups, arguments.timeout_ms);
    do {
        code = call_and_cancel(host, &arguments);
        if (code != DYN_OK)
            printf("%s: %s\n", codes[code], testhost_failure(host));
        if (strcmp(arguments.function, "watch") != 0) /* that has, in between */
            print_answer(host, &arguments);
        fflush(stdout);
        testhost_forget_logs(host);
        if (arguments.n_later > 0)
            arguments.n_measured = arguments.n_later;
    } while (arguments.repeats && has_line(&arguments));
    while (arguments.stays && getchar() != EOF)
        ;
    testhost_close(host);
    for (size_t i = 0; i < arguments.n_groups; i++)
        free((void *)(uintptr_t)arguments.groups[i].queues);
    free(arguments.groups);
    return code;
}
