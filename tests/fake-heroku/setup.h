/* SPDX-License-Identifier: MIT
 * Makes a platform of the command line. */
#ifndef FAKE_SETUP_H
#define FAKE_SETUP_H

#include "tests/fake-heroku/arguments.h"
#include "tests/fake-heroku/platform.h"

/* Accounts, tokens, limits, faults and apps, without dynos yet. The platform is initialised, and
 * needs no loop yet. -1 and the error: a sentence about the argument that is wrong. */
int setup_platform(struct platform *platform, const struct arguments *arguments,
                   struct error *error);

/* Starts the dynos that the command line asks for. */
void setup_dynos(struct platform *platform, const struct arguments *arguments);

#endif
