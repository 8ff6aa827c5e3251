/* SPDX-License-Identifier: MIT */
#include "core/prices.h"

#include "core/config.h"
#include "core/memory.h"
#include "core/option.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

struct list_keys {
    const char *source;
    const char *date;
};

static const struct dyn_option rows[] = {
    {"source", NULL, NULL, NULL, "where these prices are published", DYN_TEXT, DYN_REQUIRED,
     offsetof(struct list_keys, source), 0},
    {"date", NULL, NULL, NULL, "when they were", DYN_TEXT, DYN_REQUIRED,
     offsetof(struct list_keys, date), 0},
};

static const struct option_table table = {rows, sizeof rows / sizeof rows[0]};

/* All sizes of the file, and the one that is looked for. */
struct reader {
    struct config *config;
    const char *wanted;
    const char **names;
    size_t n;
    struct price *found;
};

static double read_dollars(struct config *config, const struct config_node *node)
{
    char *end;
    const char *text = config_text(node);
    double dollars = strtod(text, &end);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && isfinite(dollars))
        return dollars;
    config_mistake(config, node, "a price is a number of dollars a month, such as 25 or 7.50");
    return 0;
}

static void read_size(struct reader *reader, const struct list_keys *keys,
                      const struct config_node *sizes, size_t i)
{
    const char *name = config_key(sizes, i);
    double dollars = read_dollars(reader->config, config_item(sizes, i));
    reader->names = memory_resize(reader->names, reader->n + 1, sizeof *reader->names);
    reader->names[reader->n++] = name;
    if (strcasecmp(name, reader->wanted) != 0 || reader->found != NULL || keys->source == NULL ||
        keys->date == NULL)
        return;
    reader->found = memory_new(1, sizeof *reader->found);
    *reader->found = (struct price){memory_copy(name), dollars, memory_copy(keys->source),
                                    memory_copy(keys->date)};
}

static void read_list(struct reader *reader, const struct config_node *node)
{
    static const char *const others[] = {"sizes"};
    const struct config_node *sizes = config_get(node, "sizes");
    struct list_keys keys;
    if (sizes == NULL || config_kind(sizes) != CONFIG_MAP) {
        config_mistake(reader->config, sizes != NULL ? sizes : node,
                       "a list of prices has sizes, a map such as { Standard-1X: 25 }");
        return;
    }
    option_init(table, &keys);
    option_fill(table, reader->config, node, others, 1, &keys);
    option_complete(table, reader->config, node, &keys);
    for (size_t i = 0; i < config_count(sizes); i++)
        read_size(reader, &keys, sizes, i);
    option_fini(table, &keys);
}

static void read_all(struct reader *reader)
{
    const struct config_node *root = config_root(reader->config);
    if (root == NULL)
        return;
    if (config_kind(root) != CONFIG_LIST)
        config_mistake(
            reader->config, root,
            "prices are a list such as [{ source: ..., date: ..., sizes: { Basic: 7 } }]");
    for (size_t i = 0; i < config_count(root) && config_kind(root) == CONFIG_LIST; i++)
        read_list(reader, config_item(root, i));
}

static void tell_unknown(const struct reader *reader, struct text *mistakes)
{
    const char *nearest = text_nearest(reader->wanted, reader->names, reader->n);
    text_add_format(mistakes, "dynomatic: %s has no price for the size \"%s\"",
                    config_path(reader->config), reader->wanted);
    if (nearest != NULL)
        text_add_format(mistakes, "; did you mean \"%s\"?\n", nearest);
    else
        text_add(mistakes, "\n");
}

struct price *price_read(const char *path, const char *size, struct text *mistakes)
{
    struct reader reader = {.config = config_read(path), .wanted = size};
    read_all(&reader);
    if (config_mistakes(reader.config) > 0) {
        config_print_mistakes(reader.config, mistakes);
        price_free(reader.found);
        reader.found = NULL;
    } else if (reader.found == NULL) {
        tell_unknown(&reader, mistakes);
    }
    free(reader.names);
    config_free(reader.config);
    return reader.found;
}

void price_free(struct price *price)
{
    if (price == NULL)
        return;
    free(price->size);
    free(price->source);
    free(price->date);
    free(price);
}
