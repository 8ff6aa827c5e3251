/* SPDX-License-Identifier: MIT
 * Fails: held_back
 * It stops workers that must not be stopped. */
#include "good.h"

static int32_t apply(void *self, const struct dyn_call *call, const struct dyn_change *changes,
                     uint32_t n)
{
    struct dyn_change all[16];
    for (uint32_t i = 0; i < n && i < 16; i++) {
        all[i] = changes[i];
        all[i].n_keep = 0;
    }
    return good_apply(self, call, all, n);
}

#define APPLY apply
#include "plugin.h"
