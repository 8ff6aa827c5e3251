/* SPDX-License-Identifier: MIT
 * Fails: cancel
 * Its watch() does not hear that it is cancelled. */
#include "good.h"

static int32_t watch(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                     uint32_t n, int32_t *fd)
{
    int server = dyn_is_over(call) ? -1 : connect_to(self);
    if (server >= 0) {
        struct pollfd only = {server, POLLIN, 0};
        poll(&only, 1, dyn_ms_left(call));
        close(server);
        return over(self);
    }
    return good_watch(self, call, groups, n, fd);
}

#define WATCH watch
#include "plugin.h"
