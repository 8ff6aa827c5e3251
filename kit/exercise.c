/* SPDX-License-Identifier: MIT */
#include "kit/exercise.h"

#include "kit/server.h"

#include <unistd.h>

bool exercise_may(const struct host *host, enum verb verb, int port)
{
    return host_can(host, verb) && (verb != APPLY || port > 0);
}

static void call_all(struct host *host, int port, int64_t timeout_ms)
{
    for (int verb = 0; verb < N_VERBS; verb++)
        if (exercise_may(host, (enum verb)verb, port))
            host_call(host, (enum verb)verb, 2, timeout_ms);
}

static void cancel_all(struct host *host, int port)
{
    for (int verb = 0; verb < N_VERBS; verb++)
        if (exercise_may(host, (enum verb)verb, port)) {
            host_cancel(host);
            host_call(host, (enum verb)verb, 2, HOST_TIMEOUT_MS);
        }
}

static void live(struct host *host, int port, struct text *said)
{
    host->said = said;
    call_all(host, port, HOST_TIMEOUT_MS);
    call_all(host, port, 0);
    cancel_all(host, port);
    host_close(host);
}

void exercise(const struct subject *subject, struct text *said)
{
    int port;
    int fd = server_refusing(&port);
    live(host_opened(subject), 0, said);
    struct host *refused = host_opened_at(subject, port);
    if (refused != NULL)
        live(refused, port, said);
    close(fd);
}
