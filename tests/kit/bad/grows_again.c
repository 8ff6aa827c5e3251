/* SPDX-License-Identifier: MIT
 * Fails: repeatable
 * A size that is set again becomes greater. */
#include "good.h"

static int32_t apply(void *self, const struct dyn_call *call, const struct dyn_change *changes,
                     uint32_t n)
{
    int32_t before = platform;
    int32_t code = good_apply(self, call, changes, n);
    if (code == DYN_OK && n == 1 && before == 2 && platform == 2)
        ((const struct good *)self)
            ->host->put(((const struct good *)self)->host, 0, DYN_SIZE, ++platform, 0);
    return code;
}

#define APPLY apply
#include "plugin.h"
