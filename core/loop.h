/* SPDX-License-Identifier: MIT
 * poll(2), the timer and the signals: what makes cycles happen. SIGTERM and SIGINT end it within a
 * second, also while a call hangs; SIGHUP puts another configuration in force. */
#ifndef CORE_LOOP_H
#define CORE_LOOP_H

#include "core/crew.h"
#include "core/cycle.h"

/* Gives the cycle of the configuration as it is now, or NULL, having logged why: then the one in
 * force stays. Called while no call runs, one that hangs aside. */
struct loop_reload {
    struct cycle *(*load)(void *context);
    void *context;
};

/* Runs *cycle, which a reload replaces, until a signal ends it, or until nothing is left to do (a
 * cycle with `once`). Returns 0, or -1 with an error if it cannot run at all. */
int loop_run(struct cycle **cycle, struct crew *crew, struct loop_reload reload,
             struct error *error);

#endif
