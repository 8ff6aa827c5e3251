/* SPDX-License-Identifier: MIT
 * The inside of pool.h, shared by its files: pool.c (life, schedule, decisions), pool_measure.c
 * (what stores say), pool_apply.c (what the platform says, and whom a shrink spares). */
#ifndef CORE_POOL_INSIDE_H
#define CORE_POOL_INSIDE_H

#include "core/pool.h"

#define NOT_REFUSED ((struct refused){-1, 0, 0, false})

/* Logs what holds a pool up, once; NULL: nothing does. What is in brackets at its end may differ.
 */
void pool_note_trouble(const struct pool *pool, char **told, const char *text);

/* Notes what it has of what pools share, whenever that may have changed. */
void pool_note_held(struct pool *pool);

/* What is known of all its stores at now_ms. */
struct reading pool_reading(const struct pool *pool, int64_t now_ms);

/* The names of workers that were busy with the jobs of a store. */
void pool_forget_busy(struct source *source);

#endif
