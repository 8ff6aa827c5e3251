/* SPDX-License-Identifier: MIT
 * Nothing but names of variables, and texts that hold no secret, goes into it. */
#include "core/draft.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 100 };

/* Up to which character of a comment's text a line goes: to a space where there is one in reach. */
static size_t line_length(const char *text, size_t most)
{
    size_t length = strlen(text);
    if (length <= most)
        return length;
    size_t n = most;
    while (n > 0 && text[n] != ' ')
        n--;
    return n > 0 ? n : strcspn(text, " ");
}

/* "# text", in lines of some length. A text may come from a store: it is one line of clean UTF-8
 * (see detect.c), but that YAML 1.1 knows two line breaks more. */
static void add_comment(const char *indent, const char *text, struct text *out)
{
    while (text[0] != '\0') {
        size_t n = line_length(text, COLUMNS - strlen(indent) - 2);
        text_add_format(out, "#%s", indent);
        for (size_t i = 0; i < n; i++) {
            bool is_break = strncmp(text + i, "\xe2\x80\xa8", 3) == 0 ||
                            strncmp(text + i, "\xe2\x80\xa9", 3) == 0;
            text_add_n(out, is_break ? "?" : text + i, 1);
            i += is_break ? 2 : 0;
        }
        text_add(out, "\n");
        text += n + strspn(text + n, " ");
    }
}

static void add_sighting(const struct survey *survey, const struct detect_candidate *candidate,
                         struct text *out)
{
    const char *also = survey_also(survey, candidate);
    struct text line = {0};
    text_add_format(&line, "%s at %s", candidate->spec.plugin->table.name, candidate->variable);
    if (also[0] != '\0')
        text_add_format(&line, " (the same: %s)", also);
    if (candidate->state == DETECT_FOUND)
        text_add_format(&line, ", %d %% sure", candidate->percent);
    text_add_format(&line, ": %s", detect_text(candidate));
    add_comment("   ", text_chars(&line), out);
    text_fini(&line);
}

/* The keys of a candidate, as a comment where the file must choose. */
static void add_queue(const struct detect_candidate *candidate, const char *before,
                      struct text *out)
{
    text_add_format(out, "%squeue: { ", before);
    detect_add_keys(candidate, out);
    text_add(out, " }\n");
}

static bool may_be_detected(const struct survey *survey)
{
    for (size_t i = 0; i < survey->n; i++)
        if (survey->candidates[i].state != DETECT_REFUSED)
            return true;
    return false;
}

static void add_store(const struct survey *survey, struct text *out)
{
    add_comment(" ", "The job store.", out);
    for (size_t i = 0; i < survey->n; i++)
        if (detect_is_told(survey->candidates, survey->n, i))
            add_sighting(survey, &survey->candidates[i], out);
    if (survey->chosen != NULL) {
        add_queue(survey->chosen, "", out);
        return;
    }
    if (!may_be_detected(survey)) {
        add_comment(" ",
                    "None is known yet. FILL IN the adapter (dynomatic plugins lists them) and the "
                    "variable that holds the store's URL:",
                    out);
        text_add(out, "queue: { adapter: delayedjob, url: \"${DATABASE_URL}\" }\n");
        return;
    }
    add_comment(
        " ",
        "None was taken, since one must be sure and the only one. While no adapter is named, "
        "dynomatic goes on asking them. FILL IN, without the #:",
        out);
    size_t n_found = 0;
    for (size_t i = 0; i < survey->n; i++)
        if (survey->candidates[i].state == DETECT_FOUND) {
            add_queue(&survey->candidates[i], "# ", out);
            n_found++;
        }
    if (n_found == 0)
        text_add_format(out, "# queue: { adapter: NAME, url: \"${%s}\" }\n",
                        survey->candidates[0].variable);
}

static void add_told(const char *before, const struct text *told, struct text *out)
{
    struct text line = {0};
    text_add_format(&line, "%s%s", before, text_chars(told));
    if (told->length > 0)
        add_comment(" ", text_chars(&line), out);
    text_fini(&line);
}

static void add_platform(const struct draft_app *app, struct text *out)
{
    add_comment(" ", "The platform.", out);
    if (!app->has_name)
        add_comment(" ", "SET HEROKU_APP_NAME to the name of the app whose dynos are scaled.", out);
    if (app->token == NULL)
        add_comment(" ",
                    "SET HEROKU_TOKEN to a token: heroku authorizations:create -d dynomatic -s "
                    "read,write",
                    out);
    add_told("Its process types, and how many dynos each has: ", &app->types, out);
    add_told("It could not be asked for its process types: ", &app->why, out);
    text_add(out, "scaler:\n  backend: heroku-formation\n  app: \"${HEROKU_APP_NAME}\"\n");
    text_add_format(out, "  token: \"${%s}\"\n", app->token != NULL ? app->token : "HEROKU_TOKEN");
}

/* ---- The pools ---- */

/* The names of process types that may work off jobs, of a text such as "web (1), worker (0)". */
struct types {
    char *names[16];
    size_t n;
};

/* Whether it may be one: Heroku gives each Ruby app a console and a rake. Other characters than
 * these are in no process type, and so in no key of ours. */
static bool may_work(const char *name)
{
    static const char *const others[] = {"web", "release", "console", "rake"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(name, others[i]) == 0)
            return false;
    size_t length = strlen(name);
    return length > 0 && length <= 64 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
               length;
}

/* One that is named worker comes first. */
static void add_type(struct types *types, char *name)
{
    size_t at = types->n++;
    types->names[at] = name;
    if (strcmp(name, "worker") == 0) {
        types->names[at] = types->names[0];
        types->names[0] = name;
    }
}

static struct types types_of(const char *listed)
{
    struct types types = {0};
    while (listed[0] != '\0' && types.n < sizeof types.names / sizeof types.names[0]) {
        char *name = memory_copy_n(listed, strcspn(listed, " ,"));
        if (may_work(name))
            add_type(&types, name);
        else
            free(name);
        listed += strcspn(listed, ",");
        listed += strspn(listed, ", ");
    }
    return types;
}

static void add_pools(const char *listed, struct text *out)
{
    struct types types = types_of(listed);
    add_comment(" ", "A pool of workers for each process type that is scaled.", out);
    text_add_format(
        out,
        "pools:\n"
        "  %s:\n"
        "    # process: worker            # the process type, if the pool's name is not\n"
        "    # queues: [default, mailers] # those that these workers serve; else all\n"
        "    # max: 10                    # the most dynos\n"
        "    min: 0\n"
        "    rules:\n"
        "      - { at_least: 1, dynos: 1 }  # waiting jobs; below every rule: min\n"
        "      - { at_least: 10, dynos: 5 }\n"
        "      # - { latency: 30s, dynos: 8 } # age of the oldest waiting job\n",
        types.n > 0 ? types.names[0] : "worker");
    if (types.n > 1)
        add_comment(
            " ", "  Those that work off jobs too, each with its queues and rules as above:", out);
    for (size_t i = 1; i < types.n; i++)
        text_add_format(out, "#  %s:\n", types.names[i]);
    for (size_t i = 0; i < types.n; i++)
        free(types.names[i]);
}

void draft_write(const struct survey *survey, const struct draft_app *app, struct text *out)
{
    text_add(out, "# Written by dynomatic init; dynomatic.yml(5) has every key. Then:\n"
                  "#   dynomatic check --connect    tries the store and the platform\n"
                  "#   dynomatic once --dry-run     tells what it would do\n"
                  "#   dynomatic run\n\n");
    add_store(survey, out);
    text_add(out, "\n");
    add_platform(app, out);
    text_add(out, "\n");
    add_pools(text_chars(&app->types), out);
}
