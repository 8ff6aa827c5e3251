/* SPDX-License-Identifier: MIT
 * What pools share: how many dynos it leaves for each. */
#ifndef CORE_ROOM_H
#define CORE_ROOM_H

#include "core/pool.h"

/* The most dynos that pool `i` of n may have by the limits it uses, with what the others have or
 * are about to have; *of is the limit that leaves so few. INT32_MAX with *of NULL: it uses none. Of
 * another whose size is not known nothing can be left: 0. */
int32_t room_of(const struct settings *settings, const struct pool *pools, size_t i,
                const char **of);

#endif
