/* SPDX-License-Identifier: MIT
 * A time zone: how far its clocks are ahead of UTC at any instant, by the system's tzdata. The only
 * file that knows GLib, which follows the rules past the tables of tzdata (2037) for all zones but
 * Europe/Dublin, whose winter time it misreads there. */
#ifndef CORE_ZONE_H
#define CORE_ZONE_H

#include "core/error.h"

#include <stdint.h>

struct zone;

/* The zone of an IANA name, such as "Europe/Brussels"; "UTC" is one also without tzdata. NULL with
 * what to write or to install instead; the error does not repeat the name. */
struct zone *zone_new(const char *name, struct error *error);
void zone_free(struct zone *zone);

const char *zone_name(const struct zone *zone);

/* How far its clocks are ahead of UTC at an instant, in seconds since 1970. */
int32_t zone_ahead_s(const struct zone *zone, int64_t utc_s);

/* The first instant after from_s and before to_s at which its clocks are set, else to_s. At most a
 * day may lie between the two. */
int64_t zone_next_change(const struct zone *zone, int64_t from_s, int64_t to_s);

#endif
