/* SPDX-License-Identifier: MIT
 * Fails: cancel
 * It keeps its deadline, and does not hear that it is cancelled. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    const struct good *good = self;
    int server = dyn_is_over(call) ? -1 : connect_to(good);
    struct pollfd only = {server, POLLIN, 0};
    if (server < 0)
        return good_measure(self, call, groups, n);
    poll(&only, 1, dyn_ms_left(call));
    close(server);
    return over(good);
}

#define MEASURE measure
#include "plugin.h"
