/* SPDX-License-Identifier: MIT
 * Fails: open_io
 * Its open() makes a socket. */
#include "good.h"

static int32_t open_it(const struct dyn_host *host, const void *config, void **self)
{
    close(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return good_open(host, config, self);
}

#define OPEN open_it
#include "plugin.h"
