/* SPDX-License-Identifier: MIT
 * Fails: open
 * It opens and has no instance. */
#include "good.h"

static int32_t open_it(const struct dyn_host *host, const void *config, void **self)
{
    (void)host, (void)config;
    *self = NULL;
    return DYN_OK;
}

#define OPEN open_it
#include "plugin.h"
