/* SPDX-License-Identifier: MIT
 * Fails: many answers
 * It forgets the last group, and does not say so. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    return good_measure(self, call, groups, n > 1 ? n - 1 : n);
}

#define MEASURE measure
#include "plugin.h"
