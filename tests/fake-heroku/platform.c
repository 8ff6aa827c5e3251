/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/platform.h"

#include "core/memory.h"
#include "tests/fake-heroku/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void platform_init(struct platform *platform)
{
    *platform = (struct platform){.limits = limits_of_the_platform};
    platform->started_ms = when_ms();
    platform->started_wall_us = when_wall_us();
    platform->owner = account_new("owner@example.com");
    platform->stranger = account_new("stranger@example.com");
    bucket_init(&platform->owner->bucket, 4500, 1.25, platform->started_ms);
    bucket_init(&platform->stranger->bucket, 4500, 1.25, platform->started_ms);
}

static void counts_fini(struct counts *counts)
{
    for (size_t i = 0; i < counts->n; i++)
        free(counts->at[i].name);
    free(counts->at);
}

void platform_fini(struct platform *platform)
{
    for (size_t i = 0; i < platform->n_apps; i++)
        app_free(platform->apps[i]);
    for (size_t i = 0; i < platform->n_tokens; i++)
        free(platform->tokens[i].text);
    free(platform->apps);
    free(platform->tokens);
    counts_fini(&platform->by_method);
    counts_fini(&platform->by_status);
    faults_fini(&platform->faults);
    account_free(platform->owner);
    account_free(platform->stranger);
}

struct app *platform_app(const struct platform *platform, const char *name_or_id)
{
    for (size_t i = 0; i < platform->n_apps; i++)
        if (strcmp(platform->apps[i]->name, name_or_id) == 0 ||
            strcmp(platform->apps[i]->id, name_or_id) == 0)
            return platform->apps[i];
    return NULL;
}

void platform_add_token(struct platform *platform, const char *text, const char *scope,
                        struct account *account, int64_t expires_ms)
{
    platform->tokens =
        memory_resize(platform->tokens, platform->n_tokens + 1, sizeof *platform->tokens);
    platform->tokens[platform->n_tokens++] =
        (struct token){memory_copy(text), scope, account, expires_ms};
}

const struct token *platform_token(const struct platform *platform, const char *text)
{
    for (size_t i = 0; i < platform->n_tokens; i++)
        if (strcmp(platform->tokens[i].text, text) == 0)
            return when_ms() < platform->tokens[i].expires_ms ? &platform->tokens[i] : NULL;
    return NULL;
}

static void count(struct counts *counts, const char *name)
{
    for (size_t i = 0; i < counts->n; i++)
        if (strcmp(counts->at[i].name, name) == 0) {
            counts->at[i].n++;
            return;
        }
    counts->at = memory_resize(counts->at, counts->n + 1, sizeof *counts->at);
    counts->at[counts->n++] = (struct count){memory_copy(name), 1};
}

void platform_count(struct platform *platform, const char *method, int status)
{
    char name[16] = "none"; /* it was reset, or never answered */
    if (status > 0)
        snprintf(name, sizeof name, "%d", status);
    platform->requests++;
    count(&platform->by_method, method);
    count(&platform->by_status, name);
}

int64_t platform_tick(struct platform *platform, int64_t now_ms)
{
    int64_t next_ms = WHEN_NEVER;
    for (size_t i = 0; i < platform->n_apps; i++) {
        int64_t due_ms = app_tick(platform->apps[i], now_ms);
        if (due_ms < next_ms)
            next_ms = due_ms;
    }
    return next_ms;
}

static struct dyno *dyno_of_process(const struct platform *platform, pid_t pid)
{
    struct dyno *dyno = NULL;
    for (size_t i = 0; i < platform->n_apps && dyno == NULL; i++)
        dyno = app_dyno_of_process(platform->apps[i], pid);
    return dyno;
}

void platform_reap(struct platform *platform)
{
    for (pid_t pid = process_ended(); pid > 0; pid = process_ended()) {
        /* What is no dyno's first process was left by one, and came to us as its next of kin. */
        struct dyno *dyno = dyno_of_process(platform, pid);
        int status = process_reap(platform->house.keeper, pid, dyno != NULL);
        if (dyno != NULL)
            dyno_exited(dyno, status, when_ms());
    }
}

bool platform_is_quiet(const struct platform *platform)
{
    for (size_t i = 0; i < platform->n_apps; i++)
        for (size_t j = 0; j < platform->apps[i]->n_dynos; j++)
            if (platform->apps[i]->dynos[j]->state != DYNO_GONE)
                return false;
    return true;
}

cJSON *platform_quantities(const struct platform *platform)
{
    cJSON *all = cJSON_CreateObject();
    for (size_t i = 0; i < platform->n_apps; i++) {
        const struct app *app = platform->apps[i];
        cJSON *one = cJSON_AddObjectToObject(all, app->name);
        for (size_t j = 0; j < app->n_formations; j++)
            cJSON_AddNumberToObject(one, app->formations[j]->type, app->formations[j]->quantity);
    }
    return all;
}

int64_t platform_changed_wall_us(const struct platform *platform)
{
    int64_t changed = platform->started_wall_us;
    for (size_t i = 0; i < platform->n_apps; i++)
        if (platform->apps[i]->changed_wall_us > changed)
            changed = platform->apps[i]->changed_wall_us;
    return changed;
}
