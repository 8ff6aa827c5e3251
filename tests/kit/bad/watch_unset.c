/* SPDX-License-Identifier: MIT
 * Fails: watch
 * Where it does not watch it does not say so. */
#include "good.h"

static int32_t watch(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                     uint32_t n, int32_t *fd)
{
    (void)groups;
    (void)n;
    (void)fd;
    return dyn_is_over(call) ? over(self) : DYN_OK;
}

#define WATCH watch
#include "plugin.h"
