/* SPDX-License-Identifier: MIT
 * When jobs of a group were last seen to wait. A process tells what it runs only with its
 * heartbeat, each 5 to 10 s: what waited since the last one it may have taken meanwhile. */
#ifndef PLUGINS_SIDEKIQ_WAITED_H
#define PLUGINS_SIDEKIQ_WAITED_H

#include "shared/names.h"

struct waited {
    struct names groups;
    int64_t *at_ms; /* by their numbers, as far as there is room */
    size_t room;
};

/* Notes it. Without memory for that it is forgotten. */
void waited_note(struct waited *waited, const char *group, int64_t now_ms);

/* When that was; 0: never. */
int64_t waited_at(const struct waited *waited, const char *group);

void waited_fini(struct waited *waited);

#endif
