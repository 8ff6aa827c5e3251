/* SPDX-License-Identifier: MIT
 * Fails: deadline
 * It comes back long after the deadline. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    const struct good *good = self;
    int server = dyn_is_over(call) ? -1 : connect_to(good);
    int was_cancelled = server >= 0 && dyn_wait(call, server, POLLIN) == 0 && dyn_ms_left(call) > 0;
    if (server >= 0 && !was_cancelled)
        sleep(2);
    if (server >= 0)
        close(server);
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
