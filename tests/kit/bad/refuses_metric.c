/* SPDX-License-Identifier: MIT
 * Fails: metrics
 * It fails when it is asked for a metric of the future. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    const struct good *good = self;
    if (n > 0 && groups[0].metrics >= DYN_BIT(DYN_SIZE))
        return good->host->fail(good->host, DYN_BROKEN, "there is no such metric");
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
