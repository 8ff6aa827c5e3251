/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/arguments.h"

#include "core/memory.h"
#include "core/text.h"
#include "tests/fake-heroku/when.h"

#include <stdlib.h>
#include <string.h>

static void add_word(struct words *words, const char *word)
{
    words->at = memory_resize(words->at, words->n + 1, sizeof *words->at);
    words->at[words->n++] = word;
}

static struct app_arguments *last_app(struct arguments *arguments)
{
    return &arguments->apps[arguments->n_apps - 1];
}

static void add_app(struct arguments *arguments)
{
    arguments->apps =
        memory_resize(arguments->apps, arguments->n_apps + 1, sizeof *arguments->apps);
    arguments->apps[arguments->n_apps++] = (struct app_arguments){0};
}

static int add_token(struct arguments *arguments, const char *text, enum token_kind kind,
                     struct error *error)
{
    if (*text == '\0')
        return error_set(error, "a token cannot be empty");
    arguments->tokens =
        memory_resize(arguments->tokens, arguments->n_tokens + 1, sizeof *arguments->tokens);
    arguments->tokens[arguments->n_tokens++] = (struct token_argument){text, kind};
    return 0;
}

static int read_duration(const char *value, int64_t *ms, struct error *error)
{
    if (when_parse(value, ms) == 0)
        return 0;
    return error_set(error, "\"%s\" is no duration; write 500ms, 10s, 5m or 1h", value);
}

static int read_number(const char *value, long least, long most, int *number, struct error *error)
{
    char *end;
    long parsed = strtol(value, &end, 10);
    if (*value == '\0' || *end != '\0' || parsed < least || parsed > most)
        return error_set(error, "\"%s\" is no number from %ld to %ld", value, least, most);
    *number = (int)parsed;
    return 0;
}

/* ---- One function an option ---- */

#define TAKES struct arguments *arguments, const char *value, struct error *error

static int set_host(TAKES)
{
    (void)error;
    arguments->host = value;
    return 0;
}

static int set_port(TAKES)
{
    return read_number(value, 0, 65535, &arguments->port, error);
}

static int set_port_file(TAKES)
{
    (void)error;
    arguments->port_file = value;
    return 0;
}

static int set_log(TAKES)
{
    (void)error;
    arguments->log = strcmp(value, "-") == 0 ? NULL : value;
    return 0;
}

static int set_dyno_log(TAKES)
{
    (void)error;
    arguments->dyno_log = strcmp(value, "-") == 0 ? NULL : value;
    return 0;
}

static int set_app(TAKES)
{
    if (*value == '\0' || strpbrk(value, "/?#% ") != NULL)
        return error_set(error, "\"%s\" is no name for an app", value);
    for (size_t i = 0; i < arguments->n_apps; i++)
        if (arguments->apps[i].name != NULL && strcmp(arguments->apps[i].name, value) == 0)
            return error_set(error, "there are two apps %s", value);
    if (last_app(arguments)->name != NULL)
        add_app(arguments);
    last_app(arguments)->name = value;
    return 0;
}

static int set_formation(TAKES)
{
    (void)error;
    add_word(&last_app(arguments)->formations, value);
    return 0;
}

static int set_procfile(TAKES)
{
    (void)error;
    last_app(arguments)->procfile = value;
    return 0;
}

static int set_env(TAKES)
{
    if (*value == '=' || strchr(value, '=') == NULL)
        return error_set(error, "\"%s\" is not of the form NAME=VALUE", value);
    add_word(&last_app(arguments)->environment, value);
    return 0;
}

static int set_tier(TAKES)
{
    (void)error;
    last_app(arguments)->tier = value;
    return 0;
}

static int set_maintenance(TAKES)
{
    (void)value;
    (void)error;
    last_app(arguments)->is_in_maintenance = true;
    return 0;
}

static int set_token(TAKES)
{
    return add_token(arguments, value, TOKEN_GLOBAL, error);
}

static int set_write_token(TAKES)
{
    return add_token(arguments, value, TOKEN_WRITE, error);
}

static int set_read_only_token(TAKES)
{
    return add_token(arguments, value, TOKEN_READ, error);
}

static int set_expired_token(TAKES)
{
    return add_token(arguments, value, TOKEN_EXPIRED, error);
}

static int set_foreign_token(TAKES)
{
    return add_token(arguments, value, TOKEN_FOREIGN, error);
}

static int set_token_expires(TAKES)
{
    return read_duration(value, &arguments->token_expires_ms, error);
}

/* N[:PER_SECOND[:LEFT]] */
static int set_rate_limit(TAKES)
{
    char *end;
    arguments->rate_size = strtod(value, &end);
    int is_whole = end != value;
    if (is_whole && *end == ':')
        arguments->rate_per_second = strtod(end + 1, &end);
    if (is_whole && *end == ':')
        arguments->rate_left = strtod(end + 1, &end);
    if (is_whole && *end == '\0' && arguments->rate_size >= 1 && arguments->rate_per_second >= 0)
        return 0;
    return error_set(error, "\"%s\" is not of the form N, N:PER_SECOND or N:PER_SECOND:LEFT",
                     value);
}

static int set_retry_after(TAKES)
{
    (void)error;
    arguments->retry_after = value;
    return 0;
}

static int set_limit(TAKES)
{
    (void)error;
    add_word(&arguments->limits, value);
    return 0;
}

static int set_page(TAKES)
{
    char *end;
    arguments->page = strtol(value, &end, 10);
    if (*end == '\0' && arguments->page > 0 && arguments->page <= 1000)
        return 0;
    return error_set(error, "a page has 1 to 1000 elements, not \"%s\"", value);
}

static int set_tls_certificate(TAKES)
{
    (void)error;
    arguments->tls_certificate = value;
    return 0;
}

static int set_tls_key(TAKES)
{
    (void)error;
    arguments->tls_key = value;
    return 0;
}

static int set_batch_reply(TAKES)
{
    arguments->replies_all_types = strcmp(value, "all") == 0;
    if (arguments->replies_all_types || strcmp(value, "updated") == 0)
        return 0;
    return error_set(error, "\"%s\" is neither all nor updated", value);
}

static int set_fault(TAKES)
{
    (void)error;
    add_word(&arguments->faults, value);
    return 0;
}

static int set_boot_delay(TAKES)
{
    return read_duration(value, &arguments->boot_ms, error);
}

static int set_grace(TAKES)
{
    return read_duration(value, &arguments->grace_ms, error);
}

static int set_stop_delay(TAKES)
{
    return read_duration(value, &arguments->stop_ms, error);
}

static int set_crash_delay(TAKES)
{
    return read_duration(value, &arguments->crash_first_ms, error);
}

static int set_crash_delay_max(TAKES)
{
    return read_duration(value, &arguments->crash_most_ms, error);
}

static int set_web_port(TAKES)
{
    return read_number(value, 1, 65535, &arguments->web_port, error);
}

static int set_help(TAKES)
{
    (void)value;
    (void)error;
    arguments->wants_help = true;
    return 0;
}

static int set_version(TAKES)
{
    (void)value;
    (void)error;
    arguments->wants_version = true;
    return 0;
}

static const struct option_row {
    const char *name;
    const char *takes; /* NULL: nothing */
    const char *help;
    int (*set)(TAKES);
} rows[] = {
    {"--host", "HOST", "listen on this address (127.0.0.1)", set_host},
    {"--port", "N", "and this port; 0: any that is free", set_port},
    {"--port-file", "FILE", "write the port there once it listens", set_port_file},
    {"--log", "FILE", "a JSON line for each request (standard output)", set_log},
    {"--dyno-log", "FILE", "what dynos write (standard error)", set_dyno_log},
    {"--app", "NAME", "an app (myapp); what follows is about it", set_app},
    {"--formation", "TYPE=QTY[:SIZE]", "a process type, and how many run; repeatable",
     set_formation},
    {"--procfile", "FILE", "the app's types; their dynos are real processes", set_procfile},
    {"--env", "NAME=VALUE", "for the app's dynos; repeatable", set_env},
    {"--tier", "TIER", "eco, basic, production, private, shield or fir", set_tier},
    {"--maintenance", NULL, "the app is in maintenance mode", set_maintenance},
    {"--token", "TOKEN", "a token that may do all (any token does, if none is given)", set_token},
    {"--write-token", "TOKEN", "one with the scope write", set_write_token},
    {"--read-only-token", "TOKEN", "one with the scope read", set_read_only_token},
    {"--expired-token", "TOKEN", "one that has expired", set_expired_token},
    {"--foreign-token", "TOKEN", "one of an account that has no access to the apps",
     set_foreign_token},
    {"--token-expires", "DURATION", "all tokens expire that long after the start",
     set_token_expires},
    {"--rate-limit", "N[:PER_SECOND[:LEFT]]", "calls an account has (4500:1.25)", set_rate_limit},
    {"--retry-after", "FORM", "on 429: none, seconds, date or epoch (none)", set_retry_after},
    {"--limit", "NAME=N", "of dynos: app=100, type=10, single=1, eco=2; 0: none", set_limit},
    {"--batch-reply", "WHICH", "a batch replies with updated or all types (updated)",
     set_batch_reply},
    {"--page", "N", "lists come in parts of N (whole)", set_page},
    {"--tls-certificate", "FILE", "serves HTTPS with this certificate, in PEM format",
     set_tls_certificate},
    {"--tls-key", "FILE", "and its key", set_tls_key},
    {"--fault", "RULE", "what goes wrong, e.g. \"status=503 method=PATCH call=2\"; repeatable",
     set_fault},
    {"--boot-delay", "DURATION", "from starting to up (0)", set_boot_delay},
    {"--grace", "DURATION", "from SIGTERM to SIGKILL (30s)", set_grace},
    {"--stop-delay", "DURATION", "a simulated dyno takes that long to exit (0)", set_stop_delay},
    {"--crash-delay", "DURATION", "from a first crash to the restart, doubled each time (1s)",
     set_crash_delay},
    {"--crash-delay-max", "DURATION", "and never longer than this (5m)", set_crash_delay_max},
    {"--web-port", "N", "PORT of web.1; the others follow (5000)", set_web_port},
    {"--help", NULL, "print this", set_help},
    {"--version", NULL, "print the version", set_version},
};

enum { N_ROWS = sizeof rows / sizeof rows[0] };

static int refuse_unknown(const char *word, size_t length, struct error *error)
{
    const char *names[N_ROWS];
    for (size_t i = 0; i < N_ROWS; i++)
        names[i] = rows[i].name;
    char *name = memory_copy_n(word, length);
    const char *nearest = text_nearest(name, names, N_ROWS);
    error_set(error, "there is no option %s%s%s%s", name, nearest != NULL ? "; did you mean " : "",
              nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    free(name);
    return -1;
}

static const struct option_row *find(const char *word, size_t length)
{
    if (length == 2 && (strncmp(word, "-h", 2) == 0 || strncmp(word, "-V", 2) == 0))
        return find(word[1] == 'h' ? "--help" : "--version", word[1] == 'h' ? 6 : 9);
    for (size_t i = 0; i < N_ROWS; i++)
        if (strlen(rows[i].name) == length && strncmp(rows[i].name, word, length) == 0)
            return &rows[i];
    return NULL;
}

static int set(struct arguments *arguments, const struct option_row *row, const char *value,
               struct error *error)
{
    struct error cause = {0};
    if (row->takes != NULL && value == NULL)
        return error_set(error, "%s needs %s", row->name, row->takes);
    if (row->takes == NULL && value != NULL)
        return error_set(error, "%s takes nothing, not \"%s\"", row->name, value);
    if (row->set(arguments, value, &cause) == 0)
        return 0;
    return error_set(error, "%s: %s", row->name, cause.text);
}

static void init(struct arguments *arguments)
{
    *arguments = (struct arguments){.host = "127.0.0.1",
                                    .port = -1,
                                    .token_expires_ms = WHEN_NEVER,
                                    .rate_size = 4500,
                                    .rate_per_second = 1.25,
                                    .rate_left = -1,
                                    .retry_after = "none",
                                    .grace_ms = 30000,
                                    .crash_first_ms = 1000,
                                    .crash_most_ms = 300000,
                                    .web_port = 5000};
    add_app(arguments);
}

int arguments_read(struct arguments *arguments, int argc, char **argv, struct error *error)
{
    init(arguments);
    for (int i = 1; i < argc; i++) {
        size_t length = strcspn(argv[i], "=");
        const struct option_row *row = find(argv[i], length);
        if (row == NULL)
            return refuse_unknown(argv[i], length, error);
        const char *value = argv[i][length] == '=' ? argv[i] + length + 1 : NULL;
        if (value == NULL && row->takes != NULL && i + 1 < argc)
            value = argv[++i];
        if (set(arguments, row, value, error) < 0)
            return -1;
    }
    if (arguments->port < 0 && !arguments->wants_help && !arguments->wants_version)
        return error_set(error, "--port is missing; --port 0 takes any that is free");
    return 0;
}

void arguments_fini(struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->n_apps; i++) {
        free(arguments->apps[i].formations.at);
        free(arguments->apps[i].environment.at);
    }
    free(arguments->apps);
    free(arguments->tokens);
    free(arguments->limits.at);
    free(arguments->faults.at);
}

char *arguments_help(void)
{
    struct text help = {0};
    for (size_t i = 0; i < N_ROWS; i++) {
        char *left = memory_format("%s%s%s", rows[i].name, rows[i].takes != NULL ? " " : "",
                                   rows[i].takes != NULL ? rows[i].takes : "");
        text_add_format(&help, "  %-36s %s\n", left, rows[i].help);
        free(left);
    }
    return text_take(&help);
}
