/* SPDX-License-Identifier: MIT */
#include "sidekiq_waited.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct waited *waited, size_t number)
{
    if (number < waited->room)
        return true;
    size_t room = (number + 1) * 2;
    int64_t *more = realloc(waited->at_ms, room * sizeof *more);
    if (more == NULL)
        return false;
    memset(more + waited->room, 0, (room - waited->room) * sizeof *more);
    waited->at_ms = more;
    waited->room = room;
    return true;
}

void waited_note(struct waited *waited, const char *group, int64_t now_ms)
{
    size_t number = names_add(&waited->groups, group);
    if (number != NAMES_NONE && make_room(waited, number))
        waited->at_ms[number] = now_ms;
}

int64_t waited_at(const struct waited *waited, const char *group)
{
    size_t number = names_find(&waited->groups, group);
    return number < waited->room ? waited->at_ms[number] : 0;
}

void waited_fini(struct waited *waited)
{
    names_fini(&waited->groups);
    free(waited->at_ms);
    *waited = (struct waited){0};
}
