/* SPDX-License-Identifier: MIT
 * Fails: leaks
 * What watch() opened stays open after close(). */
#include "good.h"

static void close_it(void *self)
{
    free(self);
}

#define CLOSE close_it
#define WATCH good_watch
#include "plugin.h"
