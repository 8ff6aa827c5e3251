/* SPDX-License-Identifier: MIT
 * Fails:
 * It has no fault: what the others are made of. */
#include "good.h"

#include "plugin.h"
