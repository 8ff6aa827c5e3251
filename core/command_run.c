/* SPDX-License-Identifier: MIT
 * dynomatic run, the daemon, and dynomatic once, one cycle. */
#include "core/command.h"

#include "core/clock.h"
#include "core/crew.h"
#include "core/cycle.h"
#include "core/log.h"
#include "core/loop.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST_THREADS = 16 };

struct run {
    const struct command_line *line;
    struct cycle_options options;
};

/* Logs each mistake of a text of several. The lines of the file that it shows, which are set in,
 * are for eyes: a log has an event a line. */
static void log_lines(const char *lines)
{
    char *copy = strdup(lines);
    char *rest = NULL;
    if (copy == NULL)
        return;
    for (char *l = strtok_r(copy, "\n", &rest); l != NULL; l = strtok_r(NULL, "\n", &rest))
        if (l[0] != ' ')
            log_write(LOG_ERROR, "dynomatic", "%s", l);
    free(copy);
}

static void warn_of_the_past(const struct settings *settings)
{
    for (size_t i = 0; i < settings->n_pools; i++) {
        struct text past = {0};
        if (schedule_explain_past(&settings->pools[i].schedule, clock_utc_ms(), &past))
            log_write(LOG_WARN, settings->pools[i].name, "%s", text_chars(&past));
        text_fini(&past);
    }
}

/* Opens the instances of the settings, which are the cycle's from then on. */
static struct cycle *open_cycle(struct settings *settings, struct cycle_options options)
{
    struct text errors = {0};
    struct text what = {0};
    command_describe(settings, &what);
    warn_of_the_past(settings);
    struct cycle *cycle = cycle_new(settings, options, &errors);
    if (cycle != NULL)
        log_write(LOG_INFO, "dynomatic", "%s%s", text_chars(&what),
                  options.dry_run ? "; dry run: nothing is applied" : "");
    log_lines(text_chars(&errors));
    text_fini(&errors);
    text_fini(&what);
    return cycle;
}

static struct cycle *reload(void *context)
{
    const struct run *run = context;
    struct text mistakes = {0};
    struct settings *settings = command_read_settings(run->line, &mistakes);
    struct cycle *cycle = settings != NULL ? open_cycle(settings, run->options) : NULL;
    log_lines(text_chars(&mistakes));
    text_fini(&mistakes);
    if (cycle == NULL)
        log_write(LOG_ERROR, "dynomatic",
                  "the new configuration is refused, the one before stays in force");
    return cycle;
}

/* A call that hangs has a thread and its instance: they cannot be freed, and exit() might wait. */
static int leave(struct cycle *cycle, struct crew *crew, int status)
{
    if (crew_running(crew) > 0)
        _exit(status);
    cycle_free(cycle);
    crew_free(crew);
    return status;
}

static int run_cycles(struct run *run)
{
    struct settings *settings = command_settings(run->line);
    if (settings == NULL)
        return EXIT_USAGE;
    struct cycle *cycle = open_cycle(settings, run->options);
    if (cycle == NULL)
        return EXIT_USAGE;
    cycle_set_clock(cycle, clock_utc_ms() - clock_now_ms());
    cycle_restore(cycle, clock_now_ms());
    struct error error = {""};
    struct crew *crew = crew_new(MOST_THREADS, &error);
    if (crew == NULL || loop_run(&cycle, crew, (struct loop_reload){reload, run}, &error) != 0) {
        log_write(LOG_ERROR, "dynomatic", "%s", error.text);
        return EXIT_FAILED;
    }
    bool is_good = !run->options.once || cycle_is_settled(cycle);
    return leave(cycle, crew, is_good ? EXIT_DONE : EXIT_FAILED);
}

/* Each store takes two or three. The usual limit is meant for programs that use select(). */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int start(const struct command_line *line, bool is_once)
{
    allow_descriptors();
    log_init(line->is_verbose ? LOG_DEBUG : LOG_INFO);
    return run_cycles(&(struct run){line, {.dry_run = line->is_dry_run, .once = is_once}});
}

int command_run(const struct command_line *line)
{
    return start(line, false);
}

int command_once(const struct command_line *line)
{
    return start(line, true);
}
