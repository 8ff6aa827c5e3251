/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/setup.h"

#include "core/memory.h"
#include "tests/fake-heroku/procfile.h"
#include "tests/fake-heroku/when.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Accounts ---- */

static void add_tokens(struct platform *platform, const struct arguments *arguments)
{
    static const char *const scopes[] = {"global", "write", "read", "global", "global"};
    int64_t expires_ms = arguments->token_expires_ms == WHEN_NEVER
                             ? WHEN_NEVER
                             : when_ms() + arguments->token_expires_ms;
    for (size_t i = 0; i < arguments->n_tokens; i++) {
        const struct token_argument *token = &arguments->tokens[i];
        platform_add_token(platform, token->text, scopes[token->kind],
                           token->kind == TOKEN_FOREIGN ? platform->stranger : platform->owner,
                           token->kind == TOKEN_EXPIRED ? 0 : expires_ms);
    }
    platform->takes_any_token = arguments->n_tokens == 0;
    if (platform->takes_any_token)
        platform_add_token(platform, "", "global", platform->owner, WHEN_NEVER);
}

static int set_retry_after(struct platform *platform, const char *form, struct error *error)
{
    static const char *const forms[] = {"none", "seconds", "date", "epoch"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(forms[i], form) == 0) {
            platform->retry_after = (enum retry_after)i;
            return 0;
        }
    return error_set(error, "--retry-after: \"%s\" is none of none, seconds, date, epoch", form);
}

static int set_limit(struct limits *limits, const char *text, struct error *error)
{
    const struct {
        const char *name;
        int *to;
    } known[] = {{"app=", &limits->app},
                 {"type=", &limits->type},
                 {"single=", &limits->single},
                 {"eco=", &limits->eco}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t length = strlen(known[i].name);
        const char *digits = text + length;
        if (strncmp(text, known[i].name, length) != 0 || *digits == '\0' ||
            strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 7)
            continue;
        *known[i].to = (int)strtol(digits, NULL, 10);
        return 0;
    }
    return error_set(error, "--limit: \"%s\" is none of app=N, type=N, single=N, eco=N", text);
}

static void set_rates(struct bucket *bucket, const struct arguments *arguments)
{
    bucket_init(bucket, arguments->rate_size, arguments->rate_per_second, when_ms());
    if (arguments->rate_left >= 0 && arguments->rate_left < bucket->size)
        bucket->left = arguments->rate_left;
}

static int add_faults(struct platform *platform, const struct words *rules, struct error *error)
{
    for (size_t i = 0; i < rules->n; i++) {
        struct error cause = {0};
        if (faults_add_text(&platform->faults, rules->at[i], when_ms(), &cause) < 0)
            return error_set(error, "--fault \"%s\": %s", rules->at[i], cause.text);
    }
    return 0;
}

/* ---- Apps ---- */

/* TYPE=QTY[:SIZE], taken apart. */
struct spec {
    char *type;
    int quantity;
    const struct size *size; /* NULL: none is named */
};

static int read_size(struct spec *spec, const char *text, struct error *error)
{
    spec->size = size_find(text);
    if (spec->size != NULL)
        return 0;
    char *names = size_names();
    error_set(error, "\"%s\" is no dyno size; there are %s", text, names);
    free(names);
    return -1;
}

static int read_spec(struct spec *spec, const char *text, struct error *error)
{
    size_t length = strcspn(text, "=");
    const char *digits = text + length + (text[length] == '=');
    size_t n_digits = strspn(digits, "0123456789");
    const char *rest = digits + n_digits;
    if (!procfile_is_type(text, length) || n_digits == 0 || n_digits > 6 ||
        (*rest != '\0' && *rest != ':'))
        return error_set(error, "it is not of the form TYPE=QUANTITY or TYPE=QUANTITY:SIZE, such "
                                "as worker=2:Standard-1X");
    *spec = (struct spec){.quantity = (int)strtol(digits, NULL, 10)};
    if (*rest == ':' && read_size(spec, rest + 1, error) < 0)
        return -1;
    spec->type = memory_copy_n(text, length);
    return 0;
}

static int add_from_procfile(struct app *app, const char *file, const struct size *size,
                             struct error *error)
{
    struct procfile procfile;
    int result = procfile_read(&procfile, file, error);
    for (size_t i = 0; result == 0 && i < procfile.n; i++)
        app_add(app, procfile.lines[i].type, procfile.lines[i].command, size);
    if (result == 0)
        app->folder = memory_copy(procfile.folder);
    procfile_fini(&procfile);
    return result;
}

static int add_formation(struct app *app, const struct spec *spec, const struct size *size,
                         struct error *error)
{
    struct formation *formation = app_formation(app, spec->type);
    if (formation == NULL && app->folder != NULL)
        return error_set(error, "the Procfile has no type %s", spec->type);
    if (formation != NULL && app->folder == NULL)
        return error_set(error, "the type %s is there twice", spec->type);
    if (formation == NULL)
        formation = app_add(app, spec->type, NULL, size);
    if (spec->size != NULL)
        formation->size = spec->size;
    return 0;
}

static int add_formations(struct app *app, const struct words *formations, const struct size *size,
                          struct error *error)
{
    for (size_t i = 0; i < formations->n; i++) {
        struct error cause = {0};
        struct spec spec = {0};
        int result = read_spec(&spec, formations->at[i], &cause);
        if (result == 0)
            result = add_formation(app, &spec, size, &cause);
        free(spec.type);
        if (result < 0)
            return error_set(error, "--formation %s: %s", formations->at[i], cause.text);
    }
    return 0;
}

static bool is_same_name(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");
    return strncmp(a, b, length) == 0 && b[length] == '=';
}

/* Ours, less what is a dyno's own or named anew, and what the command line names. */
static char **environment_of(const struct words *own)
{
    size_t n = 0;
    while (environ[n] != NULL)
        n++;
    char **all = memory_new(n + own->n + 1, sizeof *all);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_kept = !is_same_name("PORT=", environ[i]) && !is_same_name("DYNO=", environ[i]);
        for (size_t j = 0; j < own->n; j++)
            is_kept = is_kept && !is_same_name(own->at[j], environ[i]);
        if (is_kept)
            all[used++] = memory_copy(environ[i]);
    }
    for (size_t i = 0; i < own->n; i++)
        all[used++] = memory_copy(own->at[i]);
    return all;
}

static int set_up_app(struct platform *platform, const struct app_arguments *arguments,
                      struct error *error)
{
    const char *tier = arguments->tier != NULL ? arguments->tier : "production";
    const struct size *size = size_of_tier(tier);
    if (size == NULL)
        return error_set(error, "--tier: \"%s\" is none of %s", tier, size_tiers());
    struct app *app = app_new(arguments->name != NULL ? arguments->name : "myapp", &platform->house,
                              platform->owner);
    platform->apps = memory_resize(platform->apps, platform->n_apps + 1, sizeof(struct app *));
    platform->apps[platform->n_apps++] = app;
    app->is_in_maintenance = arguments->is_in_maintenance;
    if (arguments->tier != NULL)
        app->tier = memory_copy(arguments->tier);
    free(app->environment);
    app->environment = environment_of(&arguments->environment);
    if (arguments->procfile != NULL && add_from_procfile(app, arguments->procfile, size, error) < 0)
        return -1;
    return add_formations(app, &arguments->formations, size, error);
}

int setup_platform(struct platform *platform, const struct arguments *arguments,
                   struct error *error)
{
    struct dyno_house *house = &platform->house;
    house->boot_ms = arguments->boot_ms;
    house->grace_ms = arguments->grace_ms;
    house->stop_ms = arguments->stop_ms;
    house->crash_first_ms = arguments->crash_first_ms;
    house->crash_most_ms = arguments->crash_most_ms;
    house->web_port = arguments->web_port;
    platform->replies_all_types = arguments->replies_all_types;
    platform->page = arguments->page;
    add_tokens(platform, arguments);
    set_rates(&platform->owner->bucket, arguments);
    set_rates(&platform->stranger->bucket, arguments);
    if (set_retry_after(platform, arguments->retry_after, error) < 0 ||
        add_faults(platform, &arguments->faults, error) < 0)
        return -1;
    for (size_t i = 0; i < arguments->limits.n; i++)
        if (set_limit(&platform->limits, arguments->limits.at[i], error) < 0)
            return -1;
    for (size_t i = 0; i < arguments->n_apps; i++)
        if (set_up_app(platform, &arguments->apps[i], error) < 0)
            return -1;
    return 0;
}

void setup_dynos(struct platform *platform, const struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->n_apps; i++)
        for (size_t j = 0; j < arguments->apps[i].formations.n; j++) {
            struct spec spec = {0};
            if (read_spec(&spec, arguments->apps[i].formations.at[j], NULL) < 0)
                continue; /* refused before */
            struct formation *formation = app_formation(platform->apps[i], spec.type);
            app_scale(platform->apps[i], formation, spec.quantity, formation->size);
            free(spec.type);
        }
}
