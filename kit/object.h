/* SPDX-License-Identifier: MIT
 * The dynamic symbols of a shared object (ELF), read from the file. */
#ifndef KIT_OBJECT_H
#define KIT_OBJECT_H

#include <stddef.h>

/* Both live until the process ends. */
struct object_symbols {
    const char **names; /* NULL: it is no shared object for this machine */
    size_t n;
};

/* Those that others see, and those that it needs from others. */
struct object_symbols object_exported(const char *path);
struct object_symbols object_wanted(const char *path);

#endif
