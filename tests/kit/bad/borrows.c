/* SPDX-License-Identifier: MIT
 * Fails: complete
 * It calls a library that only the host is linked with. */
#include "good.h"

const char *lt_dlerror(void);

static void call_host(void *self)
{
    (void)lt_dlerror();
    free(self);
}

#define CLOSE call_host
#include "plugin.h"
