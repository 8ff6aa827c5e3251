/* SPDX-License-Identifier: MIT
 * The helpers as the first and only thing that is included, as C and as C++. */
#include <dynomatic/util.h>
