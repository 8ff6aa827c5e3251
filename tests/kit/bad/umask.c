/* SPDX-License-Identifier: MIT
 * Fails: umask
 * It changes the umask. */
#include "good.h"

#include <sys/stat.h>

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    umask(0);
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
