/* SPDX-License-Identifier: MIT
 * Fails: loads load
 * It calls what nobody has. */
#include "good.h"

void nowhere(void);

static void call_nowhere(void *self)
{
    nowhere();
    free(self);
}

#define CLOSE call_nowhere
#include "plugin.h"
