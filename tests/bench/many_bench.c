/* SPDX-License-Identifier: MIT
 * Many pools in one process: how long a file of them takes to be read, and how much memory each
 * pool and each store takes. The pools are of adapters that have nothing to ask
 * (tests/plugin/sample_*.c), so that it is the host's own. A line each: name, value, unit. */
#include "core/clock.h"
#include "core/config.h"
#include "core/crew.h"
#include "core/cycle.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/settings.h"

#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FEW = 1000, MANY = 10000, TURNS = 5 };

static void give_up(const char *why)
{
    fprintf(stderr, "many_bench: %s\n", why);
    exit(EXIT_FAILURE);
}

/* ---- Files ---- */

/* What a pool says beside its name. */
struct form {
    const char *name;
    const char *pool; /* # is its number */
};

static const struct form forms[] = {
    {"one_store", "{ queues: [q#, m#], max: 10 }"},
    {"own_rules", "{ rules: [{ at_least: 1#, dynos: 1 }, { latency: 30s, dynos: 2 }] }"},
    {"own_store", "{ queue: { url: 'sample:#' } }"},
    {"mistakes", "{ queues: [q#, m#], mxa: 3 }"},
};

static void add_pool(const struct form *form, size_t i, struct text *out)
{
    text_add_format(out, "  pool%zu: ", i);
    for (const char *at = form->pool; *at != '\0'; at++)
        if (*at == '#')
            text_add_format(out, "%zu", i);
        else
            text_add_n(out, at, 1);
    text_add(out, "\n");
}

static void write_file(const struct form *form, size_t n, struct text *out)
{
    const char *build = getenv("top_builddir");
    text_add_format(out,
                    "queue: { adapter: %s/tests/plugin/.libs/sample_queue.so, url: 'sample:x', "
                    "waiting: 3, isolate: no }\n",
                    build != NULL ? build : ".");
    text_add_format(out,
                    "scaler: { backend: %s/tests/plugin/.libs/sample_scaler.so, app: shop, token: "
                    "t, isolate: no }\n",
                    build != NULL ? build : ".");
    text_add(out, "rules: [{ at_least: 1, dynos: 1 }, { at_least: 100, dynos: 2 }]\n"
                  "pools:\n");
    for (size_t i = 0; i < n; i++)
        add_pool(form, i, out);
}

static struct settings *read_file(const struct text *file, bool is_good)
{
    struct config *config = config_parse("many.yml", text_chars(file), file->length);
    struct settings *settings = settings_read(config);
    struct text mistakes = {0};
    config_print_mistakes(config, &mistakes);
    if ((settings != NULL) != is_good)
        give_up(text_chars(&mistakes));
    text_fini(&mistakes);
    config_free(config);
    return settings;
}

/* ---- Time ---- */

static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* The best of some, since only that is not disturbed by others. */
static double time_reading(const struct form *form, size_t n)
{
    double best_ms = 1e18;
    struct text file = {0};
    write_file(form, n, &file);
    for (int turn = 0; turn < TURNS; turn++) {
        double start_ms = cpu_ms();
        settings_free(read_file(&file, strcmp(form->name, "mistakes") != 0));
        double took_ms = cpu_ms() - start_ms;
        best_ms = took_ms < best_ms ? took_ms : best_ms;
    }
    text_fini(&file);
    return best_ms;
}

static void time_form(const struct form *form)
{
    double few_ms = time_reading(form, FEW);
    double many_ms = time_reading(form, MANY);
    printf("start.%s.%d %.2f ms\n", form->name, FEW, few_ms);
    printf("start.%s.%d %.2f ms\n", form->name, MANY, many_ms);
    printf("start.%s.growth %.1f times\n", form->name, many_ms / few_ms); /* 10: in proportion */
}

/* ---- Memory ---- */

static double used(void)
{
    struct mallinfo2 info = mallinfo2();
    return (double)(info.uordblks + info.hblkhd);
}

static void take_calls(struct cycle *cycle, struct crew *crew, int64_t until_ms)
{
    struct pollfd fd = {crew_fd(crew), POLLIN, 0};
    int64_t left_ms = until_ms - clock_now_ms();
    struct instance *instance;
    poll(&fd, 1, left_ms > 0 && left_ms < 1000 ? (int)left_ms : left_ms > 0 ? 1000 : 0);
    while ((instance = crew_take(crew)) != NULL)
        cycle_finish(cycle, instance, clock_now_ms());
}

/* Each pool is measured, decided and set once. */
static void run_once(struct cycle *cycle, struct crew *crew)
{
    int64_t next_ms;
    cycle_set_clock(cycle, clock_utc_ms() - clock_now_ms());
    while ((next_ms = cycle_step(cycle, crew, clock_now_ms())) != INT64_MAX ||
           cycle_running(cycle) > 0)
        take_calls(cycle, crew, next_ms);
    if (!cycle_is_settled(cycle))
        give_up("the pools do not settle");
}

struct sizes {
    double settings;
    double all; /* with what runs by them */
};

static struct sizes weigh(const struct form *form, size_t n)
{
    struct text file = {0};
    struct text errors = {0};
    struct error error = {""};
    struct sizes sizes;
    write_file(form, n, &file);
    double before = used();
    struct settings *settings = read_file(&file, true);
    sizes.settings = used() - before;
    struct cycle *cycle = cycle_new(settings, (struct cycle_options){.once = true}, &errors);
    struct crew *crew = crew_new(4, &error);
    if (cycle == NULL || crew == NULL)
        give_up(cycle == NULL ? text_chars(&errors) : error.text);
    run_once(cycle, crew);
    sizes.all = used() - before;
    crew_free(crew);
    cycle_free(cycle);
    text_fini(&errors);
    text_fini(&file);
    return sizes;
}

static struct sizes weigh_one(const struct form *form, size_t n)
{
    size_t n_few = n / 10;
    struct sizes few = weigh(form, n_few);
    struct sizes many = weigh(form, n);
    double more = (double)(n - n_few);
    return (struct sizes){(many.settings - few.settings) / more, (many.all - few.all) / more};
}

static void weigh_all(void)
{
    struct sizes pool = weigh_one(&forms[0], MANY);
    struct sizes store = weigh_one(&forms[2], FEW);
    printf("memory.pool.settings %.0f bytes\n", pool.settings);
    printf("memory.pool.running %.0f bytes\n", pool.all - pool.settings);
    printf("memory.pool %.0f bytes\n", pool.all);
    printf("memory.store %.0f bytes\n", store.all - pool.all); /* beside its one pool */
}

int main(void)
{
    log_init(LOG_ERROR);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        time_form(&forms[i]);
    weigh_all();
    return EXIT_SUCCESS;
}
