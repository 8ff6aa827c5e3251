/* SPDX-License-Identifier: MIT
 * What came out of a replay of one pool, for people, for programs and as a picture. */
#ifndef CORE_REPLAY_PRINT_H
#define CORE_REPLAY_PRINT_H

#include "core/prices.h"
#include "core/replay.h"

#include <cjson/cJSON.h>

struct replay_report {
    const struct replay_pool *pool;
    const char *file; /* the configuration that was replayed with */
    int64_t bound_ms;
    const struct price *price;        /* of a dyno; NULL: costs are not told */
    bool is_compared;                 /* the rest below is there */
    const struct replay_queue *queue; /* of a closed loop; NULL: it is an open one */
    const char *why_open;             /* why it is although a closed one was asked for; NULL */
    struct replay_result recorded;
    struct replay_result replayed;
    struct replay_result model;       /* closed loop: the queue with the recorded sizes */
    const struct replay_pool *shadow; /* NULL: none was recorded */
    struct replay_beside beside;
};

void replay_print(const struct replay_report *report, bool is_bold, struct text *out);
cJSON *replay_json(const struct replay_report *report);
void replay_plot(const struct replay_report *report, struct text *out);

#endif
