/* SPDX-License-Identifier: MIT
 * Tables of other ages, each in memory of exactly its size, so that a sanitizer sees a read past
 * its end. What no host can use is pinned by its sentence in tests/abi/bad_plugin_test.sh. */
#include "core/memory.h"
#include "core/plugin_table.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

struct config {
    int64_t number;
    const char *text;
};

static const struct dyn_option rows[] = {
    {.name = "number",
     .standard = "3",
     .help = "a number",
     .type = DYN_INTEGER,
     .offset = offsetof(struct config, number)},
    {.name = "text",
     .help = "a text",
     .type = DYN_TEXT,
     .flags = DYN_SECRET,
     .offset = offsetof(struct config, text)},
};

static int32_t on_open(const struct dyn_host *host, const void *config, void **self)
{
    (void)host;
    (void)config;
    (void)self;
    return DYN_OK;
}

static void on_close(void *self)
{
    (void)self;
}

static int32_t on_measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                          uint32_t n)
{
    (void)self;
    (void)call;
    (void)groups;
    (void)n;
    return DYN_OK;
}

static int32_t on_detect(void *self, const struct dyn_call *call)
{
    (void)self;
    (void)call;
    return DYN_OK;
}

static int32_t on_read(void *self, const struct dyn_call *call, const char *const *names,
                       uint32_t n)
{
    (void)self;
    (void)call;
    (void)names;
    (void)n;
    return DYN_OK;
}

static int32_t on_apply(void *self, const struct dyn_call *call, const struct dyn_change *changes,
                        uint32_t n)
{
    (void)self;
    (void)call;
    (void)changes;
    (void)n;
    return DYN_OK;
}

static const struct dyn_queue queue = {
    .size = sizeof queue,
    .metrics = DYN_BIT(DYN_WAITING),
    .measure = on_measure,
    .detect = on_detect,
};

static const struct dyn_scaler scaler = {
    .size = sizeof scaler,
    .read = on_read,
    .apply = on_apply,
};

static const struct dyn_plugin good = {
    .size = sizeof good,
    .abi = DYN_ABI,
    .name = "good",
    .version = "1",
    .summary = "can be used",
    .options = rows,
    .n_options = 2,
    .option_size = sizeof rows[0],
    .config_size = sizeof(struct config),
    .open = on_open,
    .close = on_close,
    .queue = &queue,
    .scaler = &scaler,
};

/* A copy in memory of `size` bytes: cut, or with bytes after its end that nobody knows. */
static void *sized(const void *from, size_t from_size, size_t size)
{
    char *copy = memory_new(1, size);
    memset(copy, 0x5A, size);
    if (from != NULL)
        memcpy(copy, from, from_size < size ? from_size : size);
    return copy;
}

static void read_fine(const struct dyn_plugin *from, struct plugin *plugin)
{
    struct error error = {""};
    memset(plugin, 0, sizeof *plugin);
    CHECK_INT(plugin_table_read(from, plugin, &error), 0);
    CHECK_TEXT(error.text, "");
}

static void todays(void)
{
    struct plugin plugin;
    read_fine(&good, &plugin);
    CHECK_TEXT(plugin.table.name, "good");
    CHECK(plugin.table.queue == &plugin.queue && plugin.table.scaler == &plugin.scaler);
    CHECK(plugin.queue.measure == on_measure && plugin.queue.detect == on_detect);
    CHECK(plugin.scaler.read == on_read && plugin.scaler.apply == on_apply);
    CHECK(plugin.table.options == plugin.options && plugin.options != rows);
    CHECK_INT(memcmp(plugin.options, rows, sizeof rows), 0);
    plugin_table_fini(&plugin);
}

/* Older: a descriptor without scalers, and a queue table that only measures. */
static void older(void)
{
    struct dyn_queue short_queue = queue;
    struct dyn_plugin cut = good;
    short_queue.size = offsetof(struct dyn_queue, detect);
    struct dyn_queue *its_queue = sized(&short_queue, sizeof short_queue, short_queue.size);
    cut.size = offsetof(struct dyn_plugin, scaler);
    cut.queue = its_queue;
    struct dyn_plugin *its_table = sized(&cut, sizeof cut, cut.size);
    struct plugin plugin;
    read_fine(its_table, &plugin);
    CHECK(plugin.table.scaler == NULL);
    CHECK(plugin.queue.measure == on_measure);
    CHECK(plugin.queue.detect == NULL && plugin.queue.watch == NULL &&
          plugin.queue.workers == NULL);
    CHECK_INT(plugin.queue.metrics, DYN_BIT(DYN_WAITING));
    plugin_table_fini(&plugin);
    free(its_queue);
    free(its_table);
}

/* Newer: more at the end of each table, and rows further apart. */
static void newer(void)
{
    size_t stride = sizeof(struct dyn_option) + 2 * sizeof(void *);
    char *its_rows = sized(NULL, 0, 2 * stride);
    memcpy(its_rows, &rows[0], sizeof rows[0]);
    memcpy(its_rows + stride, &rows[1], sizeof rows[1]);
    struct dyn_queue long_queue = queue;
    struct dyn_scaler long_scaler = scaler;
    struct dyn_plugin more = good;
    long_queue.size += 3 * sizeof(void *);
    long_scaler.size += sizeof(void *);
    more.size += 5 * sizeof(void *);
    struct dyn_queue *its_queue = sized(&long_queue, sizeof long_queue, long_queue.size);
    struct dyn_scaler *its_scaler = sized(&long_scaler, sizeof long_scaler, long_scaler.size);
    more.options = (const struct dyn_option *)(const void *)its_rows;
    more.option_size = (uint32_t)stride;
    more.queue = its_queue;
    more.scaler = its_scaler;
    struct dyn_plugin *its_table = sized(&more, sizeof more, more.size);
    struct plugin plugin;
    read_fine(its_table, &plugin);
    CHECK(plugin.queue.detect == on_detect && plugin.scaler.limit == NULL);
    CHECK_INT(plugin.table.n_options, 2);
    CHECK_INT(plugin.table.option_size, sizeof(struct dyn_option));
    CHECK_INT(memcmp(plugin.options, rows, sizeof rows), 0);
    plugin_table_fini(&plugin);
    free(its_rows);
    free(its_queue);
    free(its_scaler);
    free(its_table);
}

static void one_kind(void)
{
    struct dyn_plugin table = good;
    struct plugin plugin;
    table.queue = NULL;
    read_fine(&table, &plugin);
    CHECK(plugin.table.queue == NULL && plugin.queue.measure == NULL);
    plugin_table_fini(&plugin);
    table.queue = &queue;
    table.scaler = NULL;
    read_fine(&table, &plugin);
    CHECK(plugin.table.scaler == NULL && plugin.scaler.read == NULL);
    plugin_table_fini(&plugin);
}

static void without_options(void)
{
    struct dyn_plugin table = good;
    struct plugin plugin;
    table.options = NULL;
    table.n_options = 0;
    table.option_size = 0;
    table.config_size = 0;
    read_fine(&table, &plugin);
    CHECK(plugin.table.options == NULL);
    plugin_table_fini(&plugin);
    plugin_table_fini(&plugin);
}

/* Not even its size is read of a table of another ABI: all but these two members may have moved. */
static void another_abi(void)
{
    uint32_t *start = memory_new(2, sizeof *start);
    struct plugin plugin = {0};
    struct error error = {""};
    start[0] = 4000;
    start[1] = DYN_ABI + 1;
    const struct dyn_plugin *table = (const struct dyn_plugin *)(const void *)start;
    CHECK_INT(plugin_table_read(table, &plugin, &error), -1);
    CHECK_HAS(error.text, "it was built for ABI 2, and this dynomatic has ABI 1");
    plugin_table_fini(&plugin);
    free(start);
}

static void a_copy_has_the_common_part(void)
{
    char into[8];
    memset(into, 'x', sizeof into);
    plugin_table_copy(into, 6, "ab", 2);
    CHECK_INT(memcmp(into, "ab\0\0\0\0xx", 8), 0);
    plugin_table_copy(into, 4, "abcdefgh", 8);
    CHECK_INT(memcmp(into, "abcd\0\0xx", 8), 0);
}

static const struct test tests[] = {
    {"a copy has what both know, and zeroes the rest", a_copy_has_the_common_part},
    {"tables of today are read as they are", todays},
    {"what an older plugin lacks is absent", older},
    {"what a newer plugin has more is not seen", newer},
    {"one kind is enough", one_kind},
    {"a plugin may have no options", without_options},
    {"of another ABI nothing but its number is read", another_abi},
};
SUITE_MAIN("plugin_table", tests)
