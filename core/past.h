/* SPDX-License-Identifier: MIT
 * A pool's history between its decisions: of its windows, which are nearly all of it, only what is
 * in use, so that a pool that is seldom in motion takes a tenth of the room. */
#ifndef CORE_PAST_H
#define CORE_PAST_H

#include "core/policy.h"

struct past;

/* All zeroes of NULL, as a history begins. */
struct history past_open(const struct past *past);

/* Keeps a history in the place of the one before. Freed with free(). */
void past_keep(struct past **past, const struct history *history);

#endif
