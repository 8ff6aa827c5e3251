/* SPDX-License-Identifier: MIT
 * Whether a descriptor is a terminal that a person looks at in colour. */
#ifndef CORE_TERMINAL_H
#define CORE_TERMINAL_H

#include <stdbool.h>

/* A terminal, not a dumb one, and NO_COLOR is not set (see no-color.org). */
bool terminal_has_colours(int fd);

#endif
