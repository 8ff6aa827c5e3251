/* SPDX-License-Identifier: MIT */
#include "core/survey.h"

#include "core/memory.h"
#include "core/settings_read.h"

#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 5000 };

/* ---- An instance for each variable ---- */

static void add_instance(struct survey *survey, size_t first, size_t n)
{
    struct settings *settings = &survey->settings;
    struct detect_options *options = memory_new(1, sizeof *options);
    *options = (struct detect_options){survey->asked.candidates + first, n};
    settings->instances[settings->n_instances++] = (struct instance_spec){
        .kind = INSTANCE_QUEUE,
        .plugin = &detect_plugin,
        .name = memory_copy(detect_place(&options->candidates[0])),
        .options = options,
        .timeout_ms = TIMEOUT_MS,
    };
}

static void add_instances(struct survey *survey)
{
    const struct detect_candidate *candidates = survey->asked.candidates;
    size_t first = 0;
    survey->settings.instances = memory_new(survey->asked.n, sizeof(struct instance_spec));
    for (size_t i = 1; i <= survey->asked.n; i++)
        if (i == survey->asked.n ||
            strcmp(candidates[i].variable, candidates[first].variable) != 0) {
            add_instance(survey, first, i - first);
            first = i;
        }
}

static void ask(struct survey *survey)
{
    ask_open(&survey->ask, &survey->settings);
    for (size_t i = 0; i < survey->ask.n; i++)
        if (survey->ask.all[i].instance != NULL)
            instance_prepare_measure(survey->ask.all[i].instance, NULL, 0);
    ask_all(&survey->ask);
}

/* ---- What they said ---- */

/* A call that hangs may still write to its candidates, so nothing but what they are is read. */
static struct detect_candidate copy_of(const struct detect_candidate *candidate,
                                       const struct asked *asked)
{
    if (asked->instance == NULL || asked->is_over)
        return *candidate;
    return (struct detect_candidate){.spec = candidate->spec,
                                     .variable = candidate->variable,
                                     .state = DETECT_FAILED,
                                     .code = DYN_RETRY,
                                     .text = (char *)(uintptr_t)asked->error.text};
}

static void copy_answers(struct survey *survey)
{
    survey->candidates = memory_new(survey->asked.n, sizeof *survey->candidates);
    for (size_t i = 0; i < survey->ask.n; i++) {
        struct detect_options options = detect_options_of(&survey->settings.instances[i]);
        for (size_t k = 0; k < options.n; k++)
            survey->candidates[survey->n++] = copy_of(&options.candidates[k], &survey->ask.all[i]);
    }
}

static void choose(struct survey *survey)
{
    detect_choose(survey->candidates, survey->n, &survey->why);
    for (size_t i = 0; i < survey->n; i++)
        if (survey->candidates[i].is_chosen)
            survey->chosen = &survey->candidates[i];
}

void survey_take(struct survey *survey)
{
    static const struct settings_maps no_maps = {.isolate = -1};
    *survey = (struct survey){0};
    struct config *nowhere = config_parse("", "{}", 2);
    const char *lack = settings_read_candidates(nowhere, &no_maps, &survey->asked);
    config_free(nowhere);
    survey->urls = detect_urls(&survey->n_urls);
    add_instances(survey);
    ask(survey);
    copy_answers(survey);
    if (lack == NULL)
        choose(survey);
    else
        text_add_format(&survey->why, "no adapter can be detected, %s", lack);
}

int survey_end(struct survey *survey, int status)
{
    status = ask_close(&survey->ask, status);
    for (size_t i = 0; i < survey->settings.n_instances; i++) {
        free(survey->settings.instances[i].name);
        free(survey->settings.instances[i].options);
    }
    free(survey->settings.instances);
    free(survey->candidates);
    settings_free_candidates(&survey->asked);
    detect_urls_free(survey->urls, survey->n_urls);
    text_fini(&survey->why);
    return status;
}

const char *survey_also(const struct survey *survey, const struct detect_candidate *candidate)
{
    for (size_t i = 0; i < survey->n_urls; i++)
        if (strcmp(survey->urls[i].name, candidate->variable) == 0)
            return text_chars(&survey->urls[i].also);
    return "";
}
