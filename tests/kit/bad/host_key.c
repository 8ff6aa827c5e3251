/* SPDX-License-Identifier: MIT
 * Fails: options
 * An option has the name of a key of the host. */
#include "good.h"

#define OPTION                                                             \
    {                                                                      \
        "timeout", "1s", NULL, NULL, "how long it waits", DYN_DURATION, 0, \
            offsetof(struct config, number), 0                             \
    }
#include "plugin.h"
