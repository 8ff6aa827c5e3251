/* SPDX-License-Identifier: MIT
 * Fails: many
 * It crashes with many groups, which is not the end of the checks. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    if (n > 100)
        abort();
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
