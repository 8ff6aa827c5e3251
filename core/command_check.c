/* SPDX-License-Identifier: MIT
 * dynomatic check: whether the file is good, and with --connect whether each instance answers. */
#include "core/command.h"

#include "core/ask.h"
#include "core/clock.h"
#include "core/detect.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/pool.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What each schedule says now. Of the dates that are over it is a warning: they can go. */
static void add_schedules(const struct settings *settings, struct text *out)
{
    int64_t utc_ms = clock_utc_ms();
    for (size_t i = 0; i < settings->n_pools; i++) {
        const struct pool_spec *pool = &settings->pools[i];
        if (pool->schedule.n == 0)
            continue;
        text_add_format(out, "%s: ", pool->name);
        schedule_explain(&pool->schedule, utc_ms, out);
        text_add(out, "\n");
        struct text past = {0};
        if (schedule_explain_past(&pool->schedule, utc_ms, &past))
            text_add_format(out, "warning: %s: %s\n", pool->name, text_chars(&past));
        text_fini(&past);
    }
}

/* What opens, and what it can never run. Instances do no I/O for this. */
static bool check_instances(const struct settings *settings, const struct ask *ask,
                            struct text *out)
{
    bool are_good = ask_is_open(ask, out);
    for (size_t i = 0; i < settings->n_pools; i++) {
        const struct pool_spec *pool = &settings->pools[i];
        struct instance *scaler = ask->all[pool->scaler].instance;
        struct text warning = {0};
        if (scaler != NULL && pool_explain_limit(pool, instance_name(scaler),
                                                 instance_limit(scaler, pool->process), &warning))
            text_add_format(out, "warning: %s\n", text_chars(&warning));
        text_fini(&warning);
    }
    return are_good;
}

/* Without --connect, what the file leaves to be detected is not known. */
static void tell_undetected(const struct settings *settings, struct text *out)
{
    for (size_t i = 0; i < settings->n_instances; i++) {
        struct detect_options options = detect_options_of(&settings->instances[i]);
        if (options.n == 0)
            continue;
        text_add_format(out, "%s: no adapter is named, so it is detected at the first call, from ",
                        settings->instances[i].name);
        detect_add_candidates(&options, out);
        text_add(out, "; check --connect tells which\n");
    }
}

static void tell_unseen(const struct settings *settings, struct text *out)
{
    for (size_t i = 0; i < settings->n_pools; i++)
        if (settings->pools[i].shadow != NULL && settings->journal.path == NULL)
            text_add_format(out, "%s: nobody sees what its shadow decides without a journal\n",
                            settings->pools[i].name);
}

/* ---- --connect ---- */

static void add_detected(const struct instance_spec *spec, struct text *out)
{
    struct detect_options options = detect_options_of(spec);
    for (size_t i = 0; i < options.n; i++)
        if (options.candidates[i].is_chosen)
            text_add_format(out, "  found %s at %s: %s\n", detect_adapter(spec),
                            detect_place(&options.candidates[i]), options.candidates[i].text);
}

/* "NAME" of the first variable that has this value; false if none has. */
static bool add_variable(const char *value, struct text *out)
{
    for (char **entry = environ; *entry != NULL; entry++) {
        size_t n = strcspn(*entry, "=");
        if ((*entry)[n] != '=' || strcmp(*entry + n + 1, value) != 0)
            continue;
        text_add_n(out, *entry, n);
        return true;
    }
    return false;
}

/* Where the URL of what cannot be reached is from: people look at the wrong one. */
static void add_origin(const struct instance_spec *spec, struct text *out)
{
    const struct plugin *plugin = spec->plugin;
    for (size_t i = 0; i < plugin->table.n_options; i++) {
        const struct dyn_option *row = &plugin->options[i];
        const char *value = NULL;
        struct text name = {0};
        if (row->type == DYN_URL)
            memcpy(&value, (const char *)spec->options + row->offset, sizeof value);
        if (value != NULL && value[0] != '\0' && add_variable(value, &name))
            text_add_format(out, " (%s: %s)", row->name, text_chars(&name));
        else if (value != NULL && spec->lines[i] > 0)
            text_add_format(out, " (%s: %s:%" PRIu32 ")", row->name, spec->path, spec->lines[i]);
        text_fini(&name);
    }
}

/* As the daemon asks, but for whether there is a job at all; and how it is told of new ones. */
static void prepare_queue(const struct settings *settings, struct ask *ask, size_t i)
{
    struct instance *instance = ask->all[i].instance;
    size_t n;
    struct dyn_group *groups = command_groups(settings, i, DYN_BIT(DYN_WAITING), 1, &n);
    instance_prepare_measure(instance, groups, n);
    if (instance_can_watch(instance))
        instance_then_watch(instance, groups, n);
    free(groups);
}

static void prepare(const struct settings *settings, struct ask *ask, size_t instance)
{
    if (settings->instances[instance].kind == INSTANCE_QUEUE) {
        prepare_queue(settings, ask, instance);
        return;
    }
    const char **names = memory_new(settings->n_pools, sizeof *names);
    size_t n = 0;
    for (size_t i = 0; i < settings->n_pools; i++)
        if (settings->pools[i].scaler == instance)
            names[n++] = settings->pools[i].process;
    instance_prepare_read(ask->all[instance].instance, names, n);
    free(names);
}

static int64_t least_interval(const struct settings *settings, size_t instance)
{
    int64_t least_ms = INT64_MAX;
    for (size_t i = 0; i < settings->n_pools; i++)
        for (size_t k = 0; k < settings->pools[i].n_sources; k++)
            if (settings->pools[i].sources[k] == instance &&
                settings->pools[i].interval_ms < least_ms)
                least_ms = settings->pools[i].interval_ms;
    return least_ms;
}

/* How the daemon will learn of new jobs. */
static void add_events(const struct settings *settings, const struct ask *ask, size_t i,
                       struct text *out)
{
    const struct instance *instance = ask->all[i].instance;
    const char *how = instance_advice(instance);
    if (instance_watch_fd(instance) >= 0) {
        text_add_format(out, "  told of new jobs%s%s\n", how[0] != '\0' ? " by " : "", how);
        return;
    }
    text_add(out, "  asked each ");
    text_add_ms(out, least_interval(settings, i));
    text_add_format(out, ": %s\n", how[0] != '\0' ? how : "the adapter cannot tell of new jobs");
}

/* What becomes of them, where the platform tells that not all of them run. */
static void add_dynos(const struct answer *answer, struct text *out)
{
    static const struct {
        int32_t value;
        const char *name;
    } states[] = {{DYN_STARTING, "starting"}, {DYN_CRASHED, "crashed"}};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct value dynos = answer_value(answer, states[i].value);
        if (dynos.doubt != KNOWN_NOT && dynos.number > 0)
            text_add_format(out, ", %" PRId64 " %s", dynos.number, states[i].name);
    }
}

/* What the platform says of each pool of scaler i; false if it lacks one. */
static bool add_sizes(const struct settings *settings, const struct ask *ask, size_t i,
                      struct text *out)
{
    bool are_known = true;
    size_t element = 0;
    for (size_t p = 0; p < settings->n_pools; p++) {
        const struct pool_spec *pool = &settings->pools[p];
        if (pool->scaler != i)
            continue;
        const struct answer *answer = instance_answer(ask->all[i].instance, element++);
        struct value size = answer_value(answer, DYN_SIZE);
        if (size.doubt == KNOWN_EXACT) {
            text_add_format(out, "  %s runs %" PRId64, pool->process, size.number);
            add_dynos(answer, out);
            text_add(out, "\n");
            if (answer->unknown == NULL)
                continue;
        }
        are_known = false;
        text_add_format(out, "  %s: %s\n", pool->process,
                        answer->unknown != NULL ? answer->unknown : "its size is not told");
    }
    return are_known;
}

static bool check_journal(const struct settings *settings, struct text *out)
{
    struct error error = {""};
    const char *path = settings->journal.path;
    if (path == NULL || journal_file_check(path, &error) == 0)
        return true;
    text_add_format(out, "journal: %s\n", error.text);
    return false;
}

static bool connect_all(const struct settings *settings, struct ask *ask, struct text *out)
{
    bool are_good = true;
    for (size_t i = 0; i < ask->n; i++)
        prepare(settings, ask, i);
    ask_all(ask);
    for (size_t i = 0; i < ask->n; i++) {
        const char *failure = ask_failure(ask, i);
        text_add_format(out, "%s: %s", settings->instances[i].name,
                        failure != NULL ? failure : "answers");
        if (failure != NULL)
            add_origin(&settings->instances[i], out);
        text_add(out, "\n");
        if (failure != NULL)
            are_good = false;
        else if (settings->instances[i].kind == INSTANCE_QUEUE) {
            add_detected(&settings->instances[i], out);
            add_events(settings, ask, i, out);
        } else
            are_good = add_sizes(settings, ask, i, out) && are_good;
    }
    return are_good && check_journal(settings, out);
}

int command_check(const struct command_line *line)
{
    log_init(line->is_verbose ? LOG_DEBUG : LOG_WARN);
    struct settings *settings = command_settings(line);
    if (settings == NULL)
        return EXIT_USAGE;
    struct ask ask;
    struct text out = {0};
    ask_open(&ask, settings);
    int status = check_instances(settings, &ask, &out) ? EXIT_DONE : EXIT_USAGE;
    if (status == EXIT_DONE) {
        command_describe(settings, &out);
        text_add(&out, ": good\n");
        add_schedules(settings, &out);
        tell_unseen(settings, &out);
        if (!line->wants_connect)
            tell_undetected(settings, &out);
    }
    if (status == EXIT_DONE && line->wants_connect && !connect_all(settings, &ask, &out))
        status = EXIT_FAILED;
    if (command_print(&out) != EXIT_DONE)
        status = EXIT_FAILED;
    text_fini(&out);
    status = ask_close(&ask, status);
    settings_free(settings);
    return status;
}
