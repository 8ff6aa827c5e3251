/* SPDX-License-Identifier: MIT
 * dynomatic check-plugin: the command line, and the report. */
#include <config.h>

#include "core/command.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/plugin_file.h"
#include "kit/check.h"
#include "kit/states.h"
#include "kit/trial.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is to be done. */
struct job {
    struct subject subject;
    bool *is_selected; /* by check; NULL: all */
    bool *is_left_out; /* by check; NULL: none */
    bool is_answered;  /* a question was asked, not a plugin to be checked */
    struct states *states;
};

/* ---- The command line ---- */

static int print_help(void)
{
    struct text text = {0};
    text_add(&text,
             "dynomatic check-plugin tries whether a plugin keeps the contract.\n\n"
             "Usage: dynomatic check-plugin [OPTION...] FILE\n\n"
             "  -o, --option KEY=VALUE  an option of the plugin, as in the configuration\n"
             "  -u, --url URL           the same as --option url=URL\n"
             "      --expect FILE       queue adapters: states of the store, and what to measure\n"
             "  -n, --name NAME         scalers: a pool whose size may be set, and is put back\n"
             "      --keep HOST         scalers: the host name of a worker of it (NAME.1)\n"
             "      --only CHECK,...    only these checks\n"
             "      --skip CHECK,...    not these checks\n"
             "      --limit DURATION    how long a check may take (10s)\n"
             "  -l, --list              print the checks\n"
             "  -h, --help              print this\n\n"
             "FILE is a path, or the name of a plugin in the plugin folders. The report is TAP.\n"
             "Exit status: 0 all checks passed or were skipped, 1 one failed, 2 usage.\n"
             "The manual: dynomatic-plugin(3).\n");
    int status = command_print(&text);
    text_fini(&text);
    return status;
}

static int print_list(void)
{
    struct text text = {0};
    for (size_t i = 0; i < n_checks; i++)
        text_add_format(&text, "%-16s  %s.\n", checks[i].name, checks[i].holds);
    int status = command_print(&text);
    text_fini(&text);
    return status;
}

static int usage(const char *before, const char *word, const char *after)
{
    fprintf(stderr,
            "dynomatic check-plugin: %s%s%s; dynomatic check-plugin --help tells what there is\n",
            before, word, after);
    return EXIT_USAGE;
}

static int add_option(struct subject *subject, const char *argument)
{
    const char *equals = strchr(argument, '=');
    if (equals == NULL || equals == argument)
        return usage("--option ", argument, " is not KEY=VALUE");
    char *key = memory_copy_n(argument, (size_t)(equals - argument));
    subject_add_option(subject, key, equals + 1);
    free(key);
    return EXIT_DONE;
}

static int refuse_check(const char *name)
{
    const char **names = memory_new(n_checks, sizeof *names);
    for (size_t i = 0; i < n_checks; i++)
        names[i] = checks[i].name;
    const char *nearest = text_nearest(name, names, n_checks);
    free(names);
    fprintf(stderr, "dynomatic check-plugin: there is no check \"%s\"%s%s%s\n", name,
            nearest != NULL ? "; did you mean \"" : "", nearest != NULL ? nearest : "",
            nearest != NULL ? "\"?" : "; --list prints them");
    return EXIT_USAGE;
}

/* Marks the checks that are named in a flag for each, which is made when it is first needed. */
static int mark_checks(bool **marks, const char *argument)
{
    char *names = memory_copy(argument);
    char *rest = names;
    int status = EXIT_DONE;
    if (*marks == NULL)
        *marks = memory_new(n_checks, sizeof **marks);
    for (char *name; status == EXIT_DONE && (name = strsep(&rest, ",")) != NULL;) {
        size_t i = 0;
        while (i < n_checks && strcmp(checks[i].name, name) != 0)
            i++;
        if (i < n_checks)
            (*marks)[i] = true;
        else
            status = refuse_check(name);
    }
    free(names);
    return status;
}

static int set_limit(struct job *job, const char *argument)
{
    if (option_parse_duration(argument, &job->subject.limit_ms, NULL) == 0 &&
        job->subject.limit_ms >= 1000 && job->subject.limit_ms <= 600000)
        return EXIT_DONE;
    return usage("--limit ", argument, " is not a duration from 1s to 10m");
}

static void add_name(struct subject *subject, const char *name)
{
    subject->names = memory_resize(subject->names, subject->n_names + 1, sizeof *subject->names);
    subject->names[subject->n_names++] = name;
}

/* What one option says; EXIT_DONE if it can be. */
static int take(struct job *job, int option, const char *argument)
{
    switch (option) {
    case 'o':
        return add_option(&job->subject, argument);
    case 'u':
        subject_add_text(&job->subject, "url", argument);
        return EXIT_DONE;
    case 'e':
        job->subject.expect = argument;
        return EXIT_DONE;
    case 'n':
        add_name(&job->subject, argument);
        return EXIT_DONE;
    case 'k':
        job->subject.keep = argument;
        return EXIT_DONE;
    case 'c':
        return mark_checks(&job->is_selected, argument);
    case 's':
        return mark_checks(&job->is_left_out, argument);
    case 'm':
        return set_limit(job, argument);
    case 'l':
        job->is_answered = true;
        return print_list();
    case 'h':
        job->is_answered = true;
        return print_help();
    default:
        fputs("dynomatic check-plugin --help tells what there is\n", stderr);
        return EXIT_USAGE;
    }
}

static int find_subject(struct job *job, int n_words, char **words)
{
    struct error error = {""};
    struct text mistakes = {0};
    if (n_words == 0)
        return usage("no plugin is named", "", "");
    if (n_words > 1)
        return usage("", words[1], " is one word too many");
    job->subject.path = plugin_file_find(words[0], &error);
    if (job->subject.path == NULL) {
        fprintf(stderr, "dynomatic check-plugin: %s\n", error.text);
        return EXIT_USAGE;
    }
    if (job->subject.expect == NULL)
        return EXIT_DONE;
    job->states = states_read(job->subject.expect, &mistakes);
    fputs(text_chars(&mistakes), stderr);
    text_fini(&mistakes);
    return job->states != NULL ? EXIT_DONE : EXIT_USAGE;
}

/* ---- The report ---- */

struct report {
    size_t passed;
    size_t failed;
    size_t skipped;
};

static void print_remarks(const char *text)
{
    char *copy = memory_copy(text);
    char *rest = copy;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (line[0] != '\0')
            printf("# %s\n", line);
    free(copy);
}

static void tell(struct report *report, const char *name, const char *holds,
                 const struct verdict *verdict)
{
    size_t n = report->passed + report->failed + report->skipped + 1;
    bool is_failed = verdict->kind == VERDICT_FAILED;
    printf("%s %zu - %s%s%s", is_failed ? "not ok" : "ok", n, name, holds[0] != '\0' ? ": " : "",
           holds);
    if (verdict->kind == VERDICT_SKIPPED)
        printf(" # SKIP %.*s\n", (int)strcspn(verdict->text, "\r\n"), verdict->text);
    else
        putchar('\n');
    if (verdict->kind != VERDICT_SKIPPED)
        print_remarks(verdict->text);
    if (is_failed && verdict->printed[0] != '\0') {
        puts("# It printed:");
        print_remarks(verdict->printed);
    }
    report->passed += verdict->kind == VERDICT_PASSED;
    report->failed += is_failed;
    report->skipped += verdict->kind == VERDICT_SKIPPED;
}

static void run_plain(const struct subject *subject, const void *argument)
{
    ((const struct check *)argument)->run(subject);
}

static struct verdict run_check(const struct job *job, size_t i, unsigned plays)
{
    static const struct verdict not_loaded = {.kind = VERDICT_SKIPPED,
                                              .text = "it cannot be loaded"};
    static const struct verdict left_out = {.kind = VERDICT_SKIPPED, .text = "as --skip says"};
    if (job->is_left_out != NULL && job->is_left_out[i])
        return left_out;
    if ((checks[i].needs & ~plays & PLAYS_LOADED) != 0)
        return not_loaded;
    return trial_run(run_plain, &job->subject, &checks[i], job->subject.limit_ms);
}

/* A check for another kind of plugin says nothing of this one, and is left out. */
static bool is_wanted(const struct job *job, size_t i, unsigned plays)
{
    unsigned kinds = (unsigned)PLAYS_QUEUE | (unsigned)PLAYS_SCALER | (unsigned)PLAYS_WATCH;
    bool is_of_kind = (plays & PLAYS_LOADED) == 0 || (checks[i].needs & kinds & ~plays) == 0;
    return is_of_kind && (job->is_selected == NULL || job->is_selected[i]);
}

static size_t count_wanted(const struct job *job, unsigned plays)
{
    size_t n = states_count(job->states);
    for (size_t i = 0; i < n_checks; i++)
        n += is_wanted(job, i, plays);
    return n;
}

static int run(const struct job *job)
{
    static const struct check plays = {.run = check_plays};
    struct verdict first = trial_run(run_plain, &job->subject, &plays, job->subject.limit_ms);
    if (first.plays != 0 && first.kind == VERDICT_FAILED) {
        fputs(first.text, stderr);
        return EXIT_USAGE;
    }
    struct report report = {0};
    printf("1..%zu\n", count_wanted(job, first.plays));
    for (size_t i = 0; i < n_checks; i++)
        if (is_wanted(job, i, first.plays)) {
            struct verdict verdict = run_check(job, i, first.plays);
            tell(&report, checks[i].name, checks[i].holds, &verdict);
        }
    for (size_t i = 0; i < states_count(job->states); i++) {
        struct verdict verdict = trial_run(states_check, &job->subject, states_get(job->states, i),
                                           job->subject.limit_ms);
        tell(&report, states_name(job->states, i), "", &verdict);
    }
    printf("# %s: %zu passed, %zu failed, %zu skipped\n", job->subject.path, report.passed,
           report.failed, report.skipped);
    return fflush(stdout) == 0 && report.failed == 0 ? EXIT_DONE : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"option", required_argument, NULL, 'o'},
        {"url", required_argument, NULL, 'u'},
        {"expect", required_argument, NULL, 'e'},
        {"name", required_argument, NULL, 'n'},
        {"keep", required_argument, NULL, 'k'},
        {"only", required_argument, NULL, 'c'},
        {"skip", required_argument, NULL, 's'},
        {"limit", required_argument, NULL, 'm'},
        {"list", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct job job = {.subject = {.limit_ms = 10000}};
    int status = EXIT_DONE;
    int option;
    signal(SIGPIPE, SIG_IGN); /* as the host has it */
    while (status == EXIT_DONE && !job.is_answered &&
           (option = getopt_long(argc, argv, "o:u:n:lh", options, NULL)) != -1)
        status = take(&job, option, optarg);
    if (status == EXIT_DONE && !job.is_answered)
        status = find_subject(&job, argc - optind, argv + optind);
    if (status == EXIT_DONE && !job.is_answered)
        status = run(&job);
    states_free(job.states);
    subject_fini(&job.subject);
    free(job.is_selected);
    free(job.is_left_out);
    return status;
}
