/* SPDX-License-Identifier: MIT
 * Runs the host's cycle on a false clock: a script of load in, a list of actions out.
 *
 *     simulate [--journal FILE] [--restart-at TIME] FILE.sim
 *
 * With a journal, decisions are written there (the script may say so itself); at TIME the host is
 * killed, with whatever calls run, and started anew.
 *
 * A script is a configuration as dynomatic.yml(5) has it, for the plugins of stage.h, a
 * line "---", and what happens, a line an event:
 *
 *     0s   worker waiting 25            jobs of the pool; also "at least 25" and "unknown"
 *     0s   worker latency 40s           likewise
 *     0s   worker busy 2                jobs that run; also "at least 2" and "unknown"
 *     0s   worker busy_at worker.2 worker.5   the workers that run them ("none": nobody)
 *     0s   worker comes 20              jobs a minute, which its workers run: see work.h
 *     0s   worker runs 30s              each; this begins it, waiting, latency and busy follow from
 * it 0s   worker boots 20s             each worker, before its first job 0s   worker due 5m the
 * next job is due then, from now on 0s   worker size 3                somebody else sets the size
 *     0s   worker most 8                the platform takes no greater size
 *     60s  store fails no connection    its calls fail and may work again (DYN_RETRY)
 *     60s  store breaks no such table   its calls fail until a person acts (DYN_BROKEN)
 *     60s  store hangs                  its calls do not come back
 *     60s  store takes 2s               until it answers; past the time-out: late
 *     90s  store works
 *     0s   store tells on               of each line of the script, as an event; off: no more
 *     0s   worker hold 6 30m            as dynomatic hold; also "hold 6", release, pause, resume
 *     0s   clock 2026-03-29T00:30:00Z   what a clock set to UTC shows now, for schedules, holds
 *     1h   end
 *
 * What comes out: each apply call, each busy worker that it stops, each line of the log from info
 * on, with the time by the false clock; at the end how often each side was called. */
#include "core/cycle.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/override_file.h"
#include "tests/sim/stage.h"

#include <dynomatic/plugin.h>

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    START_MS = 86400000, /* the false clock is never 0, like the true one */
    MOST_SPINS = 100     /* wishes to be woken at once, in a row: that would be a busy loop */
};

static char state_folder[] = "/tmp/simulate.XXXXXX";

static const char *script_path;
static size_t script_line;
static const char *journal; /* NULL: the script says whether there is one */
static int64_t restart_ms = INT64_MAX;
static bool is_over; /* nothing is told any more */

static void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void die(const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fprintf(stderr, "%s:%zu: ", script_path, script_line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

/* ---- What comes out ---- */

static void print_time(void)
{
    int64_t s = (stage_now_ms - START_MS) / 1000;
    printf("%" PRId64 ":%02d:%02d  ", s / 3600, (int)(s / 60 % 60), (int)(s % 60));
}

void stage_asked(const char *side, const char *changes)
{
    if (is_over)
        return;
    print_time();
    printf("%s <- %s\n", side, changes);
}

void stage_killed(const char *host)
{
    print_time();
    printf("%s is stopped while it is busy\n", host);
}

/* In place of core/log. */
void log_write(enum log_level level, const char *subject, const char *format, ...)
{
    static const char *const marks[] = {"error: ", "warning: ", ""};
    va_list args;
    if (level > LOG_INFO || is_over)
        return;
    print_time();
    printf("%s: %s", subject, marks[level]);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

enum log_level log_most(void)
{
    return LOG_INFO;
}

void log_init(enum log_level most)
{
    (void)most;
}

static void print_calls(void)
{
    const struct side *side;
    for (size_t i = 0; (side = stage_side_at(i)) != NULL; i++)
        printf("%s: measured %d, read %d, applied %d\n", side->name, side->calls[CALL_MEASURE],
               side->calls[CALL_READ], side->calls[CALL_APPLY]);
}

/* ---- Events ---- */

static int64_t duration(const char *text)
{
    int64_t ms;
    struct error error = {""};
    if (option_parse_duration(text, &ms, &error) != 0)
        die("%s", error.text);
    return ms;
}

static int64_t count(const char *text)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        die("\"%s\" is no number", text);
    return number;
}

static struct value value(const char *text, int64_t (*parse)(const char *text))
{
    static const char at_least[] = "at least ";
    if (strcmp(text, "unknown") == 0)
        return VALUE_UNKNOWN;
    if (strncmp(text, at_least, sizeof at_least - 1) == 0)
        return (struct value){parse(text + sizeof at_least - 1), KNOWN_AT_LEAST};
    return (struct value){parse(text), KNOWN_EXACT};
}

static void set_work(struct scene *scene, const char *verb, const char *rest)
{
    work_go(&scene->work, stage_now_ms);
    if (strcmp(verb, "comes") == 0)
        scene->work.a_minute = (double)count(rest);
    else if (strcmp(verb, "boots") == 0)
        scene->work.boots_ms = duration(rest);
    else
        scene->work.runs_ms = duration(rest);
    if (scene->work.runs_ms > 0)
        work_begin(&scene->work, stage_now_ms, scene->size);
}

static bool set_scene(const char *name, const char *verb, const char *rest)
{
    static const char *const verbs[] = {"waiting", "latency", "busy",  "busy_at", "due",
                                        "size",    "most",    "comes", "runs",    "boots"};
    struct scene *scene = NULL;
    size_t i = 0;
    while (i < sizeof verbs / sizeof verbs[0] && strcmp(verb, verbs[i]) != 0)
        i++;
    if (i < sizeof verbs / sizeof verbs[0])
        scene = stage_scene(name);
    if (scene == NULL)
        return false;
    switch (i) {
    case 0:
        scene->waiting = value(rest, count);
        break;
    case 1:
        scene->latency = value(rest, duration);
        break;
    case 2:
        scene->busy = value(rest, count);
        break;
    case 3:
        snprintf(scene->busy_hosts, sizeof scene->busy_hosts, "%s",
                 strcmp(rest, "none") != 0 ? rest : "");
        break;
    case 4:
        scene->due = value(rest, duration);
        scene->due.number += stage_now_ms;
        break;
    case 5:
        scene->size = count(rest);
        work_resize(&scene->work, scene->size);
        break;
    case 6:
        scene->most = count(rest);
        break;
    default:
        set_work(scene, verb, rest);
        break;
    }
    return true;
}

/* How far it is ahead of the false clock. */
static int64_t utc_ahead_ms;

static int64_t utc_now_ms(void)
{
    return stage_now_ms + utc_ahead_ms;
}

/* "6 30m" or "6" of a hold, "30m" or "" of a pause. */
static struct override override_of(const char *name, enum override_kind kind, const char *rest)
{
    char size[32] = "0";
    char until[32] = "";
    if (kind == OVERRIDE_HOLD)
        sscanf(rest, "%31s %31s", size, until);
    else
        sscanf(rest, "%31s", until);
    return (struct override){
        .pool = memory_copy(name),
        .kind = kind,
        .size = (int32_t)count(size),
        .since_ms = utc_now_ms(),
        .until_ms = until[0] != '\0' ? utc_now_ms() + duration(until) : OVERRIDE_ENDLESS,
        .who = memory_copy("ann"),
        .why = memory_copy("deploy"),
    };
}

/* In the file, as the commands do it. */
static bool set_override(const char *name, const char *verb, const char *rest)
{
    static const char *const ends[OVERRIDE_KINDS] = {"release", "resume"};
    struct override_list list = {0};
    struct stat seen;
    struct error error = {""};
    bool is_one = false;
    if (override_read(state_folder, &list, &seen, &error) != 0)
        die("%s", error.text);
    for (int kind = 0; kind < OVERRIDE_KINDS; kind++) {
        if (strcmp(verb, override_name((enum override_kind)kind)) == 0)
            override_list_put(&list, override_of(name, (enum override_kind)kind, rest));
        else if (strcmp(verb, ends[kind]) == 0)
            override_list_remove(&list, name, (enum override_kind)kind);
        else
            continue;
        is_one = true;
    }
    if (is_one && override_write(state_folder, &list, &error) != 0)
        die("%s", error.text);
    override_list_fini(&list);
    return is_one;
}

static void remove_overrides(void)
{
    char *path = override_path(state_folder);
    unlink(path);
    free(path);
    rmdir(state_folder);
}

static bool set_side(const char *name, const char *verb, const char *rest)
{
    static const struct {
        const char *verb;
        int32_t code;
        bool hangs;
    } states[] = {{"works", DYN_OK, false},
                  {"fails", DYN_RETRY, false},
                  {"breaks", DYN_BROKEN, false},
                  {"hangs", DYN_OK, true}};
    struct side *side = stage_side(name);
    if (side == NULL)
        return false;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(verb, states[i].verb) != 0)
            continue;
        side->code = states[i].code;
        side->hangs = states[i].hangs;
        snprintf(side->why, sizeof side->why, "%s", rest);
        return true;
    }
    if (strcmp(verb, "tells") == 0) {
        side->tells = strcmp(rest, "on") == 0;
        return true;
    }
    if (strcmp(verb, "takes") != 0)
        return false;
    side->takes_ms = duration(rest);
    return true;
}

static bool set_clock(const char *name, const char *shown)
{
    struct tm tm = {0};
    if (strcmp(name, "clock") != 0)
        return false;
    const char *end = strptime(shown, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (end == NULL || *end != '\0')
        die("\"%s\" is no time such as 2026-03-29T00:30:00Z", shown);
    utc_ahead_ms = 1000 * (int64_t)timegm(&tm) - stage_now_ms;
    return true;
}

/* ---- The script ---- */

struct event {
    int64_t at_ms;
    size_t line;
    char name[64];
    char verb[32];
    char rest[256];
};

struct script {
    struct event *events;
    size_t n;
    size_t next; /* to be played */
    int64_t end_ms;
};

static void play(const struct event *event)
{
    stage_tell();
    script_line = event->line;
    if (!set_clock(event->name, event->verb) && !set_scene(event->name, event->verb, event->rest) &&
        !set_override(event->name, event->verb, event->rest) &&
        !set_side(event->name, event->verb, event->rest))
        die("\"%s\" is nothing that can happen", event->verb);
}

static void read_event(struct script *script, const char *line)
{
    struct event event = {.line = script_line};
    char time[32];
    int n = sscanf(line, "%31s %63s %31s %255[^\n]", time, event.name, event.verb, event.rest);
    if (n < 1 || time[0] == '#')
        return;
    event.at_ms = START_MS + duration(time);
    if (script->n > 0 && event.at_ms < script->events[script->n - 1].at_ms)
        die("%s lies before the event above", time);
    if (n == 2 && strcmp(event.name, "end") == 0) {
        script->end_ms = event.at_ms;
        return;
    }
    if (n < 3)
        die("an event is a time, a name and what happens");
    script->events = memory_resize(script->events, script->n + 1, sizeof event);
    script->events[script->n++] = event;
}

/* Reads the configuration into `config`, up to "---", and then the events. */
static struct script read_script(FILE *file, struct text *config)
{
    char line[1024];
    struct script script = {0};
    bool is_in_config = true;
    for (script_line = 1; fgets(line, sizeof line, file) != NULL; script_line++) {
        if (strcmp(line, "---\n") == 0)
            is_in_config = false;
        else if (is_in_config)
            text_add(config, line);
        else
            read_event(&script, line);
    }
    if (script.end_ms == 0)
        die("the script has no end");
    return script;
}

/* ---- The clock ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void take_calls(struct cycle *cycle, struct crew *crew)
{
    struct instance *instance;
    while ((instance = crew_take(crew)) != NULL)
        cycle_finish(cycle, instance, stage_now_ms);
}

static struct cycle *open_cycle(const struct text *configuration)
{
    struct text mistakes = {0};
    struct config *config =
        config_parse(script_path, text_chars(configuration), configuration->length);
    struct settings *settings = settings_read(config);
    config_print_mistakes(config, &mistakes);
    struct cycle *cycle =
        settings != NULL ? cycle_new(settings, (struct cycle_options){0}, &mistakes) : NULL;
    if (cycle == NULL) {
        fputs(text_chars(&mistakes), stderr);
        exit(EXIT_FAILURE);
    }
    config_free(config);
    text_fini(&mistakes);
    return cycle;
}

/* What a killed program leaves is nothing; its memory is kept for its calls, which nobody waits
 * for. */
static struct cycle *volatile killed;

static struct cycle *restart(struct cycle *cycle, struct crew *crew, const struct text *config)
{
    killed = cycle;
    restart_ms = INT64_MAX;
    stage_forget_calls(crew);
    cycle = open_cycle(config);
    cycle_set_clock(cycle, utc_ahead_ms);
    cycle_restore(cycle, stage_now_ms);
    return cycle;
}

static struct cycle *run(struct cycle *cycle, struct crew *crew, struct script *script,
                         const struct text *config)
{
    int spins = 0;
    while (stage_now_ms < script->end_ms) {
        while (script->next < script->n && script->events[script->next].at_ms <= stage_now_ms)
            play(&script->events[script->next++]);
        if (restart_ms <= stage_now_ms)
            cycle = restart(cycle, crew, config);
        take_calls(cycle, crew);
        cycle_take_events(cycle);
        cycle_set_clock(cycle, utc_ahead_ms);
        int64_t next_ms = cycle_step(cycle, crew, stage_now_ms);
        next_ms = earlier(next_ms, stage_next_answer_ms(crew));
        next_ms = earlier(next_ms, script->end_ms);
        next_ms = earlier(next_ms, restart_ms);
        if (script->next < script->n)
            next_ms = earlier(next_ms, script->events[script->next].at_ms);
        spins = next_ms > stage_now_ms ? 0 : spins + 1;
        if (spins > MOST_SPINS)
            die("the cycle wants to be woken at once, again and again: a busy loop");
        stage_now_ms = next_ms > stage_now_ms ? next_ms : stage_now_ms;
    }
    return cycle;
}

/* Returns the script's path. */
static const char *read_arguments(int argc, char **argv)
{
    static const struct option options[] = {{"journal", required_argument, NULL, 'j'},
                                            {"restart-at", required_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    int option;
    script_path = "simulate";
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j')
            journal = optarg;
        else if (option == 'r')
            restart_ms = START_MS + duration(optarg);
        else
            exit(EXIT_FAILURE);
    }
    if (optind + 1 != argc)
        die("simulate [--journal FILE] [--restart-at TIME] FILE.sim");
    return argv[optind];
}

int main(int argc, char **argv)
{
    script_path = read_arguments(argc, argv);
    FILE *file = fopen(script_path, "r");
    if (file == NULL)
        die("cannot be read: %s", strerror(errno));
    if (mkdtemp(state_folder) == NULL || setenv("STATE_DIRECTORY", state_folder, 1) != 0 ||
        atexit(remove_overrides) != 0)
        die("no folder can be made: %s", strerror(errno));
    struct text configuration = {0};
    struct script script = read_script(file, &configuration);
    fclose(file);
    if (journal != NULL)
        text_add_format(&configuration, "\njournal: \"%s\"\n", journal);
    stage_now_ms = START_MS;
    struct cycle *cycle = open_cycle(&configuration);
    struct crew *crew = crew_new(0, NULL);
    cycle = run(cycle, crew, &script, &configuration);
    print_calls();
    is_over = true;
    stage_let_go();
    take_calls(cycle, crew);
    cycle_free(cycle);
    crew_free(crew);
    free(script.events);
    text_fini(&configuration);
    return EXIT_SUCCESS;
}
