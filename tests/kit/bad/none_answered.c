/* SPDX-License-Identifier: MIT
 * Fails: none
 * It answers a first group that is not there. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    const struct good *good = self;
    if (n == 0)
        good->host->put(good->host, 0, DYN_WAITING, JOBS, 0);
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
