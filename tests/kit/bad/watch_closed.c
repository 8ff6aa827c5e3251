/* SPDX-License-Identifier: MIT
 * Fails: watch
 * It closes the descriptor that it gives. */
#include "good.h"

static int32_t watch(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                     uint32_t n, int32_t *fd)
{
    int32_t code = good_watch(self, call, groups, n, fd);
    struct good *good = self;
    if (good->events >= 0)
        close(good->events);
    good->events = -1;
    return code;
}

#define WATCH watch
#include "plugin.h"
