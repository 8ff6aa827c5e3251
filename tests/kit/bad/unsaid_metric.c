/* SPDX-License-Identifier: MIT
 * Fails: metrics
 * It tells a metric that its table does not have. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    const struct good *good = self;
    if (n > 0)
        good->host->put(good->host, 0, DYN_BUSY, 1, 0);
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
