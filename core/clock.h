/* SPDX-License-Identifier: MIT
 * The only clocks. Nothing but the loop, the commands, the log and whoever waits for a process
 * (isolate.c) read them; all others are told the time. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

/* Monotonic milliseconds, never 0. */
int64_t clock_now_ms(void);

/* Milliseconds since 1970, for what people say in dates and what outlasts the program; may be set
 * forward and back. */
int64_t clock_utc_ms(void);

#endif
