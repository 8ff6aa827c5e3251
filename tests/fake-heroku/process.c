/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/process.h"

#include "core/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct process {
    pid_t pid;
    char *name;
    struct loop *loop;
    struct dynolog *log;
    struct watch output;
    struct text rest; /* of the output: a line that has not ended yet */
};

/* Why the child could not become the command: sent over a pipe that closes when it could. */
struct failure {
    int number;
    char what[24];
};

static _Noreturn void fail(int fd, const char *what)
{
    struct failure failure = {.number = errno};
    snprintf(failure.what, sizeof failure.what, "%s", what);
    (void)!write(fd, &failure, sizeof failure);
    _exit(127);
}

static const char *shell(void)
{
    return access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
}

static void default_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become(const struct process_command *command, pid_t parent, int output,
                             int report)
{
    setsid();
    default_signals();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before it was asked for */
        _exit(127);
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        fail(report, "connect its streams");
    if (chdir(command->folder) < 0)
        fail(report, "enter its folder");
    /* Ours close on exec; those that the fake itself was started with would not. */
    (void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    char *text = memory_copy(command->shell_command);
    char *arguments[] = {memory_copy(shell()), memory_copy("-c"), text, NULL};
    execve(arguments[0], arguments, command->environment);
    fail(report, "run its shell");
}

/* Waits until the child runs the command, or tells why it cannot. */
static int await(int report, struct error *error)
{
    struct failure failure;
    ssize_t got;
    while ((got = read(report, &failure, sizeof failure)) < 0 && errno == EINTR)
        continue;
    if (got == 0)
        return 0;
    return error_set(error, "cannot %s: %s", failure.what, strerror(failure.number));
}

static void take_output(struct process *process)
{
    char bytes[16384];
    ssize_t got = read(process->output.fd, bytes, sizeof bytes);
    if (got > 0) {
        dynolog_feed(process->log, process->name, &process->rest, bytes, (size_t)got);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        loop_remove(process->loop, &process->output);
        close(process->output.fd);
        process->output.fd = -1;
    }
}

static void output_ready(void *self)
{
    take_output(self);
}

static struct process *adopt(pid_t pid, int output, const char *name, struct loop *loop,
                             struct dynolog *log)
{
    struct process *process = memory_new(1, sizeof *process);
    *process = (struct process){.pid = pid, .name = memory_copy(name), .loop = loop, .log = log};
    process->output = (struct watch){output, output_ready, process};
    fcntl(output, F_SETFL, O_NONBLOCK);
    loop_add(loop, &process->output, LOOP_READ);
    return process;
}

static void close_pair(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

struct process *process_new(const struct process_command *command, struct loop *loop,
                            struct keeper *keeper, struct dynolog *log, struct error *error)
{
    int output[2];
    int report[2];
    if (pipe2(output, O_CLOEXEC) < 0) {
        error_set(error, "cannot make a pipe: %s", strerror(errno));
        return NULL;
    }
    if (pipe2(report, O_CLOEXEC) < 0) {
        error_set(error, "cannot make a pipe: %s", strerror(errno));
        close_pair(output);
        return NULL;
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become(command, parent, output[1], report[1]);
    if (pid > 0)
        keeper_started(keeper, pid);
    else
        error_set(error, "cannot start a process: %s", strerror(errno));
    close(output[1]);
    close(report[1]);
    int failed = pid < 0 || await(report[0], error) < 0;
    close(report[0]);
    if (!failed)
        return adopt(pid, output[0], command->name, loop, log);
    if (pid > 0)
        process_reap(keeper, pid, true);
    close(output[0]);
    return NULL;
}

void process_free(struct process *process)
{
    if (process == NULL)
        return;
    /* What the pipe holds, and no more: a process that left the group may go on writing. */
    for (int i = 0; i < 64 && process->output.fd >= 0; i++)
        take_output(process);
    if (process->output.fd >= 0) {
        loop_remove(process->loop, &process->output);
        close(process->output.fd);
    }
    dynolog_flush(process->log, process->name, &process->rest);
    text_fini(&process->rest);
    free(process->name);
    free(process);
}

pid_t process_pid(const struct process *process)
{
    return process->pid;
}

void process_signal(const struct process *process, int signal)
{
    kill(-process->pid, signal);
}

pid_t process_ended(void)
{
    siginfo_t info = {0};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return 0;
    return info.si_pid;
}

int process_reap(struct keeper *keeper, pid_t pid, bool is_leader)
{
    int status = 0;
    if (is_leader) {
        kill(-pid, SIGKILL);
        keeper_ended(keeper, pid);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

struct process_list process_children(void)
{
    struct process_list list = {0};
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "re");
    int pid;
    while (file != NULL && fscanf(file, "%d", &pid) == 1) {
        list.at = memory_resize(list.at, list.n + 1, sizeof *list.at);
        list.at[list.n++] = pid;
    }
    if (file != NULL)
        fclose(file);
    return list;
}

static bool has(const struct process_list *list, pid_t pid)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->at[i] == pid)
            return true;
    return false;
}

void process_sweep(const struct keeper *keeper, const struct process_list *others)
{
    bool found = true;
    while (found) { /* the children of those that are killed are ours next */
        struct process_list children = process_children();
        found = false;
        for (size_t i = 0; i < children.n; i++)
            if (!keeper_is(keeper, children.at[i]) && !has(others, children.at[i])) {
                found = true;
                kill(children.at[i], SIGKILL);
                waitpid(children.at[i], NULL, 0);
            }
        free(children.at);
    }
}
