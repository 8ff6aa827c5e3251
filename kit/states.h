/* SPDX-License-Identifier: MIT
 * A table of states of a real store, and what an adapter must measure in each; the file is
 * described in dynomatic-plugin(3). */
#ifndef KIT_STATES_H
#define KIT_STATES_H

#include "core/text.h"
#include "kit/subject.h"

#include <stddef.h>

struct states;

/* Reads the file. NULL with all mistakes, for people. */
struct states *states_read(const char *path, struct text *mistakes);
void states_free(struct states *states); /* takes NULL */

size_t states_count(const struct states *states);
const char *states_name(const struct states *states, size_t i);

/* Makes a state and measures it; `argument` is one of states_get(). In the process of a check. */
const void *states_get(const struct states *states, size_t i);
void states_check(const struct subject *subject, const void *argument);

#endif
