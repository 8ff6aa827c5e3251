/* SPDX-License-Identifier: MIT
 * Fails: load
 * Its load() fails. */
#include "good.h"

static int32_t load(const struct dyn_host *host)
{
    return host->fail(host, DYN_BROKEN, "there is no such library");
}

#define LOAD load
#include "plugin.h"
