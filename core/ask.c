/* SPDX-License-Identifier: MIT */
#include "core/ask.h"

#include "core/clock.h"
#include "core/crew.h"
#include "core/memory.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { HANGS_MS = 1000 };

void ask_open(struct ask *ask, const struct settings *settings)
{
    *ask = (struct ask){memory_new(settings->n_instances, sizeof(struct asked)),
                        settings->n_instances};
    for (size_t i = 0; i < ask->n; i++)
        ask->all[i].instance = instance_open(&settings->instances[i], &ask->all[i].error);
}

bool ask_is_open(const struct ask *ask, struct text *out)
{
    bool is_open = true;
    for (size_t i = 0; i < ask->n; i++)
        if (ask->all[i].instance == NULL) {
            text_add_format(out, "%s\n", ask->all[i].error.text);
            is_open = false;
        }
    return is_open;
}

static void note_over(struct ask *ask, const struct instance *instance)
{
    for (size_t i = 0; i < ask->n; i++)
        if (ask->all[i].instance == instance)
            ask->all[i].is_over = true;
}

static bool is_prepared(const struct asked *asked)
{
    return asked->instance != NULL && instance_call(asked->instance) != CALL_NONE;
}

/* Starts the calls; returns when the last of them counts as hanging. */
static int64_t submit(struct ask *ask, struct crew *crew)
{
    int64_t last_ms = 0;
    for (size_t i = 0; i < ask->n; i++) {
        if (!is_prepared(&ask->all[i]))
            continue;
        struct instance *instance = ask->all[i].instance;
        int64_t deadline_ms = clock_now_ms() + instance_spec(instance)->timeout_ms;
        crew_submit(crew, instance, deadline_ms);
        if (deadline_ms + HANGS_MS > last_ms)
            last_ms = deadline_ms + HANGS_MS;
    }
    return last_ms;
}

static void wait_for_all(struct ask *ask, struct crew *crew, int64_t last_ms)
{
    int64_t left_ms;
    while (crew_running(crew) > 0 && (left_ms = last_ms - clock_now_ms()) > 0) {
        struct pollfd fd = {crew_fd(crew), POLLIN, 0};
        if (poll(&fd, 1, (int)left_ms) > 0)
            note_over(ask, crew_take(crew));
    }
}

void ask_all(struct ask *ask)
{
    struct error error = {""};
    struct crew *crew = crew_new(ask->n, &error);
    if (crew != NULL)
        wait_for_all(ask, crew, submit(ask, crew));
    for (size_t i = 0; i < ask->n; i++) {
        struct asked *asked = &ask->all[i];
        if (is_prepared(asked) && !asked->is_over)
            error_set(&asked->error, "%s",
                      crew == NULL ? error.text : "hangs: not back a second after its deadline");
    }
    crew_free(crew);
}

const char *ask_failure(const struct ask *ask, size_t i)
{
    const struct asked *asked = &ask->all[i];
    if (asked->error.text[0] != '\0')
        return asked->error.text;
    return instance_code(asked->instance) != DYN_OK ? instance_failure(asked->instance) : NULL;
}

int ask_close(struct ask *ask, int status)
{
    for (size_t i = 0; i < ask->n; i++)
        if (is_prepared(&ask->all[i]) && !ask->all[i].is_over) {
            fflush(NULL);
            _exit(status);
        }
    for (size_t i = 0; i < ask->n; i++)
        instance_close(ask->all[i].instance);
    free(ask->all);
    *ask = (struct ask){0};
    return status;
}
