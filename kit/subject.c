/* SPDX-License-Identifier: MIT */
#include "kit/subject.h"

#include "core/config.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/option_value.h"
#include "kit/url.h"

#include <stdlib.h>
#include <string.h>

/* ---- The command line ---- */

void subject_add_option(struct subject *subject, const char *key, const char *value)
{
    text_add_format(&subject->options, "%s: %s\n", key, value);
}

void subject_add_text(struct subject *subject, const char *key, const char *text)
{
    text_add_format(&subject->options, "%s: \"", key);
    for (; text[0] != '\0'; text++)
        text_add_format(&subject->options, "%s%c", strchr("\"\\", text[0]) != NULL ? "\\" : "",
                        text[0]);
    text_add(&subject->options, "\"\n");
}

void subject_fini(struct subject *subject)
{
    text_fini(&subject->options);
    free(subject->names);
    free(subject->path);
}

/* ---- In the process of a check ---- */

const struct plugin *subject_load(const struct subject *subject, struct error *error)
{
    return plugin_load(subject->path, error);
}

static struct option_table table_of(const struct plugin *plugin)
{
    return (struct option_table){plugin->options, plugin->table.n_options};
}

void *subject_config(const struct subject *subject, const struct plugin *plugin,
                     struct text *mistakes, bool *is_incomplete)
{
    static const char *const no_others[] = {""};
    struct option_table table = table_of(plugin);
    const char *yaml = subject->options.length > 0 ? text_chars(&subject->options) : "{}";
    struct config *config = config_parse("--option", yaml, strlen(yaml));
    const struct config_node *map = config_root(config);
    void *values = memory_new(1, plugin->table.config_size);
    option_init(table, values);
    if (map != NULL)
        option_fill(table, config, map, no_others, 0, values);
    *is_incomplete = config_mistakes(config) == 0;
    if (*is_incomplete)
        option_complete(table, config, map, values);
    bool is_good = config_mistakes(config) == 0;
    config_print_mistakes(config, mistakes);
    config_free(config);
    return is_good ? values : NULL;
}

/* An option's texts: none, one, or those of a list. */
static size_t texts_of(const struct dyn_option *row, const void *config, const char *const **texts)
{
    const void *member = option_member_of(row, config);
    const struct dyn_list *list = member;
    bool is_list = row->type == DYN_LIST;
    *texts = is_list ? list->items : member;
    if (option_is_absent(row, config))
        return 0;
    return is_list ? list->n : row->type == DYN_TEXT || row->type == DYN_URL;
}

bool subject_move(const struct plugin *plugin, void *config, int port)
{
    bool is_moved = false;
    for (size_t i = 0; i < plugin->table.n_options; i++) {
        const struct dyn_option *row = &plugin->options[i];
        const char *const *texts;
        if (row->type != DYN_URL || texts_of(row, config, &texts) == 0)
            continue;
        const char *moved = url_moved(texts[0], port);
        if (moved != NULL)
            is_moved = option_set(row, &moved, 1, config, NULL) == 0 || is_moved;
        free((void *)(uintptr_t)moved);
    }
    return is_moved;
}

void subject_print(const struct dyn_option *row, const void *config, struct text *out)
{
    const char *const *texts;
    if (texts_of(row, config, &texts) > 0 && row->type != DYN_LIST)
        text_add(out, texts[0]);
    else
        option_print(row, config, out);
}

char **subject_secrets(const struct plugin *plugin, const void *config, size_t *n)
{
    char **secrets = NULL;
    *n = 0;
    for (size_t i = 0; i < plugin->table.n_options; i++) {
        const struct dyn_option *row = &plugin->options[i];
        const char *const *texts;
        size_t n_texts = texts_of(row, config, &texts);
        for (size_t t = 0; t < n_texts; t++) {
            char *secret = (row->flags & DYN_SECRET) != 0 ? memory_copy(texts[t])
                           : row->type == DYN_URL         ? url_password(texts[t])
                                                          : NULL;
            if (secret == NULL)
                continue;
            secrets = memory_resize(secrets, *n + 1, sizeof *secrets);
            secrets[(*n)++] = secret;
        }
    }
    return secrets;
}
