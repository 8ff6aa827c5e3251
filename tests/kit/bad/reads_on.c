/* SPDX-License-Identifier: MIT
 * Fails: old_host
 * It reads behind the host's table. */
#include "good.h"

static int32_t open_it(const struct dyn_host *host, const void *config, void **self)
{
    struct {
        struct dyn_host known;
        int32_t (*later)(void);
    } table;
    memcpy(&table, host, sizeof table);
    return table.later != NULL ? good_open(host, config, self) : DYN_BROKEN;
}

#define OPEN open_it
#include "plugin.h"
