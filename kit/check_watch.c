/* SPDX-License-Identifier: MIT
 * Being told of events: what watch() gives is polled beside everything else that the host does, so
 * it must neither wake it without end nor grow. Where the store tells nothing, there is nothing to
 * learn. */
#include "kit/check.h"

#include "kit/host.h"
#include "kit/trial.h"

#include <inttypes.h>
#include <poll.h>

enum { TIMES = 50 };

/* A look, and a watch after it, as the host has them. */
static void look(struct host *host)
{
    if (host_call(host, MEASURE, 2, HOST_TIMEOUT_MS) != DYN_OK)
        trial_skip("there is nothing to learn from: %s", host->failure);
    if (host_call(host, WATCH, 2, HOST_TIMEOUT_MS) != DYN_OK)
        trial_skip("it cannot watch here: %s", host->failure);
}

/* What poll() finds on the descriptor; 0: nothing, or there is none. */
static short events_of(const struct host *host)
{
    struct pollfd event = {host->watch_fd, POLLIN, 0};
    poll(&event, 1, 0);
    return event.revents;
}

/* Whether there is something to be polled; that of check_watch() is no other check's business. */
static void need_descriptor(const struct host *host)
{
    if (host->watch_fd < 0 || (events_of(host) & POLLNVAL) != 0)
        trial_skip("it does not watch this store");
}

void check_watch(const struct subject *subject)
{
    struct host *host = host_opened(subject);
    look(host);
    if (host->watch_fd == HOST_NO_FD)
        trial_fail("watch() returned DYN_OK and left *fd as it was");
    if (host->watch_fd < -1 || (events_of(host) & POLLNVAL) != 0)
        trial_fail("watch() gave the descriptor %" PRId32 ", which is not open", host->watch_fd);
    if (host->watch_fd == -1)
        trial_note("it does not watch this store");
}

/* A store in use may have events at any time, but not before each of so many looks. */
void check_watch_quiet(const struct subject *subject)
{
    struct host *host = host_opened(subject);
    for (int i = 0; i < TIMES; i++) {
        look(host);
        need_descriptor(host);
        if (events_of(host) == 0)
            return;
    }
    trial_fail("the descriptor was readable after each of %d looks: the host would never rest",
               TIMES);
}

/* Also without a measure() between. */
void check_watch_again(const struct subject *subject)
{
    struct host *host = host_opened(subject);
    look(host);
    need_descriptor(host);
    long before = host_entries("/proc/self/fd");
    for (int i = 0; i < TIMES; i++) {
        if (i % 2 == 0)
            look(host);
        else if (host_call(host, WATCH, 2, HOST_TIMEOUT_MS) != DYN_OK)
            trial_fail("watch() fails the second time: %s", host->failure);
    }
    long more = host_entries("/proc/self/fd") - before;
    if (more > 0)
        trial_fail("after %d times watch() there are %ld descriptors more", TIMES, more);
}
