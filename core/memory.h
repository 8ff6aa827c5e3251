/* SPDX-License-Identifier: MIT
 * Allocation for the host. When memory is gone the program ends with a sentence: a scaler that is
 * started again decides better than one that goes on half. Freed with free(). */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include <stddef.h>

/* Zeroed room for n things of `size` bytes. n may be 0. */
void *memory_new(size_t n, size_t size) __attribute__((malloc, returns_nonnull));

/* Room for n things of `size` bytes; what was there is kept, what is new is not zeroed. */
void *memory_resize(void *old, size_t n, size_t size) __attribute__((returns_nonnull));

char *memory_copy(const char *text) __attribute__((malloc, returns_nonnull, nonnull));
char *memory_copy_n(const char *text, size_t length) __attribute__((malloc, returns_nonnull));

/* printf into a new string. */
char *memory_format(const char *format, ...)
    __attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

#endif
