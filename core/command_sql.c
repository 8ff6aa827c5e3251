/* SPDX-License-Identifier: MIT
 * dynomatic sql: what each store's adapter advises, as SQL that a person runs. It creates nothing.
 */
#include "core/command.h"

#include "core/ask.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct topic {
    const char *name;
    int32_t number;
} topics[] = {{"notify", DYN_ADVICE_NOTIFY}, {"indexes", DYN_ADVICE_INDEXES}};

static const struct topic *topic_of(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof topics / sizeof topics[0]; i++)
        if (strcmp(topics[i].name, name) == 0)
            return &topics[i];
    return NULL;
}

/* ---- Pools ---- */

/* The pools' names that stand behind the topic; none: all. */
static bool is_asked_for(const struct command_line *line, const char *pool)
{
    for (int i = 1; i < line->n_words; i++)
        if (strcmp(line->words[i], pool) == 0)
            return true;
    return line->n_words == 1;
}

static int check_pools(const struct command_line *line, const struct settings *settings)
{
    const char **names = memory_new(settings->n_pools, sizeof *names);
    int status = EXIT_DONE;
    for (size_t i = 0; i < settings->n_pools; i++)
        names[i] = settings->pools[i].name;
    for (int i = 1; i < line->n_words; i++) {
        bool is_known = false;
        for (size_t p = 0; p < settings->n_pools; p++)
            is_known |= strcmp(line->words[i], names[p]) == 0;
        if (!is_known)
            status = command_unknown_pool(line->words[i], names, settings->n_pools);
    }
    free(names);
    return status;
}

/* Adds ": A, B": the pools asked for that this queue instance is a source of. */
static void add_pools(const struct command_line *line, const struct settings *settings,
                      size_t instance, struct text *out)
{
    for (size_t i = 0; i < settings->n_pools; i++)
        for (size_t k = 0; k < settings->pools[i].n_sources; k++)
            if (settings->pools[i].sources[k] == instance &&
                is_asked_for(line, settings->pools[i].name))
                text_add_format(out, "%s%s", out->length > 0 ? ", " : ": ",
                                settings->pools[i].name);
}

/* ---- Advice ---- */

/* The advice of one instance, after its pools; what there is none of is told apart. */
static int add_advice(const struct ask *ask, size_t i, const char *name, const struct text *pools,
                      struct text *out)
{
    const char *failure = ask_failure(ask, i);
    if (failure != NULL) {
        fprintf(stderr, "dynomatic: %s: %s\n", name, failure);
        return EXIT_FAILED;
    }
    const char *advice = instance_advice(ask->all[i].instance);
    if (advice[0] == '\0')
        fprintf(stderr, "dynomatic: %s: its adapter advises nothing of the kind\n", name);
    else
        text_add_format(out, "%s-- %s%s\n%s\n", out->length > 0 ? "\n" : "", name,
                        text_chars(pools), advice);
    return EXIT_DONE;
}

static int add_all(const struct command_line *line, const struct settings *settings,
                   const struct ask *ask, struct text *out)
{
    int status = EXIT_DONE;
    for (size_t i = 0; i < settings->n_instances; i++) {
        struct text pools = {0};
        add_pools(line, settings, i, &pools);
        if (pools.length > 0 &&
            add_advice(ask, i, settings->instances[i].name, &pools, out) != EXIT_DONE)
            status = EXIT_FAILED;
        text_fini(&pools);
    }
    return status;
}

static void prepare(const struct command_line *line, const struct settings *settings,
                    struct ask *ask, int32_t topic)
{
    for (size_t i = 0; i < settings->n_instances; i++) {
        struct text pools = {0};
        add_pools(line, settings, i, &pools);
        if (pools.length > 0 && ask->all[i].instance != NULL)
            instance_prepare_advise(ask->all[i].instance, topic);
        text_fini(&pools);
    }
}

static int print_advice(const struct command_line *line, const struct settings *settings,
                        int32_t topic)
{
    struct ask ask;
    struct text out = {0};
    ask_open(&ask, settings);
    prepare(line, settings, &ask, topic);
    ask_all(&ask);
    int status = add_all(line, settings, &ask, &out);
    if (command_print(&out) != EXIT_DONE)
        status = EXIT_FAILED;
    text_fini(&out);
    return ask_close(&ask, status);
}

int command_sql(const struct command_line *line)
{
    log_init(line->is_verbose ? LOG_DEBUG : LOG_WARN);
    const struct topic *topic = topic_of(line->argument);
    if (topic == NULL) {
        fputs("dynomatic: sql prints one of: notify, indexes; dynomatic --help tells what there "
              "is\n",
              stderr);
        return EXIT_USAGE;
    }
    struct settings *settings = command_settings(line);
    if (settings == NULL)
        return EXIT_USAGE;
    int status = check_pools(line, settings);
    if (status == EXIT_DONE)
        status = print_advice(line, settings, topic->number);
    settings_free(settings);
    return status;
}
