/* SPDX-License-Identifier: MIT
 * The functions of a good plugin, which is queue adapter and scaler in one: always five jobs wait,
 * and the platform is a number. The files beside this one spoil it, each in one way:
 *
 *     #include "good.h"
 *     static int32_t measure(...) { ... }
 *     #define MEASURE measure
 *     #include "plugin.h"
 */
#include <dynomatic/util.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { JOBS = 5 };

struct config {
    const char *url;
    const char *password;
    int64_t number;
};

struct good {
    const struct dyn_host *host;
    const struct config *config;
    int events; /* -1: it is not watched */
};

/* What lies outside of the plugin: the size of the pool "worker". */
static int32_t platform = 1;

static inline int32_t good_open(const struct dyn_host *host, const void *config, void **self)
{
    struct good *good = malloc(sizeof *good);
    if (good == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    *good = (struct good){host, config, -1};
    *self = good;
    return DYN_OK;
}

static inline void good_close(void *self)
{
    struct good *good = self;
    if (good != NULL && good->events >= 0)
        close(good->events);
    free(good);
}

static inline int32_t over(const struct good *good)
{
    return good->host->fail(good->host, DYN_LATE, "out of time");
}

/* The server, if somebody listens at the port of test://HOST:PORT/; -1: nobody does. */
static inline int connect_to(const struct good *good)
{
    const char *colon = strrchr(good->config->url, ':');
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_port = htons((uint16_t)atoi(colon + 1));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static inline void answer(const struct good *good, const struct dyn_group *group, uint32_t i)
{
    int is_cut = group->cap > 0 && JOBS > group->cap;
    good->host->put(good->host, i, DYN_WAITING, is_cut ? group->cap : JOBS,
                    is_cut ? DYN_AT_LEAST : 0);
    good->host->put(good->host, i, DYN_LATENCY, 1000, 0);
}

static inline int32_t good_measure(void *self, const struct dyn_call *call,
                                   const struct dyn_group *groups, uint32_t n)
{
    const struct good *good = self;
    int server = dyn_is_over(call) ? -1 : connect_to(good);
    if (server >= 0) {
        dyn_wait(call, server, POLLIN);
        close(server);
    }
    if (server >= 0 || dyn_is_over(call))
        return over(good);
    uint64_t event;
    if (good->events >= 0 && read(good->events, &event, sizeof event) < 0)
        event = 0; /* there was none */
    for (uint32_t i = 0; i < n; i++)
        answer(good, &groups[i], i);
    return DYN_OK;
}

/* Whoever begins to watch is told at once. */
static inline int32_t good_watch(void *self, const struct dyn_call *call,
                                 const struct dyn_group *groups, uint32_t n, int32_t *fd)
{
    struct good *good = self;
    (void)groups;
    (void)n;
    *fd = -1;
    if (dyn_is_over(call))
        return over(good);
    if (good->events < 0)
        good->events = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    *fd = good->events;
    return DYN_OK;
}

static inline int32_t good_advise(void *self, const struct dyn_call *call, int32_t topic)
{
    const struct good *good = self;
    if (dyn_is_over(call))
        return over(good);
    if (topic == DYN_ADVICE_INDEXES)
        good->host->advise(good->host, "-- there is nothing to do");
    return DYN_OK;
}

static inline void put_size(const struct good *good, uint32_t i, const char *name)
{
    if (strcmp(name, "worker") == 0)
        good->host->put(good->host, i, DYN_SIZE, platform, 0);
    else
        good->host->unknown(good->host, i, "there is no such pool");
}

static inline int32_t good_read(void *self, const struct dyn_call *call, const char *const *names,
                                uint32_t n)
{
    const struct good *good = self;
    if (dyn_is_over(call))
        return over(good);
    for (uint32_t i = 0; i < n; i++)
        put_size(good, i, names[i]);
    return DYN_OK;
}

static inline int32_t good_apply(void *self, const struct dyn_call *call,
                                 const struct dyn_change *changes, uint32_t n)
{
    const struct good *good = self;
    if (dyn_is_over(call))
        return over(good);
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(changes[i].name, "worker") == 0)
            platform = changes[i].n_keep > 0 && changes[i].size < 1 ? 1 : changes[i].size;
        put_size(good, i, changes[i].name);
    }
    return DYN_OK;
}
