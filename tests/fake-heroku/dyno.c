/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/dyno.h"

#include "core/memory.h"
#include "tests/fake-heroku/when.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const state_names[] = {"starting", "up", "crashed", "down", "gone"};

const char *dyno_state_name(const struct dyno *dyno)
{
    return state_names[dyno->state];
}

static void say(const struct dyno *dyno, const char *text)
{
    dynolog_say(dyno->house->log, "heroku", dyno->name, "%s", text);
}

static void enter(struct dyno *dyno, enum dyno_state state)
{
    if (state != DYNO_GONE)
        dynolog_say(dyno->house->log, "heroku", dyno->name, "State changed from %s to %s",
                    state_names[dyno->state], state_names[state]);
    dyno->state = state;
    dyno->state_wall_us = when_wall_us();
    dyno->due_ms = WHEN_NEVER;
}

struct dyno *dyno_new(const struct dyno_house *house, const char *type, const char *name,
                      int number)
{
    int64_t now_ms = when_ms();
    struct dyno *dyno = memory_new(1, sizeof *dyno);
    *dyno = (struct dyno){.house = house,
                          .number = number,
                          .due_ms = now_ms + house->boot_ms,
                          .made_ms = now_ms,
                          .made_wall_us = when_wall_us()};
    dyno->state_wall_us = dyno->made_wall_us;
    dyno->type = memory_copy(type);
    dyno->name = memory_copy(name);
    uuid_random(dyno->id);
    return dyno;
}

void dyno_free(struct dyno *dyno)
{
    if (dyno == NULL)
        return;
    process_free(dyno->process);
    free(dyno->type);
    free(dyno->name);
    free(dyno->command);
    free(dyno);
}

bool dyno_counts(const struct dyno *dyno)
{
    return dyno->state != DYNO_DOWN && dyno->state != DYNO_GONE;
}

static void leave(struct dyno *dyno, enum dyno_end end, int64_t now_ms)
{
    dyno->end = end;
    dyno->gone_ms = now_ms;
    enter(dyno, DYNO_GONE);
    dyno->gone_wall_us = dyno->state_wall_us;
}

void dyno_stop(struct dyno *dyno, int64_t now_ms)
{
    if (!dyno_counts(dyno))
        return;
    bool has_process = dyno->state == DYNO_UP;
    dyno->stop_wall_us = when_wall_us();
    enter(dyno, DYNO_DOWN);
    if (!has_process) {
        leave(dyno, DYNO_EXITED, now_ms);
        return;
    }
    say(dyno, "Stopping all processes with SIGTERM");
    int64_t grace_ms = dyno->house->grace_ms;
    int64_t stop_ms = dyno->process != NULL ? grace_ms : dyno->house->stop_ms;
    dyno->due_ms = now_ms + (stop_ms < grace_ms ? stop_ms : grace_ms);
    if (dyno->process != NULL)
        process_signal(dyno->process, SIGTERM);
}

void dyno_kill(struct dyno *dyno, int64_t now_ms)
{
    dyno->end = DYNO_KILLED;
    if (dyno->process == NULL) {
        leave(dyno, DYNO_KILLED, now_ms);
        return;
    }
    if (dyno->state != DYNO_DOWN)
        enter(dyno, DYNO_DOWN);
    dyno->due_ms = WHEN_NEVER; /* its exit comes next */
    process_signal(dyno->process, SIGKILL);
}

static void end_grace(struct dyno *dyno, int64_t now_ms)
{
    bool is_late = dyno->process != NULL || dyno->house->stop_ms > dyno->house->grace_ms;
    if (!is_late) {
        say(dyno, "Process exited with status 0");
        leave(dyno, DYNO_EXITED, now_ms);
        return;
    }
    dynolog_say(dyno->house->log, "heroku", dyno->name,
                "Error R12 (Exit timeout) -> At least one process failed to exit within %g seconds "
                "of SIGTERM",
                (double)dyno->house->grace_ms / 1000);
    say(dyno, "Stopping remaining processes with SIGKILL");
    dyno_kill(dyno, now_ms);
}

/* A dyno has so many variables of its own; the last one, PORT, only if it has a port. */
enum { OWN = 3 };

/* The environment of its app, and what is its own. The array is the caller's. */
static char **environment_of(const struct dyno *dyno, char **own)
{
    size_t n = 0;
    while (dyno->environment[n] != NULL)
        n++;
    char **all = memory_new(n + OWN + 1, sizeof *all);
    memcpy(all, dyno->environment, n * sizeof *all);
    memcpy(all + n, own, (dyno->port > 0 ? OWN : OWN - 1) * sizeof *all);
    return all;
}

static int run(struct dyno *dyno, struct error *error)
{
    char *own[OWN] = {memory_format("DYNO=%s", dyno->name),
                      memory_format("HEROKU_DYNO_ID=%s", dyno->id),
                      memory_format("PORT=%d", dyno->port)};
    char **environment = environment_of(dyno, own);
    struct process_command command = {dyno->command, dyno->folder, environment, dyno->name};
    const struct dyno_house *house = dyno->house;
    dyno->process = process_new(&command, house->loop, house->keeper, house->log, error);
    free(environment);
    for (size_t i = 0; i < OWN; i++)
        free(own[i]);
    return dyno->process != NULL ? 0 : -1;
}

/* Crashes follow each other with growing pauses; a dyno that was up for longer than the longest
 * pause begins anew with the first. */
static int64_t pause_ms(struct dyno *dyno, int64_t now_ms)
{
    const struct dyno_house *house = dyno->house;
    if (dyno->state == DYNO_UP && now_ms - dyno->up_ms > house->crash_most_ms)
        dyno->crashes = 0;
    int64_t pause = house->crash_first_ms;
    for (int i = 0; i < dyno->crashes && pause < house->crash_most_ms; i++)
        pause *= 2;
    return pause < house->crash_most_ms ? pause : house->crash_most_ms;
}

static void crash(struct dyno *dyno, int64_t now_ms)
{
    int64_t pause = pause_ms(dyno, now_ms);
    dyno->crashes++;
    dyno->all_crashes++;
    enter(dyno, DYNO_CRASHED);
    dyno->due_ms = now_ms + pause;
}

static void launch(struct dyno *dyno, int64_t now_ms)
{
    struct error error = {0};
    dynolog_say(dyno->house->log, "heroku", dyno->name, "Starting process with command `%s`",
                dyno->command);
    if (dyno->folder != NULL && run(dyno, &error) < 0) {
        dynolog_say(dyno->house->log, "heroku", dyno->name, "The process did not start: %s",
                    error.text);
        crash(dyno, now_ms);
        return;
    }
    enter(dyno, DYNO_UP);
    dyno->up_ms = now_ms;
}

void dyno_crash(struct dyno *dyno, int64_t now_ms)
{
    if (dyno->process != NULL)
        process_signal(dyno->process, SIGKILL);
    else if (dyno->state == DYNO_UP)
        crash(dyno, now_ms);
}

void dyno_tick(struct dyno *dyno, int64_t now_ms)
{
    if (now_ms < dyno->due_ms)
        return;
    switch (dyno->state) {
    case DYNO_STARTING:
        launch(dyno, now_ms);
        break;
    case DYNO_CRASHED:
        enter(dyno, DYNO_STARTING);
        dyno->due_ms = now_ms + dyno->house->boot_ms;
        break;
    case DYNO_DOWN:
        end_grace(dyno, now_ms);
        break;
    case DYNO_UP:
    case DYNO_GONE:
        break;
    }
}

void dyno_exited(struct dyno *dyno, int status, int64_t now_ms)
{
    process_free(dyno->process); /* its last words come before its end */
    dyno->process = NULL;
    /* As a shell tells it: 128 and the signal's number. */
    dynolog_say(dyno->house->log, "heroku", dyno->name, "Process exited with status %d",
                WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    if (dyno->state == DYNO_DOWN)
        leave(dyno, dyno->end == DYNO_KILLED ? DYNO_KILLED : DYNO_EXITED, now_ms);
    else
        crash(dyno, now_ms);
}

double dyno_seconds(const struct dyno *dyno, int64_t now_ms)
{
    int64_t end_ms = dyno->state == DYNO_GONE ? dyno->gone_ms : now_ms;
    return (double)(end_ms - dyno->made_ms) / 1000;
}
