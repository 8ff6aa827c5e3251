/* SPDX-License-Identifier: MIT */
#include "core/reading.h"

/* Of two of which one may not know: `number`, if both do exactly. */
static struct value joined(struct value a, struct value b, int64_t number)
{
    if (a.doubt == KNOWN_NOT && b.doubt == KNOWN_NOT)
        return VALUE_UNKNOWN;
    bool are_exact = a.doubt == KNOWN_EXACT && b.doubt == KNOWN_EXACT;
    return (struct value){number, are_exact ? KNOWN_EXACT : KNOWN_AT_LEAST};
}

static int64_t number_of(struct value value)
{
    return value.doubt != KNOWN_NOT ? value.number : 0;
}

struct value value_sum(struct value a, struct value b)
{
    int64_t left = number_of(a);
    int64_t right = number_of(b);
    return joined(a, b, left > INT64_MAX - right ? INT64_MAX : left + right);
}

static struct value value_greater(struct value a, struct value b)
{
    int64_t left = number_of(a);
    int64_t right = number_of(b);
    return joined(a, b, left > right ? left : right);
}

/* The first that is known of; whoever knows of none may not know. */
static struct value value_first(struct value a, struct value b)
{
    if (a.doubt == KNOWN_NOT || (b.doubt != KNOWN_NOT && b.number < a.number))
        return b;
    return a;
}

static struct reading join(const struct reading *a, const struct reading *b)
{
    return (struct reading){
        .at_ms = a->at_ms > b->at_ms ? a->at_ms : b->at_ms,
        .waiting = value_sum(a->waiting, b->waiting),
        .latency = value_greater(a->latency, b->latency),
        .busy = value_sum(a->busy, b->busy),
        .next_due = value_first(a->next_due, b->next_due),
    };
}

struct reading reading_join(const struct reading *readings, size_t n, int64_t stale_ms,
                            int64_t now_ms)
{
    struct reading whole = n > 0 ? readings[0] : READING_NONE;
    if (n < 2)
        return whole;
    for (size_t i = 0; i < n; i++) {
        bool is_stale = now_ms - readings[i].at_ms > stale_ms;
        struct reading next = is_stale ? READING_NONE : readings[i];
        next.at_ms = readings[i].at_ms;
        whole = i == 0 ? next : join(&whole, &next);
    }
    return whole;
}
