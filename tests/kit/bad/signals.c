/* SPDX-License-Identifier: MIT
 * Fails: signals
 * It changes what happens at a signal. */
#include "good.h"

#include <signal.h>

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    signal(SIGPIPE, SIG_DFL);
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
