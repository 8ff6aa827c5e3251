/* SPDX-License-Identifier: MIT
 * What every request and reply of the API has: version, caller, rate limit, scope, and the headers.
 * Routes do the rest. */
#ifndef FAKE_PROTOCOL_H
#define FAKE_PROTOCOL_H

#include "tests/fake-heroku/platform.h"

/* Answers a request of the API. */
void protocol_answer(struct platform *platform, const struct request *request, struct reply *reply);
/* A reply that a fault rule made in place of that: it costs a token, and has the same headers. */
void protocol_finish_fault(struct platform *platform, const struct request *request,
                           struct reply *reply);

/* Whose tokens a request spends. */
struct account *protocol_account(const struct platform *platform, const struct request *request);

#endif
