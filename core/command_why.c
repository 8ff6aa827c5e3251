/* SPDX-License-Identifier: MIT
 * dynomatic why: the last decision of each pool (or shadow), or the one in force at some time, out
 * of the journal. */
#include "core/command.h"

#include "core/clock.h"
#include "core/journal_file.h"
#include "core/journal_read.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/moment.h"
#include "core/option.h"
#include "core/why.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is asked. */
struct question {
    const char *pool;  /* NULL: of all */
    int64_t at_ms;     /* UTC */
    int32_t not_size;  /* -1: none */
    bool wants_shadow; /* of shadows, instead of pools */
    bool wants_json;
};

static int complain(const char *text)
{
    fprintf(stderr, "dynomatic: %s\n", text);
    return EXIT_USAGE;
}

/* ---- The files ---- */

/* The length of a line without its line break. */
static size_t length_of(const char *line, ssize_t length)
{
    return (size_t)length - (length > 0 && line[length - 1] == '\n');
}

/* Returns false once a line is too late. */
static bool take_file(struct why_list *list, FILE *file, int64_t until_ms)
{
    struct journal_decision decision;
    char *line = NULL;
    size_t room = 0;
    bool goes_on = true;
    ssize_t length;
    while (goes_on && (length = getline(&line, &room, file)) > 0) {
        journal_read(line, length_of(line, length), &decision);
        goes_on = why_take(list, &decision, until_ms);
    }
    free(line);
    return goes_on;
}

/* When a file began, INT64_MAX: it is not there, or has no line. */
static int64_t first_time(const char *path)
{
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "re");
    ssize_t length = file != NULL ? getline(&line, &room, file) : 0;
    struct journal_decision first = {.utc_ms = -1};
    if (length > 0)
        journal_read(line, length_of(line, length), &first);
    free(line);
    if (file != NULL)
        fclose(file);
    return first.utc_ms >= 0 ? first.utc_ms : INT64_MAX;
}

/* 0 is the file itself, 1 the one before, and so on. */
static char *path_of(const char *path, int64_t number)
{
    return number == 0 ? memory_copy(path) : journal_file_before(path, number);
}

/* The latest file that begins before at_ms; the oldest that is there, if none does. */
static int64_t file_at(const char *path, int64_t at_ms)
{
    int64_t number = 0;
    for (;;) {
        char *this = path_of(path, number);
        char *before = path_of(path, number + 1);
        bool is_it = first_time(this) <= at_ms || access(before, R_OK) != 0;
        free(this);
        free(before);
        if (is_it)
            return number;
        number++;
    }
}

/* The files from number `first` on down to the latest. */
static void read_files(struct why_list *list, const char *path, int64_t first, int64_t at_ms)
{
    bool goes_on = true;
    for (int64_t number = first; number >= 0 && goes_on; number--) {
        char *this = path_of(path, number);
        FILE *file = fopen(this, "re");
        if (file != NULL) {
            goes_on = take_file(list, file, at_ms);
            fclose(file);
        }
        free(this);
    }
}

static bool is_asked(const struct question *question, const struct why *why)
{
    return why_is_shadow(why) == question->wants_shadow &&
           (question->pool == NULL || strcmp(why->decision.pool, question->pool) == 0);
}

static bool is_known(const struct why *why)
{
    if (why_is_shadow(why))
        return !why->is_from_first && why->apart.since_ms != why->apart.first_ms;
    return !why->is_from_first && why->applied.utc_ms != 0;
}

/* How many answers there are. */
static size_t n_asked(const struct why_list *list, const struct question *question)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        n += is_asked(question, list->pools[i]);
    return n;
}

/* Whether all is known that is asked, so that nothing older is to be read. */
static bool is_whole(const struct why_list *list, const struct question *question)
{
    for (size_t i = 0; i < list->n; i++)
        if (is_asked(question, list->pools[i]) && !is_known(list->pools[i]))
            return false;
    return n_asked(list, question) > 0;
}

static bool is_there(const char *path, int64_t number)
{
    char *this = path_of(path, number);
    bool is_there = access(this, R_OK) == 0;
    free(this);
    return is_there;
}

/* As few of the files as tell all: the file of that time, then also 1, 3, 7 ... before it. */
static int read_journal(struct why_list *list, const char *path, const struct question *question)
{
    int64_t last = file_at(path, question->at_ms);
    if (access(path, R_OK) != 0 && last == 0) {
        fprintf(stderr, "dynomatic: cannot read the journal %s: %s\n", path, strerror(errno));
        return EXIT_FAILED;
    }
    for (int64_t before = 0;; before = 2 * before + 1) {
        read_files(list, path, last + before, question->at_ms);
        if (is_whole(list, question) || !is_there(path, last + before + 1))
            return EXIT_DONE;
        why_list_fini(list);
    }
}

/* ---- The policy ---- */

static bool is_hash_of(const struct policy *policy, const char *hash)
{
    char own[17];
    journal_hash(policy, own);
    return strcmp(own, hash) == 0;
}

/* The one of a pool or a shadow that decided, if the file still has it, else its own. */
static const struct policy *policy_in(const struct pool_spec *spec, const char *hash)
{
    for (size_t i = 0; i < spec->schedule.n; i++)
        if (is_hash_of(&spec->scheduled[i], hash))
            return &spec->scheduled[i];
    return &spec->policy;
}

/* NULL: there is no such pool, or no shadow of it. */
static const struct policy *policy_of(const struct settings *settings, const struct why *why)
{
    for (size_t i = 0; settings != NULL && i < settings->n_pools; i++) {
        const struct pool_spec *pool = &settings->pools[i];
        const struct pool_spec *spec = why_is_shadow(why) ? pool->shadow : pool;
        if (strcmp(pool->name, why->decision.pool) == 0 && spec != NULL)
            return policy_in(spec, why->decision.policy);
    }
    return NULL;
}

/* ---- Answers ---- */

static void add_for_people(const struct why *why, const struct question *question,
                           const struct settings *settings, struct text *out)
{
    if (out->length > 0)
        text_add(out, "\n");
    why_add(why, clock_utc_ms(), out);
    if (question->not_size >= 0)
        why_add_not(why, question->not_size, policy_of(settings, why), out);
}

static cJSON *json_of(const struct why *why, const struct question *question,
                      const struct settings *settings)
{
    cJSON *object = why_json(why);
    struct text lines = {0};
    if (question->not_size < 0)
        return object;
    why_add_not(why, question->not_size, policy_of(settings, why), &lines);
    cJSON *not = cJSON_AddArrayToObject(object, "not");
    char *rest = NULL;
    char *chars = text_take(&lines);
    for (char *line = strtok_r(chars, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        line += strspn(line, " ");
        if (strncmp(line, "not ", 4) == 0)
            line += 4 + strcspn(line + 4, " ");
        cJSON_AddItemToArray(not, cJSON_CreateString(line + strspn(line, " ")));
    }
    free(chars);
    return object;
}

static int answer(const struct why_list *list, const struct question *question,
                  const struct settings *settings)
{
    struct text out = {0};
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < list->n; i++) {
        const struct why *why = list->pools[i];
        if (!is_asked(question, why))
            continue;
        add_for_people(why, question, settings, &out);
        cJSON_AddItemToArray(array, json_of(why, question, settings));
    }
    if (question->wants_json) {
        char *chars = cJSON_Print(array);
        text_clear(&out);
        text_add_format(&out, "%s\n", chars);
        cJSON_free(chars);
    }
    cJSON_Delete(array);
    int status = command_print(&out);
    text_fini(&out);
    return status;
}

static int nothing_known(const struct why_list *list, const struct question *question)
{
    struct question all = {.wants_shadow = question->wants_shadow};
    const char *what = question->wants_shadow ? "shadow" : "pool";
    const char *before = "; it has";
    fprintf(stderr, "dynomatic: the journal has no decision of a %s", what);
    if (question->pool != NULL)
        fprintf(stderr, " \"%s\"", question->pool);
    fputs(" at that time", stderr);
    for (size_t i = 0; i < list->n; i++)
        if (is_asked(&all, list->pools[i])) {
            fprintf(stderr, "%s %s", before, list->pools[i]->decision.pool);
            before = ",";
        }
    fputs("\n", stderr);
    return EXIT_FAILED;
}

static int explain(const char *path, const struct question *question,
                   const struct settings *settings)
{
    struct why_list list = {0};
    int status = read_journal(&list, path, question);
    if (status == EXIT_DONE)
        status = n_asked(&list, question) > 0 ? answer(&list, question, settings)
                                              : nothing_known(&list, question);
    why_list_fini(&list);
    return status;
}

/* ---- The command ---- */

static int read_question(const struct command_line *line, struct question *question)
{
    struct error error = {""};
    int64_t now_ms = clock_utc_ms();
    *question = (struct question){.pool = line->argument,
                                  .at_ms = INT64_MAX,
                                  .not_size = -1,
                                  .wants_shadow = line->wants_shadow,
                                  .wants_json = line->wants_json};
    if (line->at != NULL && moment_parse(line->at, now_ms, &question->at_ms, &error) != 0)
        return complain(error.text);
    if (line->not_size == NULL)
        return EXIT_DONE;
    char *end;
    errno = 0;
    long size = strtol(line->not_size, &end, 10);
    if (errno != 0 || end == line->not_size || *end != '\0' || size < 0 || size > INT32_MAX)
        return complain("--not takes a number of dynos");
    question->not_size = (int32_t)size;
    return EXIT_DONE;
}

static int no_journal(const struct settings *settings)
{
    fprintf(stderr,
            "dynomatic: %s keeps no journal, so nobody knows why; with the line\n\n"
            "    journal: /var/lib/dynomatic/journal.jsonl\n\n"
            "it keeps one from the next start on\n",
            settings->path);
    return EXIT_FAILED;
}

int command_why(const struct command_line *line)
{
    struct question question;
    log_init(line->is_verbose ? LOG_DEBUG : LOG_WARN);
    if (read_question(line, &question) != EXIT_DONE)
        return EXIT_USAGE;
    bool needs_file = line->journal == NULL || line->config != NULL;
    struct settings *settings = needs_file ? command_settings(line) : NULL;
    if (needs_file && settings == NULL)
        return EXIT_USAGE;
    const char *path = line->journal != NULL ? line->journal : settings->journal.path;
    int status = path != NULL ? explain(path, &question, settings) : no_journal(settings);
    settings_free(settings);
    return status;
}
