/* SPDX-License-Identifier: MIT
 * dynomatic explain: what the file promises before it runs. Connects nowhere. */
#include "core/command.h"

#include "core/ask.h"
#include "core/clock.h"
#include "core/explain.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool name_busy(const struct ask *ask, const struct pool_spec *pool)
{
    for (size_t i = 0; i < pool->n_sources; i++)
        if (!instance_names_busy(ask->all[pool->sources[i]].instance))
            return false;
    return true;
}

static int print(const struct command_line *line, const struct settings *settings,
                 const struct ask *ask, const struct price *price)
{
    struct text out = {0};
    struct promise **promises = memory_new(settings->n_pools, sizeof *promises);
    for (size_t i = 0; i < settings->n_pools; i++) {
        const struct pool_spec *pool = &settings->pools[i];
        promises[i] = promise_new(settings, pool, ask->all[pool->scaler].instance,
                                  name_busy(ask, pool), clock_utc_ms());
    }
    if (line->wants_json)
        explain_json(settings, promises, price, &out);
    else
        explain_text(settings, promises, price, terminal_has_colours(STDOUT_FILENO), &out);
    int status = command_print(&out);
    text_fini(&out);
    for (size_t i = 0; i < settings->n_pools; i++)
        promise_free(promises[i]);
    free(promises);
    return status;
}

/* What keeps it from being explained goes to standard error, as with every command. */
static int explain(const struct command_line *line, const struct settings *settings,
                   const struct ask *ask)
{
    struct text mistakes = {0};
    struct price *price = NULL;
    if (ask_is_open(ask, &mistakes))
        price = price_read(line->prices != NULL ? line->prices : PRICES_FILE,
                           line->size != NULL ? line->size : "Standard-1X", &mistakes);
    fputs(text_chars(&mistakes), stderr);
    text_fini(&mistakes);
    int status = price != NULL ? print(line, settings, ask, price) : EXIT_USAGE;
    price_free(price);
    return status;
}

int command_explain(const struct command_line *line)
{
    log_init(line->is_verbose ? LOG_DEBUG : LOG_WARN);
    struct settings *settings = command_settings(line);
    if (settings == NULL)
        return EXIT_USAGE;
    struct ask ask;
    ask_open(&ask, settings);
    int status = ask_close(&ask, explain(line, settings, &ask));
    settings_free(settings);
    return status;
}
