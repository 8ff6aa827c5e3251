/* SPDX-License-Identifier: MIT
 * The clocks of the fake: a monotonic one for pauses and ages, the wall's for what clients read. */
#ifndef FAKE_WHEN_H
#define FAKE_WHEN_H

#include <stdint.h>

enum { WHEN_SIZE = 40 };
#define WHEN_NEVER INT64_MAX

/* Monotonic milliseconds. */
int64_t when_ms(void);
/* Microseconds since 1970. */
int64_t when_wall_us(void);

/* As the API writes times, to the second: 2026-01-02T03:04:05Z. */
const char *when_api(int64_t wall_us, char room[WHEN_SIZE]);
/* As the platform's log writes them: 2026-01-02T03:04:05.123456+00:00. */
const char *when_log(int64_t wall_us, char room[WHEN_SIZE]);
/* As HTTP headers write them: Fri, 02 Jan 2026 03:04:05 GMT. */
const char *when_http(int64_t wall_us, char room[WHEN_SIZE]);

/* "500ms", "1.5s", "5m", "1h", or "0": milliseconds. 0, or -1 if the text is none of these. */
int when_parse(const char *text, int64_t *ms);

#endif
