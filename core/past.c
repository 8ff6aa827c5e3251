/* SPDX-License-Identifier: MIT */
#include "core/past.h"

#include "core/memory.h"

#include <string.h>

/* What stands before the windows, and then what is in use of each. */
struct past {
    uint32_t n_up;
    uint32_t n_down;
    unsigned char bytes[];
};

enum {
    MARKS = offsetof(struct history, up),
    WANTED = sizeof((struct window *)0)->wanted[0],
};
_Static_assert(offsetof(struct history, down) == MARKS + sizeof(struct window) &&
                   sizeof(struct history) == MARKS + 2 * sizeof(struct window),
               "the windows stand last");

struct history past_open(const struct past *past)
{
    struct history history;
    memset(&history, 0, sizeof history);
    if (past == NULL)
        return history;
    memcpy(&history, past->bytes, MARKS);
    size_t up = (size_t)past->n_up * WANTED;
    size_t down = (size_t)past->n_down * WANTED;
    history.up.n = past->n_up;
    history.down.n = past->n_down;
    memcpy(history.up.wanted, past->bytes + MARKS, up);
    memcpy(history.down.wanted, past->bytes + MARKS + up, down);
    return history;
}

void past_keep(struct past **past, const struct history *history)
{
    size_t up = (size_t)history->up.n * WANTED;
    size_t down = (size_t)history->down.n * WANTED;
    struct past *kept = memory_resize(*past, 1, sizeof *kept + MARKS + up + down);
    kept->n_up = history->up.n;
    kept->n_down = history->down.n;
    memcpy(kept->bytes, history, MARKS);
    memcpy(kept->bytes + MARKS, history->up.wanted, up);
    memcpy(kept->bytes + MARKS + up, history->down.wanted, down);
    *past = kept;
}
