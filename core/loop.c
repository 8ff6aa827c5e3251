/* SPDX-License-Identifier: MIT */
#include "core/loop.h"

#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    END_MS = 700,             /* calls get so long to end after they were cancelled */
    RELOAD_PATIENCE_MS = 2000 /* a reload waits so long for calls to end by themselves */
};

struct loop {
    struct cycle *cycle;
    struct crew *crew;
    struct loop_reload reload;
    int signal_fd;
    bool ends;
    int64_t reload_since_ms; /* 0: none is asked for */
};

static int open_signals(struct error *error)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        error_set(error, "cannot make a descriptor for signals: %s", strerror(errno));
    return fd;
}

static void take_signals(struct loop *loop)
{
    struct signalfd_siginfo info;
    while (read(loop->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP) {
            loop->reload_since_ms = clock_now_ms();
            log_write(LOG_INFO, "dynomatic", "reads its configuration again");
        } else {
            loop->ends = true;
            log_write(LOG_INFO, "dynomatic", "ends: %s",
                      info.ssi_signo == SIGINT ? "interrupted" : "told to terminate");
        }
    }
}

static void take_calls(struct loop *loop)
{
    struct instance *instance;
    while ((instance = crew_take(loop->crew)) != NULL)
        cycle_finish(loop->cycle, instance, clock_now_ms());
}

/* Waits for a signal, for a call to be over, for what a store tells, or until until_ms. */
static void wait_until(struct loop *loop, int64_t until_ms)
{
    struct pollfd fds[] = {{loop->signal_fd, POLLIN, 0},
                           {crew_fd(loop->crew), POLLIN, 0},
                           {cycle_events_fd(loop->cycle), POLLIN, 0}};
    int64_t left_ms = until_ms - clock_now_ms();
    if (left_ms < 0)
        left_ms = 0;
    if (poll(fds, 3, left_ms > 60000 ? 60000 : (int)left_ms) <= 0)
        return;
    if (fds[0].revents != 0)
        take_signals(loop);
    if (fds[1].revents != 0)
        take_calls(loop);
    if (fds[2].revents != 0)
        cycle_take_events(loop->cycle);
}

/* Waits for the calls that run, at most until until_ms. */
static void wait_for_calls(struct loop *loop, int64_t until_ms)
{
    while (cycle_running(loop->cycle) > 0 && clock_now_ms() < until_ms)
        wait_until(loop, until_ms);
}

/* The same for a reload, which the end does not wait for. */
static void wait_to_reload(struct loop *loop, int64_t until_ms)
{
    while (!loop->ends && cycle_running(loop->cycle) > 0 && clock_now_ms() < until_ms)
        wait_until(loop, until_ms);
}

static void reload(struct loop *loop)
{
    wait_to_reload(loop, loop->reload_since_ms + RELOAD_PATIENCE_MS);
    if (!loop->ends)
        cycle_cancel(loop->cycle);
    wait_to_reload(loop, clock_now_ms() + END_MS);
    loop->reload_since_ms = 0;
    if (loop->ends)
        return;
    struct cycle *next = loop->reload.load(loop->reload.context);
    if (next == NULL)
        return;
    cycle_inherit(next, loop->cycle, clock_now_ms());
    cycle_abandon(loop->cycle, loop->crew);
    cycle_free(loop->cycle);
    loop->cycle = next;
}

static void end(struct loop *loop)
{
    cycle_cancel(loop->cycle);
    wait_for_calls(loop, clock_now_ms() + END_MS);
    if (cycle_running(loop->cycle) == 0)
        return;
    char *names = cycle_running_names(loop->cycle);
    log_write(LOG_WARN, "dynomatic", "leaves calls behind that do not end: %s", names);
    free(names);
}

int loop_run(struct cycle **cycle, struct crew *crew, struct loop_reload reload_by,
             struct error *error)
{
    struct loop loop = {.cycle = *cycle, .crew = crew, .reload = reload_by};
    loop.signal_fd = open_signals(error);
    if (loop.signal_fd < 0)
        return -1;
    while (!loop.ends) {
        cycle_set_clock(loop.cycle, clock_utc_ms() - clock_now_ms());
        int64_t next_ms = cycle_step(loop.cycle, crew, clock_now_ms());
        if (next_ms == INT64_MAX)
            break; /* nothing is planned: it was to be done once */
        wait_until(&loop, next_ms);
        if (loop.reload_since_ms != 0)
            reload(&loop);
    }
    end(&loop);
    close(loop.signal_fd);
    *cycle = loop.cycle;
    return 0;
}
