/* SPDX-License-Identifier: MIT
 * The other side of the host, as a script has it: stores and platforms that answer, fail, hang or
 * take their time, and the crew that calls them, all on one thread and on a false clock.
 *
 * It stands in for core/crew.h and core/plugin.h: a program that links it gets the plugins "store",
 * "counter" (a store that cannot name who is busy) and "platform" of this file and no others. An
 * option `named` tells several of one kind apart. The platform stops the highest numbers first. */
#ifndef TESTS_SIM_STAGE_H
#define TESTS_SIM_STAGE_H

#include "core/crew.h"
#include "core/policy.h"
#include "tests/sim/work.h"

#include <stdbool.h>
#include <stdint.h>

/* A pool: its queues at the stores, and its workers at the platforms. */
struct scene {
    char name[64];
    struct value waiting;
    struct value latency;
    struct value busy;
    struct value due;      /* ms on the false clock */
    char busy_hosts[1024]; /* "worker.1 worker.4" */
    struct work work;      /* from which the four above come, if it is on */
    int64_t size;
    int64_t most; /* the platform takes no greater size */
};

/* A store or a platform. */
struct side {
    char name[64];
    int32_t code;  /* what its calls return, DYN_OK ... */
    char why[256]; /* if they fail */
    bool hangs;
    bool tells;       /* of each event of the script, by watch() */
    int told_fd;      /* an eventfd, for that */
    int64_t takes_ms; /* until a call is answered */
    int calls[CALL_ADVISE + 1];
};

/* The one of this name, made at its first mention; NULL if there are too many. */
struct scene *stage_scene(const char *name);
struct side *stage_side(const char *name);

/* Side i, NULL past the last. */
const struct side *stage_side_at(size_t i);

/* The false clock, as the calls see it. */
extern int64_t stage_now_ms;

/* Something happened, of which those stores tell that do. */
void stage_tell(void);

/* When the first call is answered, INT64_MAX if none will be; crew_take() gives those that are. */
int64_t stage_next_answer_ms(const struct crew *crew);

/* Whoever waited for the calls that run is dead: what they have not done is not done. */
void stage_forget_calls(struct crew *crew);

/* The end: whatever still runs is answered at the next crew_take(). */
void stage_let_go(void);

/* What an apply call asks for, and that a busy worker was stopped, told to whoever links this file.
 */
void stage_asked(const char *side, const char *changes);
void stage_killed(const char *host);

#endif
