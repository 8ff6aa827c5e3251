/* SPDX-License-Identifier: MIT
 * A dyno's processes: a shell command in a session and process group of its own, whose output goes
 * to the dynos' log. All of the group are one: signalled together, and gone together. */
#ifndef FAKE_PROCESS_H
#define FAKE_PROCESS_H

#include "core/error.h"
#include "tests/fake-heroku/dynolog.h"
#include "tests/fake-heroku/keeper.h"
#include "tests/fake-heroku/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process;

struct process_command {
    const char *shell_command;
    const char *folder;
    char *const *environment; /* NULL-terminated NAME=VALUE */
    const char *name;         /* of the dyno, for the log */
};

/* NULL and the error if the shell could not be started. When it returns the command runs. */
struct process *process_new(const struct process_command *command, struct loop *loop,
                            struct keeper *keeper, struct dynolog *log, struct error *error);

/* Of a process that has ended: writes what is left of its output. */
void process_free(struct process *process);

pid_t process_pid(const struct process *process);

/* Sends a signal to all of the group. */
void process_signal(const struct process *process, int signal);

/* Call at SIGCHLD: a child that has ended, still unreaped, or 0. */
pid_t process_ended(void);
/* Reaps it. If it led a dyno, the rest of its group is killed first, so that nothing of a dyno
 * outlives it. The status as waitpid(2) gives it. */
int process_reap(struct keeper *keeper, pid_t pid, bool is_leader);

/* Children of this process. */
struct process_list {
    pid_t *at;
    size_t n;
};

/* Those there are now: the caller frees `at`. */
struct process_list process_children(void);

/* Kills and reaps whatever dynos left to us by leaving their group: all children but these. */
void process_sweep(const struct keeper *keeper, const struct process_list *others);

#endif
