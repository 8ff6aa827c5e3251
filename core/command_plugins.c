/* SPDX-License-Identifier: MIT
 * dynomatic plugins: what is installed, and what one of them can be told. */
#include "core/command.h"

#include "core/option.h"
#include "core/plugin.h"
#include "core/table.h"
#include "core/terminal.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *kind_of(const struct plugin *plugin)
{
    if (plugin->table.queue != NULL && plugin->table.scaler != NULL)
        return "queue adapter, scaler back-end";
    return plugin->table.queue != NULL ? "queue adapter" : "scaler back-end";
}

static int print_one(const char *name)
{
    struct error error = {""};
    const struct plugin *plugin = plugin_load(name, &error);
    if (plugin == NULL) {
        fprintf(stderr, "dynomatic: %s\n", error.text);
        return EXIT_FAILED;
    }
    struct option_table options = {plugin->options, plugin->table.n_options};
    struct text out = {0};
    text_add_format(&out, "%s %s: %s\n%s, %s\n\n", plugin->table.name, plugin->table.version,
                    plugin->table.summary, kind_of(plugin), plugin->path);
    text_add(&out, "Options:\n");
    option_help(options, &out);
    text_add_format(&out, "\nFor the file:\n\n%s:\n  %s: %s\n",
                    plugin->table.queue != NULL ? "queue" : "scaler",
                    plugin->table.queue != NULL ? "adapter" : "backend",
                    strchr(name, '/') != NULL ? name : plugin->table.name);
    option_sample(options, &out);
    int status = command_print(&out);
    text_fini(&out);
    return status;
}

/* A file in the folders that is no plugin of ours is worth a line, and no failure. */
static void add_row(struct table *table, const char *name, struct text *refused)
{
    struct error error = {""};
    const struct plugin *plugin = plugin_load(name, &error);
    if (plugin == NULL) {
        text_add_format(refused, "not usable: %s\n", error.text);
        return;
    }
    table_cell(table, "%s", plugin->table.name);
    table_cell(table, "%s", plugin->table.version);
    table_cell(table, "%s", kind_of(plugin));
    table_cell(table, "%s", plugin->table.summary);
}

static int print_all(void)
{
    size_t n;
    char **names = plugin_names(&n);
    char *folders = plugin_folders();
    struct table table;
    struct text refused = {0};
    struct text out = {0};
    table_init(&table, 4);
    table_cell(&table, "NAME");
    table_cell(&table, "VERSION");
    table_cell(&table, "KIND");
    table_cell(&table, "SUMMARY");
    for (size_t i = 0; i < n; i++)
        add_row(&table, names[i], &refused);
    if (n > 0)
        table_print(&table, terminal_has_colours(STDOUT_FILENO), &out);
    else
        text_add_format(&out, "no plugins in %s\n", folders);
    text_add(&out, text_chars(&refused));
    int status = command_print(&out);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    free(folders);
    table_fini(&table);
    text_fini(&refused);
    text_fini(&out);
    return status;
}

int command_plugins(const struct command_line *line)
{
    return line->argument != NULL ? print_one(line->argument) : print_all();
}
