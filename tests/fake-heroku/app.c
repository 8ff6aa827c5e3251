/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/app.h"

#include "core/memory.h"
#include "tests/fake-heroku/when.h"

#include <stdlib.h>
#include <string.h>

enum { PAST_MOST = 10000 };

/* Appends to an array of pointers. */
static void *append(void *array, size_t n)
{
    return memory_resize(array, n + 1, sizeof(void *));
}

struct app *app_new(const char *name, const struct dyno_house *house, const struct account *owner)
{
    struct app *app = memory_new(1, sizeof *app);
    app->name = memory_copy(name);
    app->house = house;
    app->owner = owner;
    app->environment = memory_new(1, sizeof *app->environment);
    app->made_wall_us = app->changed_wall_us = when_wall_us();
    uuid_of("app", name, app->id);
    return app;
}

static void formation_free(struct formation *formation)
{
    free(formation->type);
    free(formation->command);
    free(formation);
}

void app_free(struct app *app)
{
    if (app == NULL)
        return;
    for (size_t i = 0; i < app->n_formations; i++)
        formation_free(app->formations[i]);
    for (size_t i = 0; i < app->n_dynos; i++)
        dyno_free(app->dynos[i]);
    for (size_t i = 0; i < app->n_past; i++)
        dyno_free(app->past[i]);
    for (size_t i = 0; i < app->n_tallies; i++) {
        free(app->tallies[i]->type);
        free(app->tallies[i]);
    }
    for (char **variable = app->environment; *variable != NULL; variable++)
        free(*variable);
    free(app->environment);
    free(app->formations);
    free(app->dynos);
    free(app->past);
    free(app->tallies);
    free(app->name);
    free(app->tier);
    free(app->folder);
    free(app);
}

struct formation *app_formation(const struct app *app, const char *type_or_id)
{
    for (size_t i = 0; i < app->n_formations; i++)
        if (strcmp(app->formations[i]->type, type_or_id) == 0 ||
            strcmp(app->formations[i]->id, type_or_id) == 0)
            return app->formations[i];
    return NULL;
}

struct dyno *app_dyno(const struct app *app, const char *name_or_id)
{
    struct dyno *found = NULL; /* of two with one name, the one that was not told to stop */
    for (size_t i = 0; i < app->n_dynos; i++)
        if (strcmp(app->dynos[i]->name, name_or_id) == 0 ||
            strcmp(app->dynos[i]->id, name_or_id) == 0)
            if (found == NULL || dyno_counts(app->dynos[i]))
                found = app->dynos[i];
    return found;
}

struct tally *app_tally(struct app *app, const char *type)
{
    for (size_t i = 0; i < app->n_tallies; i++)
        if (strcmp(app->tallies[i]->type, type) == 0)
            return app->tallies[i];
    struct tally *tally = memory_new(1, sizeof *tally);
    tally->type = memory_copy(type);
    app->tallies = append(app->tallies, app->n_tallies);
    app->tallies[app->n_tallies++] = tally;
    return tally;
}

struct formation *app_add(struct app *app, const char *type, const char *command,
                          const struct size *size)
{
    struct formation *formation = memory_new(1, sizeof *formation);
    char *name = memory_format("%s/%s", app->name, type);
    uuid_of("formation", name, formation->id);
    free(name);
    formation->type = memory_copy(type);
    formation->command =
        command != NULL ? memory_copy(command) : memory_format("bin/%s (simulated)", type);
    formation->size = size;
    formation->made_wall_us = formation->changed_wall_us = app->changed_wall_us = when_wall_us();
    app->formations = append(app->formations, app->n_formations);
    app->formations[app->n_formations++] = formation;
    app_tally(app, type);
    return formation;
}

void app_remove(struct app *app, struct formation *formation)
{
    app_scale(app, formation, 0, formation->size);
    for (size_t i = 0; i < app->n_formations; i++)
        if (app->formations[i] == formation) {
            memmove(app->formations + i, app->formations + i + 1,
                    (app->n_formations - i - 1) * sizeof(struct formation *));
            app->n_formations--;
            break;
        }
    app->changed_wall_us = when_wall_us();
    formation_free(formation);
}

/* ---- Dynos follow the formation ---- */

static bool is_of(const struct dyno *dyno, const char *type)
{
    return strcmp(dyno->type, type) == 0;
}

static struct dyno *numbered(const struct app *app, const char *type, int number)
{
    for (size_t i = 0; i < app->n_dynos; i++)
        if (is_of(app->dynos[i], type) && app->dynos[i]->number == number &&
            dyno_counts(app->dynos[i]))
            return app->dynos[i];
    return NULL;
}

static bool has_port(const struct app *app, int port)
{
    for (size_t i = 0; i < app->n_dynos; i++)
        if (app->dynos[i]->port == port)
            return true;
    return false;
}

/* The lowest port that no dyno of the app has, one that stops included. */
static int free_port(const struct app *app)
{
    int port = app->house->web_port;
    while (has_port(app, port))
        port++;
    return port;
}

/* Cedar numbers its dynos, Fir does not. */
static char *name_of(const struct app *app, const char *type, int number)
{
    char hex[DIGEST_HEX_SIZE];
    char uuid[UUID_SIZE];
    if (!app_is_fir(app))
        return memory_format("%s.%d", type, number);
    uuid_random(uuid);
    digest_hex(uuid, UUID_SIZE, hex);
    return memory_format("%s-%.9s-%.5s", type, hex, hex + 9);
}

static void start(struct app *app, const struct formation *formation, int number)
{
    char *name = name_of(app, formation->type, number);
    struct dyno *dyno = dyno_new(app->house, formation->type, name, number);
    free(name);
    dyno->size = formation->size;
    dyno->command = memory_copy(formation->command);
    dyno->folder = app->folder;
    dyno->environment = app->environment;
    if (strcmp(formation->type, "web") == 0)
        dyno->port = free_port(app);
    app->dynos = append(app->dynos, app->n_dynos);
    app->dynos[app->n_dynos++] = dyno;
    struct tally *tally = app_tally(app, formation->type);
    int n = 0;
    for (size_t i = 0; i < app->n_dynos; i++)
        n += is_of(app->dynos[i], formation->type) && app->dynos[i]->state != DYNO_GONE;
    tally->started++;
    if (n > tally->most_dynos)
        tally->most_dynos = n;
}

static int highest_number(const struct app *app, const char *type)
{
    int highest = 0;
    for (size_t i = 0; i < app->n_dynos; i++)
        if (is_of(app->dynos[i], type) && dyno_counts(app->dynos[i]) &&
            app->dynos[i]->number > highest)
            highest = app->dynos[i]->number;
    return highest;
}

/* A dyno stops if its number is past the quantity, the highest first, or if its size changed;
 * then each number that has none gets one. */
static void settle(struct app *app, const struct formation *formation)
{
    int64_t now_ms = when_ms();
    for (int number = highest_number(app, formation->type); number > 0; number--) {
        struct dyno *dyno = numbered(app, formation->type, number);
        if (dyno != NULL && (number > formation->quantity || dyno->size != formation->size))
            dyno_stop(dyno, now_ms);
    }
    for (int number = 1; number <= formation->quantity; number++)
        if (numbered(app, formation->type, number) == NULL)
            start(app, formation, number);
}

bool app_scale(struct app *app, struct formation *formation, int quantity, const struct size *size)
{
    bool is_change = formation->quantity != quantity || formation->size != size;
    struct tally *tally = app_tally(app, formation->type);
    if (quantity > tally->most_wanted)
        tally->most_wanted = quantity;
    if (!is_change)
        return false;
    formation->quantity = quantity;
    formation->size = size;
    formation->changed_wall_us = app->changed_wall_us = when_wall_us();
    settle(app, formation);
    return true;
}

void app_restart(struct app *app, struct dyno *dyno)
{
    struct formation *formation = app_formation(app, dyno->type);
    dyno_stop(dyno, when_ms());
    if (formation != NULL)
        settle(app, formation);
}

/* ---- Time passes ---- */

static void bury(struct app *app, struct dyno *dyno)
{
    struct tally *tally = app_tally(app, dyno->type);
    tally->seconds += dyno_seconds(dyno, dyno->gone_ms);
    tally->crashes += dyno->all_crashes;
    tally->kills += dyno->end == DYNO_KILLED;
    if (app->n_past == PAST_MOST) {
        dyno_free(app->past[0]);
        memmove(app->past, app->past + 1, --app->n_past * sizeof(struct dyno *));
    }
    app->past = append(app->past, app->n_past);
    app->past[app->n_past++] = dyno;
}

static void bury_the_gone(struct app *app)
{
    size_t kept = 0;
    for (size_t i = 0; i < app->n_dynos; i++)
        if (app->dynos[i]->state == DYNO_GONE)
            bury(app, app->dynos[i]);
        else
            app->dynos[kept++] = app->dynos[i];
    app->n_dynos = kept;
}

int64_t app_tick(struct app *app, int64_t now_ms)
{
    int64_t next_ms = WHEN_NEVER;
    for (size_t i = 0; i < app->n_dynos; i++)
        dyno_tick(app->dynos[i], now_ms);
    bury_the_gone(app);
    for (size_t i = 0; i < app->n_dynos; i++)
        if (app->dynos[i]->due_ms < next_ms)
            next_ms = app->dynos[i]->due_ms;
    return next_ms;
}

struct dyno *app_dyno_of_process(const struct app *app, pid_t pid)
{
    for (size_t i = 0; i < app->n_dynos; i++)
        if (app->dynos[i]->process != NULL && process_pid(app->dynos[i]->process) == pid)
            return app->dynos[i];
    return NULL;
}

void app_stop(struct app *app)
{
    for (size_t i = app->n_dynos; i > 0; i--)
        dyno_stop(app->dynos[i - 1], when_ms());
}

void app_kill(struct app *app)
{
    for (size_t i = 0; i < app->n_dynos; i++)
        if (app->dynos[i]->state != DYNO_GONE)
            dyno_kill(app->dynos[i], when_ms());
}

/* ---- What is told of it ---- */

const char *app_tier(const struct app *app)
{
    if (app->tier != NULL)
        return app->tier;
    return app->n_formations > 0 ? app->formations[0]->size->tier : "production";
}

bool app_is_fir(const struct app *app)
{
    return strcmp(app_tier(app), "fir") == 0;
}

double app_seconds(const struct app *app, const struct tally *tally, int64_t now_ms)
{
    double seconds = tally->seconds;
    for (size_t i = 0; i < app->n_dynos; i++)
        if (is_of(app->dynos[i], tally->type))
            seconds += dyno_seconds(app->dynos[i], now_ms);
    return seconds;
}

int app_crashes(const struct app *app, const struct tally *tally)
{
    int crashes = tally->crashes;
    for (size_t i = 0; i < app->n_dynos; i++)
        if (is_of(app->dynos[i], tally->type))
            crashes += app->dynos[i]->all_crashes;
    return crashes;
}
