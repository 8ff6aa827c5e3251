/* SPDX-License-Identifier: MIT
 * Fails: descriptor
 * Its summary ends with a full stop. */
#include "good.h"

#define SUMMARY "a plugin for tests."
#include "plugin.h"
