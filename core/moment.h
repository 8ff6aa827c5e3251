/* SPDX-License-Identifier: MIT
 * A moment as people write it. */
#ifndef CORE_MOMENT_H
#define CORE_MOMENT_H

#include "core/error.h"
#include "core/text.h"

#include <stdint.h>

/* "5m ago", "10:30" (the last time a clock here showed that), "2026-11-24 10:30", and with T for
 * the space; with seconds or not; with a Z it is UTC. -1 with an error. */
int moment_parse(const char *text, int64_t now_ms, int64_t *utc_ms, struct error *error);

/* "2026-11-24 10:30:15 CET", by the clock here. */
void moment_add(int64_t utc_ms, struct text *out);

#endif
