/* SPDX-License-Identifier: MIT
 * Fails: processes
 * It starts another process. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    if (system("true") != 0)
        abort();
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
