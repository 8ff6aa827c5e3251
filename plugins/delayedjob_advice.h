/* SPDX-License-Identifier: MIT
 * What a person can do at the database so that it answers sooner, as SQL to be run. */
#ifndef PLUGINS_DELAYEDJOB_ADVICE_H
#define PLUGINS_DELAYEDJOB_ADVICE_H

#include "delayedjob_query.h"

/* What is known of the table. */
struct advice {
    const struct sql *sql;
    const struct jobs *jobs;
    const struct sql_table *table;
    struct sql_estimate estimate; /* of failed_at */
};

/* Writes the indexes that help, when, at what price; and what else does. */
void advice_put_indexes(FILE *out, const struct advice *advice);

#endif
