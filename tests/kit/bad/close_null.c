/* SPDX-License-Identifier: MIT
 * Fails: close_null
 * Its close() does not take NULL. */
#include "good.h"

static void close_it(void *self)
{
    struct good *good = self;
    good->host = NULL;
    free(good);
}

#define CLOSE close_it
#include "plugin.h"
