/* SPDX-License-Identifier: MIT
 * Fails: folder
 * It changes the working directory. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    if (chdir("/") < 0)
        abort();
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
