/* SPDX-License-Identifier: MIT
 * Fails: two_at_once
 * All its instances use the host of the last. */
#include "good.h"

static struct good last;

static int32_t open_it(const struct dyn_host *host, const void *config, void **self)
{
    last = (struct good){host, config};
    return good_open(host, config, self);
}

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    (void)self;
    return good_measure(&last, call, groups, n);
}

#define OPEN    open_it
#define MEASURE measure
#include "plugin.h"
