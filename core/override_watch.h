/* SPDX-License-Identifier: MIT
 * Notices when the file of overrides changes. */
#ifndef CORE_OVERRIDE_WATCH_H
#define CORE_OVERRIDE_WATCH_H

#include "core/override.h"

#include <sys/stat.h>

struct override_watch {
    const char *folder; /* NULL: there is none, and so no overrides */
    struct stat seen;   /* the file that was read last; zeroed: none was there */
    bool was_read;
    char *trouble; /* why what the file holds is not known, as logged; NULL: it is */
    int64_t told_ms;
    int64_t retry_ms;
};

/* `folder` is the caller's, and outlives the watch. */
void override_watch_init(struct override_watch *watch, const char *folder);
void override_watch_fini(struct override_watch *watch);

/* Reads the file if it is another one than before: true, and the list is the caller's. False if
 * nothing changed, or if it cannot be read, which is logged; then what was known stays in force. */
bool override_watch_look(struct override_watch *watch, struct override_list *list, int64_t now_ms);

#endif
