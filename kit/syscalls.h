/* SPDX-License-Identifier: MIT
 * System calls that a check does not allow: with one of them it ends as failed, by the kernel's
 * filter (seccomp), so that nothing is missed. In the process of a check, and for good. */
#ifndef KIT_SYSCALLS_H
#define KIT_SYSCALLS_H

/* Forbids files, sockets, waiting and other processes: all that could block. */
void syscalls_forbid_io(void);

/* Forbids other processes: fork() and exec. Threads are allowed. */
void syscalls_forbid_processes(void);

#endif
