/* SPDX-License-Identifier: MIT
 * Fails: watch_quiet
 * Its descriptor is always readable. */
#include "good.h"

static int32_t watch(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                     uint32_t n, int32_t *fd)
{
    int32_t code = good_watch(self, call, groups, n, fd);
    const uint64_t one = 1;
    if (code == DYN_OK && write(*fd, &one, sizeof one) < 0)
        abort();
    return code;
}

#define WATCH watch
#include "plugin.h"
