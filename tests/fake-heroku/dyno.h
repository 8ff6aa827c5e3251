/* SPDX-License-Identifier: MIT
 * One dyno's life: starting -> up -> (told to stop) down -> gone, with crashes between. With a
 * command it is a real process; without one only the states pass. */
#ifndef FAKE_DYNO_H
#define FAKE_DYNO_H

#include "tests/fake-heroku/digest.h"
#include "tests/fake-heroku/process.h"
#include "tests/fake-heroku/size.h"

#include <stdbool.h>
#include <stdint.h>

enum dyno_state { DYNO_STARTING, DYNO_UP, DYNO_CRASHED, DYNO_DOWN, DYNO_GONE };

enum dyno_end { DYNO_LIVES, DYNO_EXITED, DYNO_KILLED }; /* by itself after SIGTERM; by SIGKILL */

/* What all dynos share. Pauses in milliseconds. */
struct dyno_house {
    struct loop *loop;
    struct keeper *keeper;
    struct dynolog *log;
    int64_t boot_ms;
    int64_t grace_ms;
    int64_t stop_ms;        /* how long a simulated dyno takes to exit after SIGTERM */
    int64_t crash_first_ms; /* the pause after the first crash; doubled by each further one */
    int64_t crash_most_ms;
    int web_port; /* the first port that web dynos get */
};

struct dyno {
    const struct dyno_house *house;
    char id[UUID_SIZE];
    char *type;
    char *name; /* worker.1 */
    int number;
    const struct size *size;
    char *command;            /* its own copy */
    const char *folder;       /* the Procfile's, of the app; NULL: simulated */
    char *const *environment; /* of the app */
    int port;                 /* 0: it gets none */
    enum dyno_state state;
    enum dyno_end end;
    int crashes;     /* in a row */
    int all_crashes; /* in its life */
    int64_t due_ms;  /* when its state changes by itself; WHEN_NEVER */
    int64_t made_ms;
    int64_t up_ms; /* since when it is up */
    int64_t gone_ms;
    int64_t made_wall_us;
    int64_t state_wall_us;
    int64_t stop_wall_us; /* when it was told to stop; 0: it was not */
    int64_t gone_wall_us;
    struct process *process;
};

/* It is starting; it has no size and command yet. */
struct dyno *dyno_new(const struct dyno_house *house, const char *type, const char *name,
                      int number);
void dyno_free(struct dyno *dyno);

/* Whether it counts as one of the quantity: it was not told to stop. */
bool dyno_counts(const struct dyno *dyno);

/* Tells it to stop: SIGTERM, and SIGKILL after the grace. */
void dyno_stop(struct dyno *dyno, int64_t now_ms);
/* SIGKILL now. */
void dyno_kill(struct dyno *dyno, int64_t now_ms);
/* As if it had exited by itself. */
void dyno_crash(struct dyno *dyno, int64_t now_ms);

/* Does what is due. */
void dyno_tick(struct dyno *dyno, int64_t now_ms);
/* Its process has ended with this status (waitpid). */
void dyno_exited(struct dyno *dyno, int status, int64_t now_ms);

double dyno_seconds(const struct dyno *dyno, int64_t now_ms);

/* As the API names the state: one that stops is "down". */
const char *dyno_state_name(const struct dyno *dyno);

#endif
