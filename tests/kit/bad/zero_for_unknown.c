/* SPDX-License-Identifier: MIT
 * Fails: allocations
 * Without memory it tells zero jobs, which is not true. */
#include "good.h"

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    const struct good *good = self;
    char *room = malloc(100);
    int32_t code = good_measure(self, call, groups, n);
    for (uint32_t i = 0; code == DYN_OK && room == NULL && i < n; i++)
        good->host->put(good->host, i, DYN_WAITING, 0, 0);
    free(room);
    return code;
}

#define MEASURE measure
#include "plugin.h"
