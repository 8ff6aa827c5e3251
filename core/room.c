/* SPDX-License-Identifier: MIT */
#include "core/room.h"

#include "core/memory.h"

#include <stdlib.h>

/* What all pools have of a limit. */
struct taken {
    int64_t amount;   /* by those whose size is known */
    size_t n_unknown; /* the others */
};

struct room {
    const struct limit *limits;
    struct taken *taken; /* of each */
};

struct room *room_new(const struct settings *settings)
{
    struct room *room = memory_new(1, sizeof *room);
    room->limits = settings->limits;
    room->taken = memory_new(settings->n_limits, sizeof *room->taken);
    for (size_t i = 0; i < settings->n_pools; i++)
        for (size_t k = 0; k < settings->pools[i].n_uses; k++)
            room->taken[settings->pools[i].uses[k].limit].n_unknown++;
    return room;
}

void room_free(struct room *room)
{
    if (room == NULL)
        return;
    free(room->taken);
    free(room);
}

/* Without what one pool has of it. */
static struct taken taken_by_others(const struct room *room, const struct pool *pool,
                                    const struct use *use)
{
    struct taken others = room->taken[use->limit];
    if (pool->held < 0)
        others.n_unknown--;
    else
        others.amount -= use->amount * pool->held; /* both are checked to be small */
    return others;
}

void room_note(struct room *room, struct pool *pool, int32_t dynos)
{
    for (size_t k = 0; k < pool->spec->n_uses && dynos != pool->held; k++) {
        const struct use *use = &pool->spec->uses[k];
        struct taken taken = taken_by_others(room, pool, use);
        if (dynos < 0)
            taken.n_unknown++;
        else
            taken.amount += use->amount * dynos;
        room->taken[use->limit] = taken;
    }
    pool->held = dynos;
}

int32_t room_of(const struct room *room, const struct pool *pool, const char **of)
{
    int64_t least = INT32_MAX;
    *of = NULL;
    for (size_t k = 0; k < pool->spec->n_uses; k++) {
        const struct use *use = &pool->spec->uses[k];
        const struct limit *limit = &room->limits[use->limit];
        struct taken others = taken_by_others(room, pool, use);
        bool is_left = others.n_unknown == 0 && others.amount <= limit->total;
        int64_t left = is_left ? (limit->total - others.amount) / use->amount : 0;
        if (left < least) {
            least = left;
            *of = limit->name;
        }
    }
    return (int32_t)least;
}
