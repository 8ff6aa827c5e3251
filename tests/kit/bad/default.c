/* SPDX-License-Identifier: MIT
 * Fails: options load
 * The default of an option lies outside of its limits. */
#include "good.h"

#define OPTION                                                                                     \
    {                                                                                              \
        "number", "10", "0..9", NULL, "a number", DYN_INTEGER, 0, offsetof(struct config, number), \
            0                                                                                      \
    }
#include "plugin.h"
