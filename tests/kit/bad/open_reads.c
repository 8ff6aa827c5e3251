/* SPDX-License-Identifier: MIT
 * Fails: open_io
 * Its open() reads a file. */
#include "good.h"

#include <fcntl.h>

static int32_t open_it(const struct dyn_host *host, const void *config, void **self)
{
    close(open("/etc/hostname", O_RDONLY | O_CLOEXEC));
    return good_open(host, config, self);
}

#define OPEN open_it
#include "plugin.h"
