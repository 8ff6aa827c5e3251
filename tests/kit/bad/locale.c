/* SPDX-License-Identifier: MIT
 * Fails: locale
 * It changes the locale. */
#include "good.h"

#include <locale.h>

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    setlocale(LC_ALL, "C.UTF-8");
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
