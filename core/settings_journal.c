/* SPDX-License-Identifier: MIT
 * The journal: a path, or a map with the limits of its files. */
#include "core/settings_read.h"

#include "core/memory.h"

struct journal_keys {
    const char *file;
    int64_t max_mb;
    int64_t max_age_ms;
    int64_t keep;
    int64_t every_ms;
};

static const struct dyn_option rows[] = {
    {"file", NULL, NULL, NULL, "where decisions are written", DYN_TEXT, DYN_REQUIRED,
     offsetof(struct journal_keys, file), 0},
    {"max_mb", "64", "1..100000", NULL, "megabytes of one file", DYN_INTEGER, 0,
     offsetof(struct journal_keys, max_mb), 0},
    {"max_age", "30d", "1h..3650d", NULL, "for how long one file is written to", DYN_DURATION, 0,
     offsetof(struct journal_keys, max_age_ms), 0},
    {"keep", "8", "0..1000", NULL, "how many files before it are kept", DYN_INTEGER, 0,
     offsetof(struct journal_keys, keep), 0},
    {"every", "10s", "1s..1d", NULL, "a line at least so often, also if nothing changes",
     DYN_DURATION, 0, offsetof(struct journal_keys, every_ms), 0},
};

/* A path alone stands for a map with nothing else. */
static void read_path(struct config *config, const struct config_node *node,
                      struct journal_keys *keys)
{
    const char *path = config_text(node);
    struct error error = {""};
    if (config_kind(node) == CONFIG_SCALAR)
        option_set(&rows[0], &path, 1, keys, &error);
    else
        config_mistake(config, node, "journal must be a path, or a map such as { file: %s }",
                       "/var/lib/dynomatic/journal.jsonl");
}

void settings_read_journal(struct settings_reader *reader)
{
    static const char *const no_others[] = {""};
    const struct config_node *node = config_get(reader->top, "journal");
    struct option_table table = {rows, sizeof rows / sizeof rows[0]};
    struct config *config = reader->config;
    struct journal_keys keys;
    if (node == NULL || config_is_null(node))
        return;
    option_init(table, &keys);
    if (config_kind(node) == CONFIG_MAP)
        option_fill(table, config, node, no_others, 0, &keys);
    else
        read_path(config, node, &keys);
    option_complete(table, config, node, &keys);
    if (keys.file != NULL && keys.file[0] == '\0' && !config_is_broken(node))
        config_mistake(config, node, "the journal's file must not be empty");
    reader->settings->journal = (struct journal_spec){
        .path = keys.file != NULL ? memory_copy(keys.file) : NULL,
        .limits = {.most_bytes = keys.max_mb * 1000000,
                   .most_age_ms = keys.max_age_ms,
                   .keep = keys.keep},
        .every_ms = keys.every_ms,
    };
    option_fini(table, &keys);
}
