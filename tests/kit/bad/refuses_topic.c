/* SPDX-License-Identifier: MIT
 * Fails: advice
 * It refuses a topic that it does not know. */
#include "good.h"

static int32_t advise(void *self, const struct dyn_call *call, int32_t topic)
{
    const struct good *good = self;
    if (topic > DYN_ADVICE_NOTIFY)
        return good->host->fail(good->host, DYN_BROKEN, "there is no such topic");
    return good_advise(self, call, topic);
}

#define ADVISE advise
#include "plugin.h"
