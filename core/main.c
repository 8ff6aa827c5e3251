/* SPDX-License-Identifier: MIT
 * The command line. */
#include <config.h>

#include "core/command.h"
#include "core/isolate.h"
#include "core/text.h"

#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Options that only some commands take. */
enum {
    TAKES_DRY_RUN = 1,
    TAKES_JSON = 2,
    TAKES_CONNECT = 4,
    TAKES_ALL = 8,
    TAKES_OUTPUT = 16,
    TAKES_FOR = 32,
    TAKES_WHY = 64,
    TAKES_SIZE = 128,
    TAKES_PRICES = 256,
    TAKES_AT = 512,
    TAKES_NOT = 1024,
    TAKES_JOURNAL = 2048,
    TAKES_POOL = 4096,
    TAKES_SINCE = 8192,
    TAKES_UNTIL = 16384,
    TAKES_PLOT = 32768,
    TAKES_BOOT = 65536,
    TAKES_BOUND = 131072,
    TAKES_CLOSED_LOOP = 262144,
    TAKES_SHADOW = 524288,
    TAKES_ARGUMENT = 1048576,
    TAKES_SECOND = 2097152,
    TAKES_MORE = 4194304
};

enum {
    TAKES_REPLAY = TAKES_POOL | TAKES_SINCE | TAKES_UNTIL | TAKES_PLOT | TAKES_BOOT | TAKES_BOUND |
                   TAKES_CLOSED_LOOP | TAKES_SIZE | TAKES_PRICES
};

static const char *const options_of_some[] = {
    "--dry-run", "--json",   "--connect", "--all",   "--output",      "--for",   "--why",
    "--size",    "--prices", "--at",      "--not",   "--journal",     "--pool",  "--since",
    "--until",   "--plot",   "--boot",    "--bound", "--closed-loop", "--shadow"};

static const struct command {
    const char *name;
    int (*run)(const struct command_line *line); /* NULL: a program of its own */
    unsigned takes;
    const char *help;
} commands[] = {
    {"run", command_run, TAKES_DRY_RUN, "watch the queues and set the sizes, until told to end"},
    {"once", command_once, TAKES_DRY_RUN, "one cycle: measure, decide, apply; for cron"},
    {"check", command_check, TAKES_CONNECT, "check the configuration, plugins' options included"},
    {"count", command_count, TAKES_JSON | TAKES_ALL, "show what waits now"},
    {"explain", command_explain, TAKES_JSON | TAKES_SIZE | TAKES_PRICES,
     "tell what the configuration promises, without connecting"},
    {"detect", command_detect, TAKES_JSON, "show which job stores the environment names"},
    {"init", command_init, TAKES_OUTPUT, "write a configuration from what is found"},
    {"hold", command_hold, TAKES_ARGUMENT | TAKES_SECOND | TAKES_FOR | TAKES_WHY | TAKES_JSON,
     "hold a pool at a size by hand; alone: list what is held or paused"},
    {"release", command_release, TAKES_ARGUMENT, "let a pool's rules decide again"},
    {"pause", command_pause, TAKES_ARGUMENT | TAKES_FOR | TAKES_WHY,
     "apply no size to a pool, or to any"},
    {"resume", command_resume, TAKES_ARGUMENT, "end the pause of a pool, or of all"},
    {"why", command_why,
     TAKES_ARGUMENT | TAKES_AT | TAKES_NOT | TAKES_JOURNAL | TAKES_JSON | TAKES_SHADOW,
     "tell why a pool has its size, out of the journal"},
    {"replay", command_replay, TAKES_ARGUMENT | TAKES_JSON | TAKES_REPLAY,
     "make a journal's decisions again, or try another file on it"},
    {"sql", command_sql, TAKES_ARGUMENT | TAKES_MORE,
     "print SQL for the database: notify, indexes [POOL...]"},
    {"plugins", command_plugins, TAKES_ARGUMENT, "list the plugins, or the options of one"},
    {"new-plugin", NULL, 0, "begin a plugin of your own: a small project that works"},
    {"check-plugin", NULL, 0, "try whether a plugin keeps the contract"},
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static int print_help(void)
{
    struct text text = {0};
    text_add(&text,
             "dynomatic watches how much work waits in job queues and sets how many dynos run.\n\n"
             "Usage: dynomatic [-c FILE] COMMAND\n\n"
             "Commands:\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        text_add_format(&text, "  %-12s %s\n", commands[i].name, commands[i].help);
    text_add(&text,
             "\nOptions:\n"
             "  -c, --config FILE  the configuration (else $DYNOMATIC_CONFIG, ./dynomatic.yml,\n"
             "                     /etc/dynomatic/dynomatic.yml)\n"
             "      --dry-run      run, once: decide and tell, apply nothing\n"
             "      --connect      check: try each instance too\n"
             "      --json         count, detect, explain, hold, replay, why: for programs\n"
             "      --all          count: also what runs, is due later, or was given up\n"
             "  -o, --output FILE  init: the file to write (else dynomatic.yml; - prints it)\n"
             "      --for TIME     hold, pause: end after 30m, 2h ...\n"
             "      --why TEXT     hold, pause: the reason, for others\n"
             "      --size SIZE    explain, replay: a dyno (else Standard-1X), for costs\n"
             "      --prices FILE  explain, replay: another table of prices\n"
             "      --at TIME      why: then, not now: 10:30, 2026-11-24T10:30Z, \"5m ago\"\n"
             "      --not SIZE     why: what stopped this size\n"
             "      --journal FILE why: this journal, not the configuration's\n"
             "      --shadow       why: the shadow's decision, and where it differs\n"
             "      --pool NAME    replay: this pool only\n"
             "      --since TIME, --until TIME\n"
             "                     replay: from 2026-11-24T15:00Z, or 7d ago, on, until then\n"
             "      --closed-loop  replay: simulate the queue, rather than take it as recorded\n"
             "      --boot TIME    replay: from the order of a dyno to its first job\n"
             "      --bound TIME   replay: a job that waits longer counts as late (1m)\n"
             "      --plot FILE    replay: draw it, as an SVG\n"
             "  -v, --verbose      tell more\n"
             "  -V, --version      print the version\n"
             "  -h, --help         print this\n\n"
             "Exit status: 0 done, 1 failed, 2 usage or configuration.\n"
             "The manual: dynomatic(1), dynomatic.yml(5).\n");
    int status = command_print(&text);
    text_fini(&text);
    return status;
}

static int print_version(void)
{
    struct text text = {0};
    text_add(&text, "dynomatic " PACKAGE_VERSION "\n");
    int status = command_print(&text);
    text_fini(&text);
    return status;
}

static int usage(const char *what, const char *word)
{
    fprintf(stderr, "dynomatic: %s%s; dynomatic --help tells what there is\n", what, word);
    return EXIT_USAGE;
}

static int not_an_option(const char *option, const char *command)
{
    fprintf(stderr, "dynomatic: %s is not an option of %s; dynomatic --help tells what there is\n",
            option, command);
    return EXIT_USAGE;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[N_COMMANDS];
    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i].name;
    const char *nearest = text_nearest(name, names, N_COMMANDS);
    fprintf(stderr, "dynomatic: there is no command \"%s\"", name);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean \"%s\"?", nearest);
    fputs("\ndynomatic --help tells what there is\n", stderr);
    return EXIT_USAGE;
}

static const char *nearest_option(const char *word, const struct option *options)
{
    const char *names[64];
    size_t n = 0;
    while (options[n].name != NULL && n < sizeof names / sizeof names[0]) {
        names[n] = options[n].name;
        n++;
    }
    return text_nearest(word, names, n);
}

static int unknown_option(const char *word, const struct option *options)
{
    const char *nearest = nearest_option(word, options);
    fprintf(stderr, "dynomatic: there is no option --%s", word);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean \"--%s\"?", nearest);
    fputs("\ndynomatic --help tells what there is\n", stderr);
    return EXIT_USAGE;
}

/* Of what getopt_long() does not take. `kind` is ':' where a value lacks; `letter` is that of the
 * option, 0 if it is a long one that there is not; `word` is the last one that was looked at. */
static int refuse_option(int kind, int letter, char *word, const struct option *options)
{
    char name[] = {'-', (char)letter, '\0'};
    bool is_long = strncmp(word, "--", 2) == 0;
    word[is_long ? strcspn(word, "=") : strlen(word)] = '\0';
    if (letter == 0)
        return unknown_option(word + 2, options);
    if (kind == ':')
        return usage(is_long ? word : name, " takes a value behind it");
    if (is_long)
        return usage(word, " takes no value");
    if (letter >= '0' && letter <= '9')
        return usage("a number cannot be negative: ", name);
    return usage("there is no option ", name);
}

/* Runs the command that the words left over after the options name. */
static int run_command(struct command_line *line, unsigned given, int n_words, char **words)
{
    if (n_words == 0)
        return usage("no command is given", "");
    if (strcmp(words[0], "help") == 0)
        return print_help();
    const struct command *command = find_command(words[0]);
    if (command == NULL)
        return unknown_command(words[0]);
    if (command->run == NULL)
        return usage(command->name, " takes its options behind it, and none before");
    for (unsigned i = 0; i < sizeof options_of_some / sizeof options_of_some[0]; i++)
        if ((given & ~command->takes & 1U << i) != 0)
            return not_an_option(options_of_some[i], command->name);
    int most = 1 + ((command->takes & TAKES_ARGUMENT) != 0);
    most += (command->takes & TAKES_SECOND) != 0;
    if (n_words > most && (command->takes & TAKES_MORE) == 0)
        return usage("too many words after ", command->name);
    line->argument = n_words > 1 ? words[1] : NULL;
    line->second = n_words > 2 ? words[2] : NULL;
    line->words = words + 1;
    line->n_words = n_words - 1;
    return command->run(line);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"dry-run", no_argument, NULL, 'd'},
        {"json", no_argument, NULL, 'j'},
        {"connect", no_argument, NULL, 'C'},
        {"all", no_argument, NULL, 'a'},
        {"output", required_argument, NULL, 'o'},
        {"for", required_argument, NULL, 'f'},
        {"why", required_argument, NULL, 'w'},
        {"size", required_argument, NULL, 's'},
        {"prices", required_argument, NULL, 'p'},
        {"at", required_argument, NULL, 't'},
        {"not", required_argument, NULL, 'n'},
        {"journal", required_argument, NULL, 'J'},
        {"pool", required_argument, NULL, 'N'},
        {"since", required_argument, NULL, 'S'},
        {"until", required_argument, NULL, 'U'},
        {"plot", required_argument, NULL, 'P'},
        {"boot", required_argument, NULL, 'b'},
        {"bound", required_argument, NULL, 'B'},
        {"closed-loop", no_argument, NULL, 'l'},
        {"shadow", no_argument, NULL, 'D'},
        {"verbose", no_argument, NULL, 'v'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct command_line line = {0};
    unsigned given = 0;
    int option;
    const struct command *first = argc > 1 ? find_command(argv[1]) : NULL;
    if (first != NULL && first->run == NULL)
        return command_program(argv + 1);
    signal(SIGPIPE, SIG_IGN); /* a broken connection is an error of its call, not the end */
    signal(SIGXFSZ, SIG_IGN); /* and so is a file that may not grow */
    signal(SIGCHLD, SIG_DFL); /* ignored, it would hide how an isolated plugin ended */
    if (argc == 3 && strcmp(argv[1], ISOLATE_COMMAND) == 0)
        return isolate_serve(argv[2]); /* not for people */
    while ((option = getopt_long(argc, argv, ":c:o:vVh", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            line.config = optarg;
            break;
        case 'd':
            line.is_dry_run = true;
            given |= TAKES_DRY_RUN;
            break;
        case 'j':
            line.wants_json = true;
            given |= TAKES_JSON;
            break;
        case 'C':
            line.wants_connect = true;
            given |= TAKES_CONNECT;
            break;
        case 'a':
            line.wants_all = true;
            given |= TAKES_ALL;
            break;
        case 'o':
            line.output = optarg;
            given |= TAKES_OUTPUT;
            break;
        case 'f':
            line.duration = optarg;
            given |= TAKES_FOR;
            break;
        case 'w':
            line.why = optarg;
            given |= TAKES_WHY;
            break;
        case 's':
            line.size = optarg;
            given |= TAKES_SIZE;
            break;
        case 'p':
            line.prices = optarg;
            given |= TAKES_PRICES;
            break;
        case 't':
            line.at = optarg;
            given |= TAKES_AT;
            break;
        case 'n':
            line.not_size = optarg;
            given |= TAKES_NOT;
            break;
        case 'J':
            line.journal = optarg;
            given |= TAKES_JOURNAL;
            break;
        case 'N':
            line.pool = optarg;
            given |= TAKES_POOL;
            break;
        case 'S':
            line.since = optarg;
            given |= TAKES_SINCE;
            break;
        case 'U':
            line.until = optarg;
            given |= TAKES_UNTIL;
            break;
        case 'P':
            line.plot = optarg;
            given |= TAKES_PLOT;
            break;
        case 'b':
            line.boot = optarg;
            given |= TAKES_BOOT;
            break;
        case 'B':
            line.bound = optarg;
            given |= TAKES_BOUND;
            break;
        case 'l':
            line.wants_closed_loop = true;
            given |= TAKES_CLOSED_LOOP;
            break;
        case 'D':
            line.wants_shadow = true;
            given |= TAKES_SHADOW;
            break;
        case 'v':
            line.is_verbose = true;
            break;
        case 'V':
            return print_version();
        case 'h':
            return print_help();
        default:
            return refuse_option(option, optopt, argv[optind - 1], options);
        }
    }
    return run_command(&line, given, argc - optind, argv + optind);
}
