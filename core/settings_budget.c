/* SPDX-License-Identifier: MIT
 * The budget of dyno-hours a month. */
#include "core/settings_read.h"

struct budget_keys {
    int64_t dyno_hours;
    int32_t over;
    uint32_t unused;
};

static const struct dyn_option rows[] = {
    {"dyno_hours", NULL, "1..1000000000", NULL, "how many all pools may have in a month",
     DYN_INTEGER, DYN_REQUIRED, offsetof(struct budget_keys, dyno_hours), 0},
    {"over", "warn", "warn|cap", NULL, "what happens when they are used", DYN_CHOICE, 0,
     offsetof(struct budget_keys, over), 0},
};

void settings_read_budget(struct settings_reader *reader)
{
    static const char *const no_others[] = {""};
    const struct config_node *node = config_get(reader->top, "budget");
    struct option_table table = {rows, sizeof rows / sizeof rows[0]};
    struct budget_keys keys;
    if (node == NULL || config_is_null(node))
        return;
    if (config_kind(node) != CONFIG_MAP) {
        config_hide(reader->config, node);
        config_mistake(reader->config, node,
                       "budget must be a map such as { dyno_hours: 1000, over: cap }");
        return;
    }
    option_init(table, &keys);
    option_fill(table, reader->config, node, no_others, 0, &keys);
    option_complete(table, reader->config, node, &keys);
    reader->settings->budget = (struct budget){keys.dyno_hours, keys.over == 1};
}
