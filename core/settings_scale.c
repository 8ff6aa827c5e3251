/* SPDX-License-Identifier: MIT
 * The small maps of a pool: scale_up, scale_down, on_unknown. */
#include "core/settings_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Fills `keys` by the table from a map; `sample` says what one is to whoever wrote something else.
 */
static void read_map(struct config *config, const struct config_node *node,
                     struct option_table table, const char *sample, void *keys)
{
    static const char *const no_others[] = {""};
    option_init(table, keys);
    if (node != NULL && config_kind(node) == CONFIG_MAP) {
        option_fill(table, config, node, no_others, 0, keys);
    } else if (node != NULL && !config_is_null(node)) {
        config_hide(config, node);
        if (!config_is_broken(node))
            config_mistake(config, node, "%s", sample);
    }
    option_complete(table, config, node, keys);
}

/* ---- on_unknown ---- */

struct unknown_keys {
    int64_t hold_ms;
    int64_t then;
};

static const struct dyn_option unknown_rows[] = {
    {"hold", "10m", "0s..365d", NULL, "how long the size stays while nothing is known",
     DYN_DURATION, 0, offsetof(struct unknown_keys, hold_ms), 0},
    {"then", NULL, "0.." SETTINGS_MOST_DYNOS, NULL, "the size it is then raised to", DYN_INTEGER, 0,
     offsetof(struct unknown_keys, then), 0},
};

void settings_read_on_unknown(struct config *config, const struct config_node *node,
                              struct policy *policy)
{
    struct unknown_keys keys;
    read_map(config, node, (struct option_table){unknown_rows, 2},
             "on_unknown must be a map such as { hold: 10m, then: 3 }", &keys);
    policy->hold_ms = keys.hold_ms;
    policy->then = keys.then == DYN_ABSENT ? -1 : (int32_t)keys.then;
}

/* ---- scale_up, scale_down ---- */

struct ramp_keys {
    int64_t after_ms;
    int64_t every_ms;
    const char *step;
    int32_t protect;
    uint32_t unused;
    int64_t protect_ms;
};

#define EVERY                                                                           \
    {                                                                                   \
        "every", NULL, "1s..1d", NULL, "how often a step may be made", DYN_DURATION, 0, \
            offsetof(struct ramp_keys, every_ms), 0                                     \
    }
#define STEP                                                                               \
    {                                                                                      \
        "step", NULL, NULL, NULL, "how many dynos at once, or how much of the size (50%)", \
            DYN_TEXT, 0, offsetof(struct ramp_keys, step), 0                               \
    }

static const struct dyn_option up_rows[] = {
    {"after", "0s", "0s..1d", NULL, "how long more is wanted before it is ordered", DYN_DURATION, 0,
     offsetof(struct ramp_keys, after_ms), 0},
    STEP,
    EVERY,
};

static const struct dyn_option down_rows[] = {
    {"after", "5m", "0s..1d", NULL, "the largest size wanted within this time stays", DYN_DURATION,
     0, offsetof(struct ramp_keys, after_ms), 0},
    STEP,
    EVERY,
    {"protect", NULL, "idle|all|none", NULL, "which workers are spared", DYN_CHOICE, 0,
     offsetof(struct ramp_keys, protect), 0},
    {"protect_for", NULL, "1s..30d", NULL, "for how long at most", DYN_DURATION, 0,
     offsetof(struct ramp_keys, protect_ms), 0},
};

/* "10" or "50%". */
static bool parse_step(const char *text, struct ramp *ramp)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    bool is_percent = strcmp(end, "%") == 0;
    bool is_good = end != text && text[0] >= '0' && text[0] <= '9' && errno == 0 && number >= 1 &&
                   number <= (is_percent ? 1000 : 100000) && (is_percent || *end == '\0');
    if (is_good) {
        ramp->step = (int32_t)number;
        ramp->is_percent = is_percent;
    }
    return is_good;
}

static void read_step(struct config *config, const struct config_node *node,
                      const struct ramp_keys *keys, struct ramp *ramp)
{
    const struct config_node *step = config_get(node, "step");
    const struct config_node *every = config_get(node, "every");
    if (keys->step != NULL && !config_is_broken(step) && !parse_step(keys->step, ramp))
        config_mistake(
            config, step,
            "step must be a number of dynos from 1 to 100000, or a part of the size from "
            "1%% to 1000%%");
    if (keys->step != NULL && every == NULL)
        config_mistake(config, step, "step needs every, such as { step: %s, every: 1m }",
                       keys->step);
    if (keys->step == NULL && step == NULL && keys->every_ms != DYN_ABSENT)
        config_mistake(config, every, "every needs step: how many dynos at most in each such time");
    ramp->every_ms = keys->every_ms == DYN_ABSENT ? 0 : keys->every_ms;
}

void settings_read_scale_up(struct config *config, const struct config_node *node,
                            struct policy *policy)
{
    struct option_table table = {up_rows, sizeof up_rows / sizeof up_rows[0]};
    struct ramp_keys keys;
    read_map(config, node, table,
             "scale_up must be a map such as { after: 10s, step: 10, every: 1m }", &keys);
    policy->up = (struct ramp){.after_ms = keys.after_ms};
    read_step(config, node, &keys, &policy->up);
    option_fini(table, &keys);
}

/* An adapter that cannot tell who is busy leaves nothing to go by. */
static enum protect protect_of(struct config *config, const struct config_node *node,
                               const struct ramp_keys *keys, const char *blind_adapter)
{
    if (keys->protect < 0)
        return blind_adapter != NULL ? PROTECT_NONE : PROTECT_IDLE;
    if (blind_adapter != NULL && keys->protect != PROTECT_NONE && keys->protect_ms == DYN_ABSENT)
        config_mistake(config, config_get(node, "protect"),
                       "the adapter %s cannot tell which workers are busy, so the pool would never "
                       "shrink: use protect: none, or give protect_for",
                       blind_adapter);
    return (enum protect)keys->protect;
}

void settings_read_scale_down(struct config *config, const struct config_node *node,
                              const struct settings *settings, struct pool_spec *pool)
{
    struct option_table table = {down_rows, sizeof down_rows / sizeof down_rows[0]};
    struct policy *policy = &pool->policy;
    struct ramp_keys keys;
    const char *blind_adapter = settings_name_busy(settings, pool)
                                    ? NULL
                                    : settings_cannot_tell(settings, pool, DYN_BIT(DYN_BUSY));
    read_map(config, node, table,
             "scale_down must be a map such as { after: 5m, step: 2, every: 1m }", &keys);
    policy->down = (struct ramp){.after_ms = keys.after_ms};
    read_step(config, node, &keys, &policy->down);
    policy->protect = protect_of(config, node, &keys, blind_adapter);
    policy->protect_ms = keys.protect_ms == DYN_ABSENT ? 0 : keys.protect_ms;
    option_fini(table, &keys);
}
