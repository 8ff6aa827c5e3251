/* SPDX-License-Identifier: MIT
 * Fails: none
 * It takes the first group without looking whether there is one. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    if (groups[0].name == NULL)
        return over(self);
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
