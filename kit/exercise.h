/* SPDX-License-Identifier: MIT
 * Everything that a host does with a plugin in a day, for checks that look at what that leaves
 * behind. */
#ifndef KIT_EXERCISE_H
#define KIT_EXERCISE_H

#include "kit/host.h"

/* Opens, calls and closes: as the options say, at a server that refuses, with a time that is over,
 * cancelled. What the calls return does not matter. Texts are added to `said`, if not NULL. Ends
 * the check as skipped if the plugin cannot be opened. Sets no size of a real platform. */
void exercise(const struct subject *subject, struct text *said);

/* Whether this verb may be called here: apply() only where no size can be changed by mistake. */
bool exercise_may(const struct host *host, enum verb verb, int port);

#endif
