/* SPDX-License-Identifier: MIT
 * Fails: name load
 * Its name is not the file's. */
#include "good.h"

#define NAME "another"
#include "plugin.h"
