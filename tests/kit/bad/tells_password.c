/* SPDX-License-Identifier: MIT
 * Fails: hidden
 * A text has its password. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    const struct good *good = self;
    if (dyn_is_over(call))
        return dyn_failf(good->host, DYN_LATE, "%s came late", good->config->password);
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
