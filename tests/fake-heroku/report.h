/* SPDX-License-Identifier: MIT
 * What the control path tells: more than clients of the API see. Each returns JSON that is the
 * caller's. */
#ifndef FAKE_REPORT_H
#define FAKE_REPORT_H

#include "tests/fake-heroku/platform.h"

/* Everything as it is now. */
cJSON *report_state(struct platform *platform);
/* What was used and counted since the start. */
cJSON *report_summary(struct platform *platform);
/* Each dyno there was, oldest first. */
cJSON *report_history(struct platform *platform);
cJSON *report_rate_limit(struct platform *platform);

#endif
