/* SPDX-License-Identifier: MIT
 * dynomatic init: writes a configuration from what the environment has. */
#include "core/command.h"

#include "core/draft.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/settings_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0';
}

/* ---- The app ---- */

enum { TIMEOUT_MS = 10000 };

/* The app, and the instance that was asked for it; {0} is none. */
struct platform {
    struct draft_app app;
    struct instance_spec spec;
    struct ask ask;
};

/* Asks the platform, by the back-end's own code, which pools the app has. */
static void ask_for_names(struct platform *platform)
{
    struct settings settings = {.instances = &platform->spec, .n_instances = 1};
    struct ask *ask = &platform->ask;
    ask_open(ask, &settings);
    if (ask->all[0].instance != NULL)
        instance_prepare_names(ask->all[0].instance);
    ask_all(ask);
    const char *failure = ask_failure(ask, 0);
    if (failure != NULL)
        text_add(&platform->app.why, failure);
    else
        text_add(&platform->app.types, instance_listed(ask->all[0].instance));
}

static void platform_look(struct platform *platform)
{
    struct error error = {""};
    const struct plugin *plugin = plugin_load("heroku-formation", &error);
    struct draft_app *app = &platform->app;
    app->has_name = is_set("HEROKU_APP_NAME");
    app->token = is_set("HEROKU_API_KEY") ? "HEROKU_API_KEY"
                 : is_set("HEROKU_TOKEN") ? "HEROKU_TOKEN"
                                          : NULL;
    if (plugin == NULL || !app->has_name || app->token == NULL)
        return;
    platform->spec = (struct instance_spec){.kind = INSTANCE_SCALER,
                                            .plugin = plugin,
                                            .name = memory_copy(plugin->table.name),
                                            .options = memory_new(1, plugin->table.config_size),
                                            .timeout_ms = TIMEOUT_MS};
    option_init((struct option_table){plugin->options, plugin->table.n_options},
                platform->spec.options);
    if (settings_complete(plugin, platform->spec.options))
        ask_for_names(platform);
}

/* With a call that hangs it ends the program. */
static int platform_end(struct platform *platform, int status)
{
    status = ask_close(&platform->ask, status);
    if (platform->spec.plugin != NULL)
        settings_free_instance(&platform->spec);
    text_fini(&platform->app.types);
    text_fini(&platform->app.why);
    return status;
}

/* ---- The file ---- */

static int refuse(const char *path, const char *why)
{
    fprintf(stderr, "dynomatic: cannot write %s: %s\n", path, why);
    return EXIT_FAILED;
}

/* What is there already may be somebody's work, so it is never written over. */
static int write_new(const char *path, const struct text *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST)
        return refuse(path, "it is there already; name another file with -o FILE");
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL)
        return refuse(path, strerror(errno));
    bool is_written = fputs(text_chars(text), file) >= 0;
    is_written = fclose(file) == 0 && is_written;
    return is_written ? EXIT_DONE : refuse(path, strerror(errno));
}

static void tell(const char *path, const struct survey *survey)
{
    if (survey->chosen == NULL)
        printf("wrote %s: no adapter was taken, and the file says why\n", path);
    else
        printf("wrote %s: %s at %s\n", path, survey->chosen->spec.plugin->table.name,
               survey->chosen->variable);
}

static int write_draft(const struct survey *survey, const char *path)
{
    struct platform platform = {0};
    struct text draft = {0};
    platform_look(&platform);
    draft_write(survey, &platform.app, &draft);
    bool is_shown = strcmp(path, "-") == 0;
    int status = is_shown ? command_print(&draft) : write_new(path, &draft);
    if (status == EXIT_DONE && !is_shown)
        tell(path, survey);
    text_fini(&draft);
    return platform_end(&platform, status);
}

int command_init(const struct command_line *line)
{
    const char *path = line->output != NULL ? line->output : "dynomatic.yml";
    struct survey survey;
    log_init(line->is_verbose ? LOG_DEBUG : LOG_WARN);
    if (strcmp(path, "-") != 0 && access(path, F_OK) == 0)
        return refuse(path, "it is there already; name another file with -o FILE");
    survey_take(&survey);
    return survey_end(&survey, write_draft(&survey, path));
}
