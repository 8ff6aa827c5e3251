/* SPDX-License-Identifier: MIT
 * The contract as the first and only thing that is included, as C and as C++. */
#include <dynomatic/plugin.h>

/* clang lays a struct out, and so warns of its gaps, only where its size is asked for. */
enum {
    SIZE_HOST = sizeof(struct dyn_host),
    SIZE_CALL = sizeof(struct dyn_call),
    SIZE_LIST = sizeof(struct dyn_list),
    SIZE_OPTION = sizeof(struct dyn_option),
    SIZE_GROUP = sizeof(struct dyn_group),
    SIZE_WORKER = sizeof(struct dyn_worker),
    SIZE_QUEUE = sizeof(struct dyn_queue),
    SIZE_CHANGE = sizeof(struct dyn_change),
    SIZE_SCALER = sizeof(struct dyn_scaler),
    SIZE_PLUGIN = sizeof(struct dyn_plugin)
};
