/* SPDX-License-Identifier: MIT */
#include "kit/trial.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Seen by parent and child; there is one trial at a time. */
static struct verdict *verdict;

/* ---- In the child ---- */

void trial_doing(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(verdict->doing, sizeof verdict->doing, format, args);
    va_end(args);
}

void trial_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, args);
    va_end(args);
}

void trial_plays(unsigned plays)
{
    verdict->plays = plays;
}

/* What the plugin left behind is not looked at any more: no exit handlers. */
static _Noreturn void end(enum verdict_kind kind)
{
    verdict->kind = kind;
    _exit(EXIT_SUCCESS);
}

_Noreturn void trial_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, args);
    va_end(args);
    end(VERDICT_FAILED);
}

_Noreturn void trial_skip(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, args);
    va_end(args);
    end(VERDICT_SKIPPED);
}

long trial_printed(void)
{
    fflush(stdout);
    return (long)lseek(STDOUT_FILENO, 0, SEEK_END);
}

/* A group of its own, so that all that it starts can be ended; and no core dump, which would be of
 * a crash that is told. */
static void settle(int output)
{
    static const struct rlimit none = {0, 0};
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &none);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
}

/* ---- In the parent ---- */

/* What ended it, other than its own verdict. */
static void judge(int status)
{
    const char *doing = verdict->doing;
    if (verdict->kind != VERDICT_NONE)
        return;
    verdict->kind = VERDICT_FAILED;
    if (WIFSIGNALED(status))
        snprintf(verdict->text, sizeof verdict->text, "it crashed in %s: %s", doing,
                 strsignal(WTERMSIG(status)));
    else
        snprintf(verdict->text, sizeof verdict->text,
                 "it ended the process in %s, with the exit status %d", doing, WEXITSTATUS(status));
}

static void judge_hang(int64_t limit_ms)
{
    struct text limit = {0};
    text_add_ms(&limit, limit_ms);
    verdict->kind = VERDICT_FAILED;
    snprintf(verdict->text, sizeof verdict->text, "it did not come back from %s within %s",
             verdict->doing, text_chars(&limit));
    text_fini(&limit);
}

static void wait_for(pid_t pid, int64_t limit_ms)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd end = {fd, POLLIN, 0};
    int ready;
    do
        ready = poll(&end, 1, (int)limit_ms);
    while (ready < 0 && errno == EINTR);
    if (ready == 0)
        judge_hang(limit_ms);
    kill(-pid, SIGKILL); /* also what it started and left behind */
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    judge(status);
    close(fd);
}

static void keep_printed(int output)
{
    ssize_t n = pread(output, verdict->printed, sizeof verdict->printed - 1, 0);
    verdict->printed[n > 0 ? n : 0] = '\0';
    close(output);
}

static _Noreturn void give_up(void)
{
    perror("dynomatic check-plugin: cannot start a process");
    exit(EXIT_FAILURE);
}

/* Makes the verdict empty, and a file for what is printed. */
static int prepare(void)
{
    int output = memfd_create("printed", MFD_CLOEXEC);
    if (verdict == NULL)
        verdict =
            mmap(NULL, sizeof *verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (output < 0 || verdict == MAP_FAILED)
        give_up();
    memset(verdict, 0, sizeof *verdict);
    return output;
}

struct verdict trial_run(void (*check)(const struct subject *subject, const void *argument),
                         const struct subject *subject, const void *argument, int64_t limit_ms)
{
    int output = prepare();
    fflush(NULL); /* or the child would print it again */
    pid_t pid = fork();
    if (pid < 0)
        give_up();
    if (pid == 0) {
        settle(output);
        trial_doing("its start");
        check(subject, argument);
        end(VERDICT_PASSED);
    }
    setpgid(pid, pid); /* whoever is first */
    wait_for(pid, limit_ms);
    keep_printed(output);
    return *verdict;
}
