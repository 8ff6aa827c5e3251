/* SPDX-License-Identifier: MIT
 * Fails: allocations
 * It does not look whether there is memory. */
#include "good.h"

static int32_t open_it(const struct dyn_host *host, const void *config, void **self)
{
    struct good *good = malloc(sizeof *good);
    *good = (struct good){host, config};
    *self = good;
    return DYN_OK;
}

#define OPEN open_it
#include "plugin.h"
