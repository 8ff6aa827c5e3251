/* SPDX-License-Identifier: MIT
 * Fails: leaks
 * Each open() leaves memory behind. */
#include "good.h"

static int32_t open_it(const struct dyn_host *host, const void *config, void **self)
{
    char *lost = malloc(8);
    if (lost != NULL)
        lost[0] = 'x';
    return good_open(host, config, self);
}

#define OPEN open_it
#include "plugin.h"
