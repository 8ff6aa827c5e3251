/* SPDX-License-Identifier: MIT
 * An app: its formations (what should run) and its dynos (what runs). */
#ifndef FAKE_APP_H
#define FAKE_APP_H

#include "tests/fake-heroku/account.h"
#include "tests/fake-heroku/dyno.h"

struct formation {
    char id[UUID_SIZE];
    char *type;
    char *command;
    int quantity;
    const struct size *size;
    int64_t made_wall_us;
    int64_t changed_wall_us;
};

/* What a type has used since the start. Outlives the type. */
struct tally {
    char *type;
    double seconds; /* of dynos that are gone */
    int started;
    int crashes; /* of dynos that are gone */
    int kills;   /* dynos that needed SIGKILL */
    int most_wanted;
    int most_dynos; /* at once, those that stop included */
};

struct app {
    char *name;
    char id[UUID_SIZE];
    const struct account *owner;
    const struct dyno_house *house;
    char *tier;         /* as configured; NULL: that of its sizes */
    char *folder;       /* of its Procfile; NULL: its dynos are simulated */
    char **environment; /* for its dynos; NULL-terminated */
    bool is_in_maintenance;
    int64_t made_wall_us;
    int64_t changed_wall_us;
    struct formation **formations;
    size_t n_formations;
    struct dyno **dynos; /* in the order they were made */
    size_t n_dynos;
    struct dyno **past; /* those that are gone, oldest first; bounded */
    size_t n_past;
    struct tally **tallies;
    size_t n_tallies;
};

struct app *app_new(const char *name, const struct dyno_house *house, const struct account *owner);
void app_free(struct app *app);

/* By type or by id; NULL if there is none. */
struct formation *app_formation(const struct app *app, const char *type_or_id);
struct dyno *app_dyno(const struct app *app, const char *name_or_id);
struct tally *app_tally(struct app *app, const char *type);

/* A new type, with no dynos yet. The command NULL: one is made up. */
struct formation *app_add(struct app *app, const char *type, const char *command,
                          const struct size *size);
/* As a release whose Procfile no longer has the type: its dynos stop. */
void app_remove(struct app *app, struct formation *formation);

/* Says what should run; starts and stops dynos so that it will. True if it is a change. */
bool app_scale(struct app *app, struct formation *formation, int quantity, const struct size *size);
/* Stops a dyno and starts another in its place, as the daily cycling does. */
void app_restart(struct app *app, struct dyno *dyno);

/* Does what is due; when more will be. */
int64_t app_tick(struct app *app, int64_t now_ms);
/* The dyno whose process this is; NULL if none. */
struct dyno *app_dyno_of_process(const struct app *app, pid_t pid);

/* Tells all dynos to stop, or kills them. */
void app_stop(struct app *app);
void app_kill(struct app *app);

/* The tier as the API tells it. */
const char *app_tier(const struct app *app);
bool app_is_fir(const struct app *app);
double app_seconds(const struct app *app, const struct tally *tally, int64_t now_ms);
int app_crashes(const struct app *app, const struct tally *tally);

#endif
