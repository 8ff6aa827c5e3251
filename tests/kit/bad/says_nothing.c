/* SPDX-License-Identifier: MIT
 * Fails: failures
 * It fails without a word when it is out of time. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    if (dyn_is_over(call))
        return DYN_LATE;
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
