/* SPDX-License-Identifier: MIT
 * Fails: watch_again
 * Each watch() but the first opens a descriptor, and only the last is closed. */
#include "good.h"

#include <stdbool.h>

static int32_t watch(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                     uint32_t n, int32_t *fd)
{
    struct good *good = self;
    bool is_first = good->events < 0;
    int32_t code = good_watch(self, call, groups, n, fd);
    if (code == DYN_OK && !is_first)
        *fd = good->events = dup(good->events);
    return code;
}

#define WATCH watch
#include "plugin.h"
