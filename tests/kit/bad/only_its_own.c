/* SPDX-License-Identifier: MIT
 * Fails: read_after_apply
 * An instance remembers what it set, and the platform does not. */
#include "good.h"

struct own {
    struct good good;
    int32_t size; /* 0: it was not set */
};

static int32_t open_it(const struct dyn_host *host, const void *config, void **self)
{
    struct own *own = calloc(1, sizeof *own);
    if (own == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    own->good = (struct good){host, config};
    *self = own;
    return DYN_OK;
}

static int32_t read_it(void *self, const struct dyn_call *call, const char *const *names,
                       uint32_t n)
{
    struct own *own = self;
    platform = own->size > 0 ? own->size : 1;
    return good_read(self, call, names, n);
}

static int32_t apply(void *self, const struct dyn_call *call, const struct dyn_change *changes,
                     uint32_t n)
{
    struct own *own = self;
    int32_t code = good_apply(self, call, changes, n);
    own->size = platform;
    return code;
}

#define OPEN  open_it
#define READ  read_it
#define APPLY apply
#include "plugin.h"
