/* SPDX-License-Identifier: MIT
 * Waiting for descriptors, on the one thread that owns all state. */
#ifndef FAKE_LOOP_H
#define FAKE_LOOP_H

#include <stdint.h>

struct loop;

/* A descriptor and what to do when it is readable or has hung up. The owner keeps it in place from
 * loop_add() to loop_remove(); either may be called while the loop calls `ready`. */
struct watch {
    int fd;
    void (*ready)(void *self);
    void *self;
};

enum {
    LOOP_READ,
    LOOP_HANGUP
}; /* wait for data or the end; or for the other side's leaving only */

/* NULL with errno if the system has no descriptor left. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

void loop_add(struct loop *loop, struct watch *watch, int what);
void loop_remove(struct loop *loop, struct watch *watch);

/* Waits until `until_ms` (monotonic; WHEN_NEVER) for one descriptor, and calls for it. */
void loop_once(struct loop *loop, int64_t until_ms);

#endif
