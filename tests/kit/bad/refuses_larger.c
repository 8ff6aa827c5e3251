/* SPDX-License-Identifier: MIT
 * Fails: new_host
 * It refuses a host whose table is larger than it knows. */
#include "good.h"

static int32_t open_it(const struct dyn_host *host, const void *config, void **self)
{
    if (host->size > sizeof *host)
        return host->fail(host, DYN_BROKEN, "this host is another");
    return good_open(host, config, self);
}

#define OPEN open_it
#include "plugin.h"
