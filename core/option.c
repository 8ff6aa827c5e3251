/* SPDX-License-Identifier: MIT
 * A table of options over the struct that they fill: from a map of the file, from the environment,
 * from their defaults. */
#include "core/option.h"

#include "core/memory.h"
#include "core/option_value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- The table itself ---- */

static size_t member_size(uint32_t type)
{
    switch (type) {
    case DYN_TEXT:
    case DYN_URL:
        return sizeof(const char *);
    case DYN_INTEGER:
    case DYN_DURATION:
        return sizeof(int64_t);
    case DYN_BOOLEAN:
    case DYN_CHOICE:
        return sizeof(int32_t);
    case DYN_LIST:
        return sizeof(struct dyn_list);
    default:
        return 0;
    }
}

static bool is_name(const char *name)
{
    size_t length = name != NULL ? strlen(name) : 0;
    return length > 0 && length <= 64 && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

static bool is_known(struct option_table table, const char *name)
{
    for (size_t i = 0; i < table.n; i++)
        if (strcmp(table.rows[i].name, name) == 0)
            return true;
    return false;
}

/* Whether the default can be read by the option's own parser, and its limits too. */
static int check_standard(const struct dyn_option *row, struct error *error)
{
    struct dyn_list room = {NULL, 0}; /* the largest of all members */
    struct dyn_option here = *row;
    struct option_limits limits;
    here.offset = 0;
    bool is_number = row->type == DYN_INTEGER || row->type == DYN_DURATION;
    if (is_number && option_parse_limits(row, &limits) < 0)
        return error_set(error, "option %s: its limits \"%s\" cannot be read", row->name,
                         row->limits);
    if (row->type == DYN_CHOICE && (row->limits == NULL || row->limits[0] == '\0'))
        return error_set(error, "option %s: it is a choice without words", row->name);
    if (row->standard == NULL)
        return 0;
    struct error why = {""};
    int result = option_set(&here, &row->standard, 1, &room, &why);
    if (result < 0)
        error_set(error, "option %s: its default \"%s\" does not fit: %s", row->name, row->standard,
                  why.text);
    else
        option_clear(&here, &room);
    return result;
}

static int check_row(struct option_table table, size_t i, size_t values_size, struct error *error)
{
    const struct dyn_option *row = &table.rows[i];
    if (!is_name(row->name))
        return error_set(error, "option %zu: a name is lower case letters, digits and underscores",
                         i + 1);
    if (row->help == NULL || row->help[0] == '\0')
        return error_set(error, "option %s: it has no help", row->name);
    size_t size = member_size(row->type);
    if (size == 0)
        return error_set(error, "option %s: type %" PRIu32 " is not known", row->name, row->type);
    if (row->offset > values_size || values_size - row->offset < size)
        return error_set(error, "option %s: its member lies outside the struct", row->name);
    size_t alignment = size < sizeof(int64_t) ? size : sizeof(int64_t);
    if (row->offset % alignment != 0)
        return error_set(error, "option %s: its member is not aligned", row->name);
    if (is_known((struct option_table){table.rows, i}, row->name))
        return error_set(error, "option %s: there are two of this name", row->name);
    return check_standard(row, error);
}

int option_check(struct option_table table, size_t values_size, struct error *error)
{
    for (size_t i = 0; i < table.n; i++)
        if (check_row(table, i, values_size, error) < 0)
            return -1;
    return 0;
}

void option_init(struct option_table table, void *values)
{
    for (size_t i = 0; i < table.n; i++)
        option_set_absent(&table.rows[i], values);
}

void option_fini(struct option_table table, void *values)
{
    for (size_t i = 0; i < table.n && values != NULL; i++)
        option_clear(&table.rows[i], values);
}

/* ---- From the file ---- */

static bool are_scalars(const struct dyn_option *row, struct config *config,
                        const struct config_node *list)
{
    bool are_good = true;
    for (size_t i = 0; i < config_count(list); i++) {
        const struct config_node *item = config_item(list, i);
        if (config_kind(item) != CONFIG_SCALAR) {
            config_mistake(config, item, "%s must be a list of single values", row->name);
            are_good = false;
        }
        are_good = are_good && !config_is_broken(item);
    }
    return are_good;
}

static void fill_list(const struct dyn_option *row, struct config *config,
                      const struct config_node *list, void *values)
{
    if (!are_scalars(row, config, list))
        return;
    size_t n = config_count(list);
    const char **texts = memory_new(n, sizeof *texts);
    struct error error = {""};
    for (size_t i = 0; i < n; i++)
        texts[i] = config_text(config_item(list, i));
    if (option_set(row, texts, n, values, &error) < 0)
        config_mistake(config, list, "%s", error.text);
    free(texts);
}

static void fill_scalar(const struct dyn_option *row, struct config *config,
                        const struct config_node *node, void *values)
{
    struct error error = {""};
    const char *text = config_text(node);
    if (config_is_broken(node)) {
        if (row->type == DYN_TEXT || row->type == DYN_URL)
            option_set(row, &text, 1, values, NULL); /* "": so that nobody calls it missing */
        return;
    }
    if ((row->flags & DYN_REQUIRED) != 0 && text[0] == '\0')
        config_mistake(config, node, "%s must not be empty", row->name);
    else if (option_set(row, &text, 1, values, &error) < 0)
        config_mistake(config, node, "%s", error.text);
}

static void fill_one(const struct dyn_option *row, struct config *config,
                     const struct config_node *node, void *values)
{
    if ((row->flags & DYN_SECRET) != 0 || row->type == DYN_URL)
        config_hide(config, node);
    if (config_is_null(node))
        option_clear(row, values);
    else if (config_kind(node) == CONFIG_SCALAR)
        fill_scalar(row, config, node, values);
    else if (config_kind(node) == CONFIG_LIST && row->type == DYN_LIST)
        fill_list(row, config, node, values);
    else
        config_mistake(config, node, "%s must be a single value%s", row->name,
                       row->type == DYN_LIST ? ", or a list of them" : "");
}

static bool is_other(const char *key, const char *const *others, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(key, others[i]) == 0)
            return true;
    return false;
}

/* A misspelt key may be that of a secret, so its value is not shown. */
static void refuse_key(struct config *config, const struct config_node *map, size_t i,
                       const char *const *names, size_t n)
{
    const char *key = config_key(map, i);
    const char *nearest = text_nearest(key, names, n);
    config_hide(config, config_item(map, i));
    if (nearest != NULL) {
        config_mistake_at_key(config, map, i, "unknown key \"%.64s\"; did you mean \"%s\"?", key,
                              nearest);
        return;
    }
    struct text known = {0};
    for (size_t k = 0; k < n; k++)
        text_add_format(&known, "%s%s", k > 0 ? ", " : "", names[k]);
    config_mistake_at_key(config, map, i, "unknown key \"%.64s\"; known here: %s", key,
                          text_chars(&known));
    text_fini(&known);
}

static void refuse_unknown(struct option_table table, struct config *config,
                           const struct config_node *map, const char *const *others,
                           size_t n_others)
{
    size_t n = table.n + n_others;
    const char **names = memory_new(n, sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = i < n_others ? others[i] : table.rows[i - n_others].name;
    for (size_t i = 0; i < config_count(map); i++)
        if (!is_known(table, config_key(map, i)) && !is_other(config_key(map, i), others, n_others))
            refuse_key(config, map, i, names, n);
    free(names);
}

void option_fill(struct option_table table, struct config *config, const struct config_node *map,
                 const char *const *others, size_t n_others, void *values)
{
    for (size_t i = 0; i < table.n; i++) {
        const struct config_node *node = config_get(map, table.rows[i].name);
        if (node != NULL)
            fill_one(&table.rows[i], config, node, values);
    }
    if (others != NULL)
        refuse_unknown(table, config, map, others, n_others);
}

/* ---- From the environment, and the defaults ---- */

/* Sets an option from the first of its variables that is set and not empty. False if there is none.
 */
static bool take_from_environment(const struct dyn_option *row, struct config *config,
                                  const struct config_node *map, void *values)
{
    char *names = memory_copy(row->env != NULL ? row->env : "");
    const char *text = NULL;
    char *rest = names;
    char *name;
    while (text == NULL && (name = strsep(&rest, " ")) != NULL) {
        struct error error = {""};
        text = name[0] != '\0' ? getenv(name) : NULL;
        if (text != NULL && text[0] == '\0')
            text = NULL;
        else if (text != NULL && option_set(row, &text, 1, values, &error) < 0)
            config_mistake(config, map, "%s, as the environment variable %s has it", error.text,
                           name);
    }
    free(names);
    return text != NULL;
}

/* Whether a map has an option under its name, with a mistake of its own then, or a misspelt one. */
static bool is_meant(struct option_table table, const struct config_node *map, const char *name)
{
    if (map == NULL || config_kind(map) != CONFIG_MAP)
        return false;
    const struct config_node *node = config_get(map, name);
    bool is_found = node != NULL && !config_is_null(node);
    for (size_t i = 0; i < config_count(map) && !is_found; i++)
        is_found = !is_known(table, config_key(map, i)) &&
                   text_nearest(config_key(map, i), &name, 1) != NULL;
    return is_found;
}

static void require(const struct dyn_option *row, struct config *config,
                    const struct config_node *map)
{
    struct text variables = {0};
    for (const char *at = row->env != NULL ? row->env : ""; at[0] != '\0'; at++)
        text_add_n(&variables, at[0] == ' ' ? " or " : at, at[0] == ' ' ? 4 : 1);
    config_mistake(config, map, "%s is missing (%s)%s%s", row->name, row->help,
                   variables.length > 0 ? "; give it here or in the environment variable " : "",
                   text_chars(&variables));
    text_fini(&variables);
}

void option_complete(struct option_table table, struct config *config,
                     const struct config_node *map, void *values)
{
    for (size_t i = 0; i < table.n; i++) {
        const struct dyn_option *row = &table.rows[i];
        if (!option_is_absent(row, values) || take_from_environment(row, config, map, values))
            continue;
        if (row->standard != NULL)
            option_set(row, &row->standard, 1, values, NULL); /* option_check() has seen it fit */
        else if ((row->flags & DYN_REQUIRED) != 0 && !is_meant(table, map, row->name))
            require(row, config, map);
    }
}
