/* SPDX-License-Identifier: MIT
 * Fails: advice
 * It advises two lines in one. */
#include "good.h"

static int32_t advise(void *self, const struct dyn_call *call, int32_t topic)
{
    const struct good *good = self;
    if (topic == DYN_ADVICE_NOTIFY)
        good->host->advise(good->host, "-- do this\nand that");
    return good_advise(self, call, topic);
}

#define ADVISE advise
#include "plugin.h"
