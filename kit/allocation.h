/* SPDX-License-Identifier: MIT
 * The memory allocation of this program, which the plugin gets too, since a program's symbols stand
 * before those of the C library: it can be made to fail. */
#ifndef KIT_ALLOCATION_H
#define KIT_ALLOCATION_H

#include <stdbool.h>

/* Whether anything of this works: not in a build with sanitizers, which allocate by themselves, nor
 * with another C library than glibc. */
bool allocation_is_ours(void);

/* Counts from 0 again, and makes the nth allocation that is counted fail; 0: none. Those of the
 * object at `path` count, and those that the runtime of its language makes; other libraries have
 * faults of their own, which are not the plugin's. */
void allocation_fail(long nth, const char *path);

/* Whether allocations are counted from now on: while the plugin runs. */
void allocation_count(bool is_wanted);

long allocation_counted(void);

/* How many blocks are allocated now, whoever did it. */
long allocation_live(void);

#endif
