/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/keeper.h"

#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct keeper {
    pid_t pid;
    int fd; /* the keeper reads a number at a time: the group if it started, negative if it ended */
};

struct groups {
    pid_t *at;
    size_t n;
};

static void note(struct groups *groups, pid_t number)
{
    if (number > 0) {
        groups->at = memory_resize(groups->at, groups->n + 1, sizeof *groups->at);
        groups->at[groups->n++] = number;
        return;
    }
    for (size_t i = 0; i < groups->n; i++)
        if (groups->at[i] == -number) {
            groups->at[i] = groups->at[--groups->n];
            return;
        }
}

static void keep(int fd)
{
    struct groups groups = {0};
    pid_t number;
    ssize_t got;
    while ((got = read(fd, &number, sizeof number)) == (ssize_t)sizeof number ||
           (got < 0 && errno == EINTR))
        if (got > 0)
            note(&groups, number);
    for (size_t i = 0; i < groups.n; i++)
        kill(-groups.at[i], SIGKILL);
}

/* Away from the terminal, its signals and the fake's standard streams. */
static void withdraw(int fd)
{
    setsid();
    int null = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3 && null >= 0; i++)
        dup2(null, i);
    dup2(fd, 3);
    (void)close_range(4, ~0U, 0);
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_IGN);
}

struct keeper *keeper_new(struct error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        error_set(error, "cannot make a pipe: %s", strerror(errno));
        return NULL;
    }
    pid_t pid = fork();
    if (pid < 0) {
        error_set(error, "cannot start a process: %s", strerror(errno));
        close(ends[0]);
        close(ends[1]);
        return NULL;
    }
    if (pid == 0) {
        withdraw(ends[0]);
        keep(3);
        _exit(0);
    }
    close(ends[0]);
    struct keeper *keeper = memory_new(1, sizeof *keeper);
    *keeper = (struct keeper){pid, ends[1]};
    return keeper;
}

void keeper_free(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    close(keeper->fd);
    while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    free(keeper);
}

static void tell(struct keeper *keeper, pid_t number)
{
    /* Should the keeper be gone, the dynos have PR_SET_PDEATHSIG left. */
    while (write(keeper->fd, &number, sizeof number) < 0 && errno == EINTR)
        continue;
}

void keeper_started(struct keeper *keeper, pid_t group)
{
    tell(keeper, group);
}

void keeper_ended(struct keeper *keeper, pid_t group)
{
    tell(keeper, -group);
}

int keeper_is(const struct keeper *keeper, pid_t pid)
{
    return keeper != NULL && keeper->pid == pid;
}
