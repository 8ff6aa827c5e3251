/* SPDX-License-Identifier: MIT
 * Fails: many
 * It has room for so many groups only. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    const struct good *good = self;
    if (n > 100)
        return good->host->fail(good->host, DYN_BROKEN, "there are too many groups");
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
