/* SPDX-License-Identifier: MIT */
#include "core/command.h"

#include "core/memory.h"
#include "core/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *find_file(const struct command_line *line)
{
    static const char here[] = "./dynomatic.yml";
    static const char installed[] = "/etc/dynomatic/dynomatic.yml";
    const char *named = getenv("DYNOMATIC_CONFIG");
    if (line->config != NULL)
        return line->config;
    if (named != NULL && named[0] != '\0')
        return named;
    if (access(here, F_OK) == 0)
        return here + 2;
    if (access(installed, F_OK) == 0)
        return installed;
    return NULL;
}

struct config *command_read_config(const struct command_line *line, struct text *mistakes)
{
    const char *path = find_file(line);
    if (path == NULL) {
        text_add(mistakes, "dynomatic: no configuration found: name one with -c FILE or "
                           "DYNOMATIC_CONFIG, or put it at\n./dynomatic.yml or "
                           "/etc/dynomatic/dynomatic.yml; dynomatic.yml(5) tells what it holds\n");
        return NULL;
    }
    return config_read(path);
}

struct settings *command_read_settings(const struct command_line *line, struct text *mistakes)
{
    struct config *config = command_read_config(line, mistakes);
    if (config == NULL)
        return NULL;
    struct settings *settings = settings_read(config);
    if (settings == NULL)
        config_print_mistakes(config, mistakes);
    config_free(config);
    return settings;
}

struct settings *command_settings(const struct command_line *line)
{
    struct text mistakes = {0};
    struct settings *settings = command_read_settings(line, &mistakes);
    fputs(text_chars(&mistakes), stderr);
    text_fini(&mistakes);
    return settings;
}

static void add_count(size_t n, const char *what, struct text *out)
{
    text_add_format(out, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

struct dyn_group *command_groups(const struct settings *settings, size_t instance, uint32_t metrics,
                                 int64_t cap, size_t *n)
{
    struct dyn_group *groups = NULL;
    *n = 0;
    for (size_t i = 0; i < settings->n_pools; i++) {
        const struct pool_spec *pool = &settings->pools[i];
        for (size_t k = 0; k < pool->n_sources; k++) {
            if (pool->sources[k] != instance)
                continue;
            groups = memory_resize(groups, *n + 1, sizeof *groups);
            groups[(*n)++] = (struct dyn_group){
                .cap = cap,
                .name = pool->name,
                .queues = (const char *const *)pool->queues,
                .n_queues = (uint32_t)pool->n_queues,
                .metrics = metrics,
            };
        }
    }
    return groups;
}

enum { MOST_TOLD = 10 };

int command_unknown_pool(const char *name, const char *const *pools, size_t n)
{
    const char *nearest = text_nearest(name, pools, n);
    fprintf(stderr, "dynomatic: there is no pool \"%s\"", name);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean \"%s\"?", nearest);
    else if (n <= MOST_TOLD)
        for (size_t i = 0; i < n; i++)
            fprintf(stderr, "%s%s", i == 0 ? "; there is " : ", ", pools[i]);
    fputc('\n', stderr);
    return EXIT_USAGE;
}

void command_describe(const struct settings *settings, struct text *out)
{
    size_t n_queues = 0;
    size_t n_shadows = 0;
    for (size_t i = 0; i < settings->n_instances; i++)
        n_queues += settings->instances[i].kind == INSTANCE_QUEUE;
    for (size_t i = 0; i < settings->n_pools; i++)
        n_shadows += settings->pools[i].shadow != NULL;
    text_add_format(out, "%s: ", settings->path);
    add_count(settings->n_pools, "pool", out);
    text_add(out, ", ");
    if (n_shadows > 0) {
        add_count(n_shadows, "shadow", out);
        text_add(out, ", ");
    }
    add_count(n_queues, "queue instance", out);
    text_add(out, ", ");
    add_count(settings->n_instances - n_queues, "scaler instance", out);
}

int command_print(const struct text *text)
{
    if (fputs(text_chars(text), stdout) >= 0 && fflush(stdout) == 0)
        return EXIT_DONE;
    fprintf(stderr, "dynomatic: cannot write to standard output: %s\n", strerror(errno));
    return EXIT_FAILED;
}
