/* SPDX-License-Identifier: MIT
 * What pools share: how many dynos it leaves for each. A sum is kept for each limit, so that a
 * decision costs the same however many pools there are. */
#ifndef CORE_ROOM_H
#define CORE_ROOM_H

#include "core/pool.h"

struct room;

/* Of pools of which no size is known yet. The settings must outlive it. */
struct room *room_new(const struct settings *settings);
void room_free(struct room *room); /* takes NULL */

/* From now on the pool has, or is about to have, this many dynos; -1 is not known. */
void room_note(struct room *room, struct pool *pool, int32_t dynos);

/* The most dynos that a pool may have by the limits it uses, with what the others have or are about
 * to have; *of is the limit that leaves so few. INT32_MAX with *of NULL: it uses none. Of another
 * whose size is not known nothing can be left: 0. */
int32_t room_of(const struct room *room, const struct pool *pool, const char **of);

#endif
