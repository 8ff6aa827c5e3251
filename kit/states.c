/* SPDX-License-Identifier: MIT */
#include "kit/states.h"

#include "core/config.h"
#include "core/memory.h"
#include "core/option.h"
#include "kit/host.h"
#include "kit/trial.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* ---- What the file says ---- */

enum { N_VALUES = 8 };

/* A group, and what is expected of it; a text is NULL where nothing is. */
struct group {
    struct dyn_list queues;
    int64_t cap;
    const char *values[N_VALUES]; /* by metric, from DYN_WAITING */
};

struct state {
    const char *name;
    const char *make; /* a script for sh; "": there is nothing to do */
    int32_t fails;    /* DYN_LATE - 1 ..., or -1: it must not fail */
    struct group *groups;
    size_t n_groups;
};

struct states {
    struct config *config; /* has the texts */
    struct state *states;
    size_t n;
};

#define VALUE(name, i)                                                     \
    {                                                                      \
        name, NULL, NULL, NULL, "what must be measured", DYN_TEXT, 0,      \
            offsetof(struct group, values) + (i) * sizeof(const char *), 0 \
    }

static const struct dyn_option group_rows[] = {
    {"queues", NULL, NULL, NULL, "the queues of the group", DYN_LIST, 0,
     offsetof(struct group, queues), 0},
    {"cap", "0", "0..", NULL, "its cap", DYN_INTEGER, 0, offsetof(struct group, cap), 0},
    VALUE("waiting", DYN_WAITING),
    VALUE("latency", DYN_LATENCY),
    VALUE("busy", DYN_BUSY),
    VALUE("scheduled", DYN_SCHEDULED),
    VALUE("retrying", DYN_RETRYING),
    VALUE("failed", DYN_FAILED),
    VALUE("next_due", DYN_NEXT_DUE),
    VALUE("workers", DYN_WORKERS),
};
enum { FIRST_VALUE = 2, N_GROUP_ROWS = FIRST_VALUE + N_VALUES };

static const struct dyn_option state_rows[] = {
    {"state", NULL, NULL, NULL, "what it is called", DYN_TEXT, DYN_REQUIRED,
     offsetof(struct state, name), 0},
    {"fails", NULL, "late|retry|broken", NULL, "the failure that is expected", DYN_CHOICE, 0,
     offsetof(struct state, fails), 0},
};

static const struct option_table group_table = {group_rows, N_GROUP_ROWS};
static const struct option_table state_table = {state_rows, 2};

/* ---- A value that is expected: 3, 3+, 1..5, unknown; times as durations ---- */

struct expected {
    int64_t least;
    int64_t most;
    bool is_unknown;
    bool is_at_least;
};

static bool is_time(int32_t metric)
{
    return metric == DYN_LATENCY || metric == DYN_NEXT_DUE;
}

static int parse_number(const char *text, int32_t metric, int64_t *number)
{
    char *end;
    if (is_time(metric))
        return option_parse_duration(text, number, NULL);
    *number = strtoll(text, &end, 10);
    return isdigit((unsigned char)text[0]) && end[0] == '\0' ? 0 : -1;
}

static int parse_expected(const char *text, int32_t metric, struct expected *expected)
{
    *expected = (struct expected){0};
    expected->is_unknown = strcmp(text, "unknown") == 0;
    if (expected->is_unknown)
        return 0;
    size_t length = strlen(text);
    expected->is_at_least = length > 0 && text[length - 1] == '+';
    char *least = memory_copy_n(text, length - expected->is_at_least);
    char *dots = strstr(least, "..");
    const char *most = dots != NULL ? dots + 2 : least;
    if (dots != NULL)
        dots[0] = '\0';
    int result = parse_number(least, metric, &expected->least) < 0 ||
                         parse_number(most, metric, &expected->most) < 0
                     ? -1
                     : 0;
    free(least);
    return result;
}

static bool is_as_expected(struct value value, const struct expected *expected)
{
    if (value.doubt == KNOWN_NOT || expected->is_unknown)
        return value.doubt == KNOWN_NOT && expected->is_unknown;
    return value.number >= expected->least && value.number <= expected->most &&
           (value.doubt == KNOWN_AT_LEAST) == expected->is_at_least;
}

/* ---- Reading ---- */

static void check_values(struct config *config, const struct config_node *node,
                         const struct group *group)
{
    struct expected expected;
    for (int32_t i = 0; i < N_VALUES; i++)
        if (group->values[i] != NULL && parse_expected(group->values[i], i, &expected) < 0)
            config_mistake(config, config_get(node, group_rows[FIRST_VALUE + i].name),
                           "%s must be %s, with a + where the true value may be greater, a range "
                           "or unknown",
                           group_rows[FIRST_VALUE + i].name,
                           is_time(i) ? "a duration such as 10s" : "a number such as 3");
}

static struct group read_group(struct config *config, const struct config_node *node)
{
    static const char *const none[] = {""};
    struct group group;
    option_init(group_table, &group);
    if (config_kind(node) == CONFIG_MAP)
        option_fill(group_table, config, node, none, 0, &group);
    else
        config_mistake(config, node, "a group must be a map such as { queues: [a], waiting: 1 }");
    option_complete(group_table, config, node, &group);
    check_values(config, node, &group);
    return group;
}

static void read_groups(struct config *config, const struct config_node *node, struct state *state)
{
    const struct config_node *groups = config_get(node, "groups");
    bool is_list = groups != NULL && config_kind(groups) == CONFIG_LIST;
    state->n_groups = is_list ? config_count(groups) : 0;
    state->groups = memory_new(state->n_groups, sizeof *state->groups);
    for (size_t i = 0; i < state->n_groups; i++)
        state->groups[i] = read_group(config, config_item(groups, i));
    if (state->n_groups == 0 && state->fails < 0)
        config_mistake(config, groups != NULL ? groups : node,
                       "a state needs a list of groups, or tells how it fails: retry or broken");
}

static struct state read_state(struct config *config, const struct config_node *node)
{
    static const char *const others[] = {"make", "groups"};
    struct state state = {0};
    option_init(state_table, &state);
    if (config_kind(node) != CONFIG_MAP) {
        config_mistake(config, node, "a state must be a map with a name, state: NAME");
        return state;
    }
    option_fill(state_table, config, node, others, 2, &state);
    option_complete(state_table, config, node, &state);
    const struct config_node *make = config_get(node, "make");
    state.make = make != NULL ? config_text(make) : "";
    read_groups(config, node, &state);
    return state;
}

struct states *states_read(const char *path, struct text *mistakes)
{
    struct states *states = memory_new(1, sizeof *states);
    struct config *config = states->config = config_read(path);
    const struct config_node *root = config_root(config);
    const struct config_node *list = root != NULL ? config_get(root, "states") : NULL;
    if (list != NULL && config_kind(list) == CONFIG_LIST) {
        states->n = config_count(list);
        states->states = memory_new(states->n, sizeof *states->states);
        for (size_t i = 0; i < states->n; i++)
            states->states[i] = read_state(config, config_item(list, i));
    } else if (config_mistakes(config) == 0) {
        config_mistake(config, root, "states must be a list of what to make and what to expect");
    }
    if (config_mistakes(config) == 0)
        return states;
    config_print_mistakes(config, mistakes);
    states_free(states);
    return NULL;
}

void states_free(struct states *states)
{
    if (states == NULL)
        return;
    for (size_t i = 0; i < states->n; i++) {
        for (size_t g = 0; g < states->states[i].n_groups; g++)
            option_fini(group_table, &states->states[i].groups[g]);
        option_fini(state_table, &states->states[i]);
        free(states->states[i].groups);
    }
    config_free(states->config);
    free(states->states);
    free(states);
}

size_t states_count(const struct states *states)
{
    return states != NULL ? states->n : 0;
}

const char *states_name(const struct states *states, size_t i)
{
    return states->states[i].name;
}

const void *states_get(const struct states *states, size_t i)
{
    return &states->states[i];
}

/* ---- Checking ---- */

/* The script finds the options as OPTION_URL and so on. */
static void tell_options(const struct host *host)
{
    for (size_t i = 0; i < host->plugin->table.n_options; i++) {
        const struct dyn_option *row = &host->plugin->options[i];
        struct text name = {0};
        struct text value = {0};
        text_add_format(&name, "OPTION_%s", row->name);
        for (char *at = name.chars; at[0] != '\0'; at++)
            at[0] = (char)toupper((unsigned char)at[0]);
        subject_print(row, host->config, &value);
        setenv(text_chars(&name), text_chars(&value), 1);
        text_fini(&name);
        text_fini(&value);
    }
}

static void make(const struct state *state)
{
    trial_doing("making the state");
    int status = state->make[0] != '\0' ? system(state->make) : 0;
    if (status != 0)
        trial_fail("what makes the state failed, with the exit status %d",
                   WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void add_value(struct value value, int32_t metric, struct text *out)
{
    if (value.doubt == KNOWN_NOT)
        text_add(out, "unknown");
    else if (is_time(metric))
        option_print_duration(value.number, out);
    else
        text_add_format(out, "%" PRId64, value.number);
    text_add(out, value.doubt == KNOWN_AT_LEAST ? "+" : "");
}

static void compare(const struct host *host, const struct state *state, uint32_t i)
{
    struct expected expected;
    for (int32_t metric = 0; metric < N_VALUES; metric++) {
        const char *wanted = state->groups[i].values[metric];
        struct value value = host->told[i].values[metric];
        if (wanted == NULL || parse_expected(wanted, metric, &expected) < 0 ||
            is_as_expected(value, &expected))
            continue;
        struct text got = {0};
        add_value(value, metric, &got);
        trial_fail("group %" PRIu32 ": %s is %s, and must be %s", i + 1,
                   group_rows[FIRST_VALUE + metric].name, text_chars(&got), wanted);
    }
}

static struct dyn_group group_of(const struct group *group)
{
    struct dyn_group wanted = {.name = "group",
                               .cap = group->cap,
                               .queues = group->queues.items,
                               .n_queues = (uint32_t)group->queues.n};
    for (int32_t metric = 0; metric < N_VALUES; metric++)
        if (group->values[metric] != NULL)
            wanted.metrics |= DYN_BIT(metric);
    return wanted;
}

static void check_code(const struct host *host, const struct state *state, int32_t code)
{
    int32_t wanted = state->fails < 0 ? DYN_OK : state->fails + DYN_LATE;
    if (code != wanted)
        trial_fail("measure() returned %s, and must return %s%s%s", code_name(code),
                   code_name(wanted), host->failure[0] != '\0' ? ": " : "", host->failure);
}

void states_check(const struct subject *subject, const void *argument)
{
    const struct state *state = argument;
    struct host *host = host_opened(subject);
    if (!host_can(host, MEASURE))
        trial_fail("it is no queue adapter, so there is nothing to measure");
    struct dyn_group *groups = memory_new(state->n_groups, sizeof *groups);
    for (size_t i = 0; i < state->n_groups; i++)
        groups[i] = group_of(&state->groups[i]);
    tell_options(host);
    make(state);
    check_code(host, state,
               host_call_with(host, MEASURE, groups, (uint32_t)state->n_groups, HOST_TIMEOUT_MS));
    for (uint32_t i = 0; state->fails < 0 && i < state->n_groups; i++)
        compare(host, state, i);
    host_close(host);
    free(groups);
}
