/* SPDX-License-Identifier: MIT
 * A small process that outlives the fake by an instant: should the fake be killed without a chance
 * to stop its dynos, the keeper kills their process groups. PR_SET_PDEATHSIG, which each dyno has
 * as well, reaches only a dyno's first process. */
#ifndef FAKE_KEEPER_H
#define FAKE_KEEPER_H

#include "core/error.h"

#include <sys/types.h>

struct keeper;

/* Forks the keeper: call it before descriptors are opened that it should not hold. */
struct keeper *keeper_new(struct error *error);
/* Lets the keeper go, and waits for its end. */
void keeper_free(struct keeper *keeper);

void keeper_started(struct keeper *keeper, pid_t group);
/* Before the group's leader is reaped: its number may belong to someone else after that. */
void keeper_ended(struct keeper *keeper, pid_t group);

/* True if this child of ours is the keeper. */
int keeper_is(const struct keeper *keeper, pid_t pid);

#endif
