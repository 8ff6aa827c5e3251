/* SPDX-License-Identifier: MIT
 * Fails: two_at_once
 * It fails while another of its instances is asked. */
#include "good.h"

#include <stdatomic.h>

static atomic_int running;

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    const struct good *good = self;
    int is_alone = running++ == 0;
    usleep(1000);
    int32_t code = is_alone ? good_measure(self, call, groups, n)
                            : good->host->fail(good->host, DYN_RETRY, "another is asked");
    running--;
    return code;
}

#define MEASURE measure
#include "plugin.h"
