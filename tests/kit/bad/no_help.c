/* SPDX-License-Identifier: MIT
 * Fails: options load
 * An option has no help. */
#include "good.h"

#define OPTION                                                                              \
    {                                                                                       \
        "number", "1", "0..9", NULL, "", DYN_INTEGER, 0, offsetof(struct config, number), 0 \
    }
#include "plugin.h"
