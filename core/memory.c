/* SPDX-License-Identifier: MIT */
#include "core/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *memory)
{
    if (memory == NULL) {
        fputs("dynomatic: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *memory_new(size_t n, size_t size)
{
    return need(calloc(n > 0 ? n : 1, size > 0 ? size : 1));
}

void *memory_resize(void *old, size_t n, size_t size)
{
    if (size > 0 && n > SIZE_MAX / size)
        need(NULL);
    return need(realloc(old, n * size > 0 ? n * size : 1));
}

char *memory_copy(const char *text)
{
    return need(strdup(text));
}

char *memory_copy_n(const char *text, size_t length)
{
    char *copy = memory_new(length + 1, 1);
    if (length > 0)
        memcpy(copy, text, length);
    return copy;
}

char *memory_format(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    return need(length < 0 ? NULL : text);
}
