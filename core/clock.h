/* SPDX-License-Identifier: MIT
 * The only clock: monotonic milliseconds, never 0. Nothing but the loop, the commands and the log
 * read it; all others are told the time. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

int64_t clock_now_ms(void);

#endif
