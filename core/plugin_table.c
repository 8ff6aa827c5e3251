/* SPDX-License-Identifier: MIT */
#include "core/plugin_table.h"

#include "core/memory.h"
#include "core/option.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Beyond these a number is a slip of the plugin, and would be paid for in memory. */
enum { MOST_OPTIONS = 1000, MOST_CONFIG_BYTES = 1 << 20 };

/* How much of the tables and of a row ABI 1 has had from its first day. */
#define LEAST_PLUGIN offsetof(struct dyn_plugin, queue)
#define LEAST_QUEUE  offsetof(struct dyn_queue, detect)
#define LEAST_SCALER offsetof(struct dyn_scaler, limit)
#define LEAST_OPTION offsetof(struct dyn_option, reserved)

void plugin_table_copy(void *into, size_t into_size, const void *from, size_t from_size)
{
    size_t common = from_size < into_size ? from_size : into_size;
    memset(into, 0, into_size);
    memcpy(into, from, common);
}

/* No table has padding, so its size is a whole number of pointers; anything else was made up, and
 * would cut a pointer in two. */
static int check_size(const char *what, uint32_t size, size_t least, struct error *error)
{
    if (size >= least && size % sizeof(void *) == 0)
        return 0;
    return error_set(error, "it says that its %s has %" PRIu32 " bytes, which none can have", what,
                     size);
}

static int check_abi(uint32_t abi, struct error *error)
{
    if (abi == DYN_ABI)
        return 0;
    return error_set(error,
                     "it was built for ABI %" PRIu32 ", and this dynomatic has ABI %" PRIu32
                     ": build it again with this dynomatic's header%s",
                     abi, (uint32_t)DYN_ABI, abi > DYN_ABI ? ", or use a newer dynomatic" : "");
}

static int check_texts(const struct dyn_plugin *table, struct error *error)
{
    if (table->name != NULL && table->version != NULL && table->summary != NULL)
        return 0;
    return error_set(error, "its %s is NULL",
                     table->name == NULL      ? "name"
                     : table->version == NULL ? "version"
                                              : "summary");
}

int plugin_table_check_functions(const struct plugin *plugin, struct error *error)
{
    const struct dyn_plugin *table = &plugin->table;
    if (table->open == NULL || table->close == NULL)
        return error_set(error, "it has no %s()", table->open == NULL ? "open" : "close");
    if (table->queue == NULL && table->scaler == NULL)
        return error_set(error, "it is neither a queue adapter nor a scaler back-end, or of a kind "
                                "that only a newer dynomatic knows");
    if (table->queue != NULL && table->queue->measure == NULL)
        return error_set(error, "its queue adapter has no measure()");
    if (table->scaler != NULL && (table->scaler->read == NULL || table->scaler->apply == NULL))
        return error_set(error, "its scaler back-end has no %s()",
                         table->scaler->read == NULL ? "read" : "apply");
    return 0;
}

static int read_kinds(struct plugin *plugin, struct error *error)
{
    struct dyn_plugin *table = &plugin->table;
    if (table->queue != NULL) {
        if (check_size("queue table", table->queue->size, LEAST_QUEUE, error) < 0)
            return -1;
        plugin_table_copy(&plugin->queue, sizeof plugin->queue, table->queue, table->queue->size);
        table->queue = &plugin->queue;
    }
    if (table->scaler != NULL) {
        if (check_size("scaler table", table->scaler->size, LEAST_SCALER, error) < 0)
            return -1;
        plugin_table_copy(&plugin->scaler, sizeof plugin->scaler, table->scaler,
                          table->scaler->size);
        table->scaler = &plugin->scaler;
    }
    return 0;
}

/* The rows stand one after another in the size that the plugin was built with. */
int plugin_table_read_options(struct plugin *plugin, struct error *error)
{
    struct dyn_plugin *table = &plugin->table;
    size_t n = table->n_options;
    const char *rows = (const char *)table->options;
    table->options = NULL;
    if (table->config_size > MOST_CONFIG_BYTES || n > MOST_OPTIONS)
        return error_set(error, "it says that it has %zu options in %" PRIu32 " bytes", n,
                         table->config_size);
    if (n == 0)
        return 0;
    if (rows == NULL)
        return error_set(error, "it says that it has %zu options, and has none", n);
    if (check_size("option row", table->option_size, LEAST_OPTION, error) < 0)
        return -1;
    plugin->options = memory_new(n, sizeof *plugin->options);
    for (size_t i = 0; i < n; i++)
        plugin_table_copy(&plugin->options[i], sizeof *plugin->options,
                          rows + i * table->option_size, table->option_size);
    table->options = plugin->options;
    table->option_size = sizeof *plugin->options;
    return option_check((struct option_table){plugin->options, n}, table->config_size, error);
}

int plugin_table_read_kinds(const struct dyn_plugin *from, struct plugin *plugin,
                            struct error *error)
{
    if (check_abi(from->abi, error) < 0 || check_size("table", from->size, LEAST_PLUGIN, error) < 0)
        return -1;
    plugin_table_copy(&plugin->table, sizeof plugin->table, from, from->size);
    return check_texts(&plugin->table, error) < 0 ? -1 : read_kinds(plugin, error);
}

int plugin_table_read(const struct dyn_plugin *from, struct plugin *plugin, struct error *error)
{
    if (plugin_table_read_kinds(from, plugin, error) < 0 ||
        plugin_table_check_functions(plugin, error) < 0)
        return -1;
    return plugin_table_read_options(plugin, error);
}

void plugin_table_fini(struct plugin *plugin)
{
    free(plugin->options);
    plugin->options = NULL;
}
