/* SPDX-License-Identifier: MIT
 * dynomatic detect: what each adapter says of each store that the environment names. */
#include "core/command.h"

#include "core/log.h"
#include "core/survey.h"
#include "core/table.h"
#include "core/terminal.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void add_row(struct table *table, const struct survey *survey,
                    const struct detect_candidate *candidate)
{
    const char *also = survey_also(survey, candidate);
    table_cell(table, "%s%s%s", candidate->variable, also[0] != '\0' ? ", " : "", also);
    table_cell(table, "%s", candidate->spec.plugin->table.name);
    if (candidate->state == DETECT_FOUND)
        table_cell(table, "%d %%", candidate->percent);
    else
        table_cell(table, "%s", candidate->state == DETECT_NO ? "no" : "?");
    table_cell(table, "%s", detect_text(candidate));
}

/* Why none is taken, without the reasons, which the table has, and what may be written: each line
 * to be copied. */
static void add_choice(const struct survey *survey, struct text *out)
{
    struct text lines = {0};
    size_t n = detect_add_lines(survey->candidates, survey->n, "\n  ", &lines);
    if (n == 0)
        text_add(&lines, "queue: { adapter: NAME, ... }");
    if (survey->n > 0)
        text_add_format(out, "%.*s; write%s\n  %s\n", (int)strcspn(text_chars(&survey->why), ":"),
                        text_chars(&survey->why), n > 1 ? " one of" : "", text_chars(&lines));
    else
        text_add_format(out, "%s\n", text_chars(&survey->why));
    text_fini(&lines);
}

static void print_table(const struct survey *survey, struct text *out)
{
    struct table table;
    table_init(&table, 4);
    table_cell(&table, "VARIABLE");
    table_cell(&table, "ADAPTER");
    table_cell(&table, "SURE");
    table_cell(&table, "WHY");
    for (size_t i = 0; i < survey->n; i++)
        if (detect_is_told(survey->candidates, survey->n, i))
            add_row(&table, survey, &survey->candidates[i]);
    if (survey->n > 0)
        table_print(&table, terminal_has_colours(STDOUT_FILENO), out);
    table_fini(&table);
    if (survey->chosen != NULL) {
        text_add(out, "taken where no adapter is named: queue: { ");
        detect_add_keys(survey->chosen, out);
        text_add(out, " }\n");
    } else {
        add_choice(survey, out);
    }
}

static cJSON *json_of(const struct survey *survey, const struct detect_candidate *candidate)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "variable", candidate->variable);
    cJSON_AddStringToObject(object, "also", survey_also(survey, candidate));
    cJSON_AddStringToObject(object, "adapter", candidate->spec.plugin->table.name);
    if (candidate->state == DETECT_FOUND || candidate->state == DETECT_NO)
        cJSON_AddNumberToObject(object, "sure", candidate->percent);
    else
        cJSON_AddNullToObject(object, "sure");
    cJSON_AddStringToObject(object, "why", detect_text(candidate));
    cJSON_AddBoolToObject(object, "taken", candidate == survey->chosen);
    return object;
}

static void print_json(const struct survey *survey, struct text *out)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < survey->n; i++)
        if (detect_is_told(survey->candidates, survey->n, i))
            cJSON_AddItemToArray(array, json_of(survey, &survey->candidates[i]));
    char *chars = cJSON_Print(array);
    text_add_format(out, "%s\n", chars);
    cJSON_free(chars);
    cJSON_Delete(array);
}

int command_detect(const struct command_line *line)
{
    struct survey survey;
    struct text out = {0};
    log_init(line->is_verbose ? LOG_DEBUG : LOG_WARN);
    survey_take(&survey);
    (line->wants_json ? print_json : print_table)(&survey, &out);
    int status = survey.chosen != NULL ? EXIT_DONE : EXIT_FAILED;
    if (command_print(&out) != EXIT_DONE)
        status = EXIT_FAILED;
    text_fini(&out);
    return survey_end(&survey, status);
}
