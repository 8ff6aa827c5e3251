/* SPDX-License-Identifier: MIT
 * One call on several instances at once, and the wait for all of them: for the commands that only
 * look. ask_open(); prepare a call on each instance of interest; ask_all(); read; ask_close(). */
#ifndef CORE_ASK_H
#define CORE_ASK_H

#include "core/instance.h"
#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>

struct asked {
    struct instance *instance; /* NULL: it does not open */
    bool is_over;              /* its call came back, so that it can be read */
    struct error error;        /* why it does not open, or that its call hangs */
};

struct ask {
    struct asked *all; /* as settings->instances */
    size_t n;
};

void ask_open(struct ask *ask, const struct settings *settings);

/* Whether all instances are open; if not, a line for each that is not. */
bool ask_is_open(const struct ask *ask, struct text *out);

/* Runs the prepared calls until all are over, or hang for a second past their deadline. */
void ask_all(struct ask *ask);

/* Why there is nothing to read from instance i; NULL: there is. */
const char *ask_failure(const struct ask *ask, size_t i);

/* Closes the instances and returns `status`. With a call that hangs it ends the program with that
 * status at once: an exit() might wait for what the call holds. */
int ask_close(struct ask *ask, int status);

#endif
