/* SPDX-License-Identifier: MIT
 * Fails: advice
 * It has an answer to every topic. */
#include "good.h"

static int32_t advise(void *self, const struct dyn_call *call, int32_t topic)
{
    return good_advise(self, call, topic > DYN_ADVICE_NOTIFY ? DYN_ADVICE_INDEXES : topic);
}

#define ADVISE advise
#include "plugin.h"
