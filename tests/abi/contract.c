/* SPDX-License-Identifier: MIT
 * An object that tells libabigail the whole contract: every struct is reached from what it exports.
 * Pointers, since the size of a table may grow. See released_test.sh. */
#include <dynomatic/plugin.h>

extern DYN_EXPORT const struct dyn_plugin *const contract_plugin;
extern DYN_EXPORT const struct dyn_list *const contract_list; /* no function has one: configs do */

const struct dyn_plugin *const contract_plugin = NULL;
const struct dyn_list *const contract_list = NULL;
