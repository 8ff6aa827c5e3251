/* SPDX-License-Identifier: MIT
 * A plugin's tables, whatever header it was built from, read into those of ours. */
#ifndef CORE_PLUGIN_TABLE_H
#define CORE_PLUGIN_TABLE_H

#include "core/error.h"
#include "core/plugin.h"

/* Copies what both sides know of a table and zeroes the rest: what the older side lacks is absent,
 * what the newer side has more is not seen. `into_size` is that of our struct. */
void plugin_table_copy(void *into, size_t into_size, const void *from, size_t from_size);

/* Fills the tables and options of `plugin` from those of the shared object. -1 with an error that
 * says what is wrong with them. */
int plugin_table_read(const struct dyn_plugin *from, struct plugin *plugin, struct error *error);

/* Its three steps, for whoever wants to know which of them fails: the tables and their texts, the
 * functions that must be there, the options. */
int plugin_table_read_kinds(const struct dyn_plugin *from, struct plugin *plugin,
                            struct error *error);
int plugin_table_check_functions(const struct plugin *plugin, struct error *error);
int plugin_table_read_options(struct plugin *plugin, struct error *error);

/* Frees what plugin_table_read() made, whether it failed or not. */
void plugin_table_fini(struct plugin *plugin);

#endif
