/* SPDX-License-Identifier: MIT
 * Fails: many
 * It ends the process with many groups. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    if (n > 100)
        exit(3);
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
