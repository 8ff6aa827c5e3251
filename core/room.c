/* SPDX-License-Identifier: MIT */
#include "core/room.h"

static int32_t greatest(int32_t a, int32_t b, int32_t c)
{
    int32_t most = a > b ? a : b;
    return most > c ? most : c;
}

static int64_t use_of(const struct pool_spec *spec, size_t limit)
{
    int64_t amount = 0;
    for (size_t i = 0; i < spec->n_uses; i++)
        if (spec->uses[i].limit == limit)
            amount = spec->uses[i].amount;
    return amount;
}

/* What all pools but one have of a limit, -1 if that is not known. */
static int64_t taken(const struct settings *settings, const struct pool *pools, size_t but,
                     size_t limit)
{
    int64_t sum = 0;
    for (size_t i = 0; i < settings->n_pools; i++) {
        int64_t amount = i != but ? use_of(pools[i].spec, limit) : 0;
        int32_t wanted = pools[i].is_stuck ? -1 : pools[i].wanted; /* it cannot have it now */
        int32_t size = greatest(pools[i].size, wanted, pools[i].applying);
        if (amount > 0 && size < 0)
            return -1;
        sum += amount * size; /* both are checked to be small */
    }
    return sum;
}

int32_t room_of(const struct settings *settings, const struct pool *pools, size_t i,
                const char **of)
{
    int64_t least = INT32_MAX;
    *of = NULL;
    for (size_t k = 0; k < pools[i].spec->n_uses; k++) {
        const struct use *use = &pools[i].spec->uses[k];
        const struct limit *limit = &settings->limits[use->limit];
        int64_t others = taken(settings, pools, i, use->limit);
        int64_t left = others < 0 || others > limit->total ? 0 : limit->total - others;
        if (left / use->amount < least) {
            least = left / use->amount;
            *of = limit->name;
        }
    }
    return (int32_t)least;
}
