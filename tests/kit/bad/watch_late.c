/* SPDX-License-Identifier: MIT
 * Fails: deadline
 * Its watch() waits for the server past the deadline. */
#include "good.h"

static int32_t watch(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                     uint32_t n, int32_t *fd)
{
    int server = dyn_is_over(call) ? -1 : connect_to(self);
    if (server >= 0) {
        struct pollfd fds[] = {{server, POLLIN, 0}, {call->cancel_fd, POLLIN, 0}};
        poll(fds, 2, 100000);
        close(server);
        return over(self);
    }
    return good_watch(self, call, groups, n, fd);
}

#define WATCH watch
#include "plugin.h"
