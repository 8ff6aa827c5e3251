/* SPDX-License-Identifier: MIT */
#include "kit/allocation.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CALLERS = 32 };

static atomic_bool is_counted;
static atomic_long counted;
static atomic_long to_fail;
static atomic_long live;
static const char *counted_path;

void allocation_fail(long nth, const char *path)
{
    counted = 0;
    to_fail = nth;
    counted_path = path;
    void *warm_up[1];
    backtrace(warm_up, 1); /* allocates when it is first called */
}

void allocation_count(bool is_wanted)
{
    is_counted = is_wanted;
}

long allocation_counted(void)
{
    return counted;
}

#if defined(__GLIBC__) && !defined(SANITIZED)

/* glibc's own, under the names it keeps for whoever stands before them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

/* "libc.so.6", "libstdc++.so.6": they allocate for whoever called them. */
static bool is_runtime(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    return strncmp(name, "libc.", 5) == 0 || strncmp(name, "libstdc++.", 10) == 0;
}

/* Whether the plugin wants this memory, itself or through the runtime: the first caller that is not
 * the runtime decides. */
static bool is_of_plugin(const void *caller)
{
    void *callers[MOST_CALLERS];
    Dl_info object;
    int n = backtrace(callers, MOST_CALLERS);
    int i = 0;
    while (i < n && callers[i] != caller)
        i++;
    while (i < n && dladdr(callers[i], &object) != 0 && is_runtime(object.dli_fname))
        i++;
    return i < n && dladdr(callers[i], &object) != 0 && strcmp(object.dli_fname, counted_path) == 0;
}

static bool fails(const void *caller)
{
    if (!is_counted || to_fail == 0 || !is_of_plugin(caller) || ++counted != to_fail)
        return false;
    errno = ENOMEM;
    return true;
}

#define CALLER __builtin_return_address(0)

static void *counted_in(void *block)
{
    live += block != NULL;
    return block;
}

void *malloc(size_t size)
{
    return fails(CALLER) ? NULL : counted_in(__libc_malloc(size));
}

void *calloc(size_t nmemb, size_t size)
{
    return fails(CALLER) ? NULL : counted_in(__libc_calloc(nmemb, size));
}

void *realloc(void *ptr, size_t size)
{
    if (fails(CALLER))
        return NULL;
    void *block = __libc_realloc(ptr, size);
    if (ptr == NULL)
        counted_in(block);
    else if (block == NULL && size == 0)
        live--; /* it was freed */
    return block;
}

void *memalign(size_t alignment, size_t size)
{
    return fails(CALLER) ? NULL : counted_in(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails(CALLER) ? NULL : counted_in(__libc_memalign(alignment, size));
}

int posix_memalign(void **memptr, size_t alignment, size_t size)
{
    *memptr = fails(CALLER) ? NULL : counted_in(__libc_memalign(alignment, size));
    return *memptr != NULL ? 0 : ENOMEM;
}

void free(void *ptr)
{
    live -= ptr != NULL;
    __libc_free(ptr);
}

bool allocation_is_ours(void)
{
    return true;
}

#else

bool allocation_is_ours(void)
{
    return false;
}

#endif

long allocation_live(void)
{
    return live;
}
