/* SPDX-License-Identifier: MIT
 * What a process of its own costs a call: an adapter without a store (tests/plugin/sample_queue.c)
 * is asked in this process and in its own, in turns, for one group and for many. Of each the best
 * turn counts, since only that is not disturbed by others. */
#include "core/clock.h"
#include "core/instance.h"
#include "core/isolate.h"
#include "core/memory.h"
#include "core/option.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TURNS = 7, MOST_GROUPS = 1000 };

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void give_up(const char *why)
{
    fprintf(stderr, "isolate_bench: %s\n", why);
    exit(EXIT_FAILURE);
}

static struct instance *open_instance(struct instance_spec *spec)
{
    struct error error = {""};
    double start_us = now_us();
    struct instance *instance = instance_open(spec, &error);
    if (instance == NULL)
        give_up(error.text);
    printf("  %-10s opened in %.0f us\n", spec->is_isolated ? "isolated" : "plain",
           now_us() - start_us);
    return instance;
}

/* Microseconds of a call, over `calls` of them. */
static double time_calls(struct instance *instance, size_t n, int calls)
{
    static struct dyn_group groups[MOST_GROUPS];
    for (size_t i = 0; i < n; i++)
        groups[i] = (struct dyn_group){.cap = 0, .name = "worker", .metrics = 3};
    double start_us = now_us();
    for (int i = 0; i < calls; i++) {
        instance_prepare_measure(instance, groups, n);
        instance_run(instance, clock_now_ms() + 10000);
        if (instance_code(instance) != DYN_OK)
            give_up(instance_failure(instance));
    }
    return (now_us() - start_us) / calls;
}

static void compare(struct instance *plain, struct instance *isolated, size_t n, int calls)
{
    double best[2] = {1e18, 1e18};
    for (int turn = 0; turn < TURNS; turn++) {
        double us[2] = {time_calls(plain, n, calls), time_calls(isolated, n, calls)};
        for (int i = 0; i < 2; i++)
            best[i] = us[i] < best[i] ? us[i] : best[i];
    }
    printf("  %4zu groups  plain %9.0f calls/s, %8.2f us a call; isolated %7.0f calls/s, %8.2f us"
           " a call; added %.1f us\n",
           n, 1e6 / best[0], best[0], 1e6 / best[1], best[1], best[1] - best[0]);
}

static void make_spec(struct instance_spec *spec, bool is_isolated)
{
    const char *build = getenv("top_builddir");
    char *path =
        memory_format("%s/tests/plugin/.libs/sample_queue.so", build != NULL ? build : ".");
    struct error error = {""};
    *spec = (struct instance_spec){.kind = INSTANCE_QUEUE, .is_isolated = is_isolated};
    spec->plugin = plugin_load(path, &error);
    if (spec->plugin == NULL)
        give_up(error.text);
    spec->name = memory_copy("sample_queue");
    spec->options = memory_new(1, spec->plugin->table.config_size);
    option_init((struct option_table){spec->plugin->options, spec->plugin->table.n_options},
                spec->options);
    free(path);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], ISOLATE_COMMAND) == 0)
        return isolate_serve(argv[2]);
    struct instance_spec specs[2];
    make_spec(&specs[0], false);
    make_spec(&specs[1], true);
    puts("isolate: a call of an adapter that has nothing to ask, here and in a process of its own");
    struct instance *plain = open_instance(&specs[0]);
    struct instance *isolated = open_instance(&specs[1]);
    compare(plain, isolated, 1, 5000);
    compare(plain, isolated, 100, 2000);
    compare(plain, isolated, MOST_GROUPS, 300);
    instance_close(plain);
    instance_close(isolated);
    for (size_t i = 0; i < 2; i++) {
        free(specs[i].options);
        free(specs[i].name);
    }
    return EXIT_SUCCESS;
}
