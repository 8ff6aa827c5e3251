/* SPDX-License-Identifier: MIT
 * on_drift: what becomes of a size that somebody else has set. */
#include "core/settings_read.h"

#include <string.h>

enum { RESPECT_MS = 3600000 /* of the word alone */ };

struct drift_keys {
    int64_t respect_ms;
};

static const struct dyn_option rows[] = {
    {"respect", NULL, "1s..365d", NULL, "how long it stays", DYN_DURATION, DYN_REQUIRED,
     offsetof(struct drift_keys, respect_ms), 0},
};

static const struct option_table table = {rows, 1};

static void note_mistake(struct config *config, const struct config_node *node, const char *meant)
{
    config_mistake(config, node,
                   "on_drift must be correct, respect, or a map such as { respect: 30m }%s%s%s",
                   meant != NULL ? "; did you mean \"" : "", meant != NULL ? meant : "",
                   meant != NULL ? "\"?" : "");
}

static int64_t read_word(struct config *config, const struct config_node *node)
{
    static const char *const words[] = {"correct", "respect"};
    const char *text = config_text(node);
    if (strcmp(text, words[1]) == 0)
        return RESPECT_MS;
    if (strcmp(text, words[0]) != 0 && !config_is_broken(node))
        note_mistake(config, node, text_nearest(text, words, 2));
    return 0;
}

int64_t settings_read_on_drift(struct config *config, const struct config_node *node)
{
    static const char *const no_others[] = {""};
    struct drift_keys keys;
    if (node == NULL || config_is_null(node))
        return 0;
    if (config_kind(node) == CONFIG_SCALAR)
        return read_word(config, node);
    if (config_kind(node) != CONFIG_MAP) {
        config_hide(config, node);
        note_mistake(config, node, NULL);
        return 0;
    }
    option_init(table, &keys);
    option_fill(table, config, node, no_others, 0, &keys);
    option_complete(table, config, node, &keys);
    return keys.respect_ms == DYN_ABSENT ? 0 : keys.respect_ms;
}
