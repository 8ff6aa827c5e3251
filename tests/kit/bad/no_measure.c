/* SPDX-License-Identifier: MIT
 * Fails: functions load
 * It has no measure(). */
#include "good.h"

#define MEASURE NULL
#include "plugin.h"
