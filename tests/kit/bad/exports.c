/* SPDX-License-Identifier: MIT
 * Fails: symbol
 * It exports a function as well. */
#include "good.h"

DYN_EXPORT int helper(void);

int helper(void)
{
    return 1;
}

#include "plugin.h"
