/* SPDX-License-Identifier: MIT
 * Fails: cap
 * It stops at the cap, and does not say that there may be more. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    const struct good *good = self;
    int32_t code = good_measure(self, call, groups, n);
    for (uint32_t i = 0; code == DYN_OK && i < n; i++)
        if (groups[i].cap > 0)
            good->host->put(good->host, i, DYN_WAITING, groups[i].cap, 0);
    return code;
}

#define MEASURE measure
#include "plugin.h"
