/* SPDX-License-Identifier: MIT */
#include "kit/syscalls.h"

#include "kit/trial.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

struct forbidden {
    int number;
    const char *name;
};

/* A thread is no process, and is allowed; see add_clone(). */
static const struct forbidden processes[] = {
    {SYS_execve, "execve"},
    {SYS_execveat, "execveat"},
#ifdef SYS_fork
    {SYS_fork, "fork"},
    {SYS_vfork, "vfork"},
#endif
};

static const struct forbidden io[] = {
    {SYS_openat, "openat"},
    {SYS_openat2, "openat2"},
    {SYS_socket, "socket"},
    {SYS_connect, "connect"},
    {SYS_bind, "bind"},
    {SYS_sendto, "sendto"},
    {SYS_recvfrom, "recvfrom"},
    {SYS_sendmsg, "sendmsg"},
    {SYS_recvmsg, "recvmsg"},
    {SYS_read, "read"},
    {SYS_write, "write"},
    {SYS_getdents64, "getdents64"},
    {SYS_statx, "statx"},
    {SYS_faccessat, "faccessat"},
    {SYS_readlinkat, "readlinkat"},
    {SYS_unlinkat, "unlinkat"},
    {SYS_mkdirat, "mkdirat"},
    {SYS_clock_nanosleep, "clock_nanosleep"},
    {SYS_ppoll, "ppoll"},
    {SYS_pselect6, "pselect6"},
    {SYS_epoll_pwait, "epoll_pwait"},
    {SYS_wait4, "wait4"},
#ifdef SYS_newfstatat /* not with 32 bits, where a file that is looked at is mostly opened too */
    {SYS_newfstatat, "fstatat"},
#endif
#ifdef SYS_open /* the older names, which newer machines do not have */
    {SYS_open, "open"},
    {SYS_creat, "creat"},
    {SYS_stat, "stat"},
    {SYS_lstat, "lstat"},
    {SYS_access, "access"},
    {SYS_readlink, "readlink"},
    {SYS_unlink, "unlink"},
    {SYS_mkdir, "mkdir"},
    {SYS_nanosleep, "nanosleep"},
    {SYS_poll, "poll"},
    {SYS_select, "select"},
    {SYS_epoll_wait, "epoll_wait"},
#endif
};

enum { MOST_STEPS = 256 };

/* The filter, a small program over the number and the arguments of a system call. */
struct filter {
    struct sock_filter steps[MOST_STEPS];
    unsigned short n;
};

static void add(struct filter *filter, struct sock_filter step)
{
    filter->steps[filter->n++] = step;
}

static void add_load(struct filter *filter, size_t offset)
{
    add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

/* If the value that was loaded is this, the answer is that. */
static void add_case(struct filter *filter, int value, unsigned answer)
{
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)value, 0, 1));
    add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer));
}

/* clone() is trapped unless it starts a thread. The flags of clone3() lie out of the filter's
 * reach: it is said not to exist, and the C library then takes clone(). */
static void add_clone(struct filter *filter)
{
    add_case(filter, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3));
    add_load(filter, offsetof(struct seccomp_data, args[0]));
    add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0));
    add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
    add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

static const char *name_of(int number)
{
    for (size_t i = 0; i < sizeof io / sizeof io[0]; i++)
        if (io[i].number == number)
            return io[i].name;
    for (size_t i = 0; i < sizeof processes / sizeof processes[0]; i++)
        if (processes[i].number == number)
            return processes[i].name;
    return number == SYS_clone ? "fork" : "another";
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    trial_fail("it made the system call %s()", name_of(info->si_syscall));
}

static void install(struct filter *filter)
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    struct sock_fprog program = {filter->n, filter->steps};
    sigaction(SIGSYS, &action, NULL);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        trial_skip("this system has no filter for system calls: %s", strerror(errno));
}

static void add_rows(struct filter *filter, const struct forbidden *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_case(filter, rows[i].number, SECCOMP_RET_TRAP);
}

void syscalls_forbid_processes(void)
{
    struct filter filter = {.n = 0};
    add_load(&filter, offsetof(struct seccomp_data, nr));
    add_rows(&filter, processes, sizeof processes / sizeof processes[0]);
    add_clone(&filter);
    install(&filter);
}

void syscalls_forbid_io(void)
{
    struct filter filter = {.n = 0};
    add_load(&filter, offsetof(struct seccomp_data, nr));
    add_rows(&filter, processes, sizeof processes / sizeof processes[0]);
    add_rows(&filter, io, sizeof io / sizeof io[0]);
    add_clone(&filter);
    install(&filter);
}
