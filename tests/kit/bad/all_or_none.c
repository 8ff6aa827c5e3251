/* SPDX-License-Identifier: MIT
 * Fails: partial
 * A pool that is not there fails the others. */
#include "good.h"

static int32_t apply(void *self, const struct dyn_call *call, const struct dyn_change *changes,
                     uint32_t n)
{
    const struct good *good = self;
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(changes[i].name, "worker") != 0 && n > 1)
            return good->host->fail(good->host, DYN_BROKEN, "there is no such pool");
    return good_apply(self, call, changes, n);
}

#define APPLY apply
#include "plugin.h"
