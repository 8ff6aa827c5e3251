/* SPDX-License-Identifier: MIT
 * Fails: failures
 * It fails with a text of two lines. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    const struct good *good = self;
    if (dyn_is_over(call))
        return good->host->fail(good->host, DYN_LATE, "it is\nlate");
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
