/* SPDX-License-Identifier: MIT
 * The control path, /_fake/...: for whoever tests with the fake. No version, no token, no limit,
 * and nothing of it is counted or recorded. */
#ifndef FAKE_CONTROL_H
#define FAKE_CONTROL_H

#include "tests/fake-heroku/platform.h"

bool control_is(const struct request *request);
void control_answer(struct platform *platform, const struct request *request, struct reply *reply);

#endif
