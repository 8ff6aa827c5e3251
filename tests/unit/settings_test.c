/* SPDX-License-Identifier: MIT
 * What the cases of tests/config cannot show: the struct itself, and that no file whatever makes
 * the host fall over, or be silent about why it does not run. */
#include "core/memory.h"
#include "core/settings.h"
#include "tests/support/suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char good[] =
    "# A file with all that there is.\n"
    "queue: &q { adapter: sample_queue, url: \"${SETTINGS_TEST_URL:-sample:jobs}\", waiting: 3 }\n"
    "scaler:\n"
    "  backend: sample_scaler\n"
    "  app: 'shop'\n"
    "  token: t0ken # not really\n"
    "interval: 2s\n"
    "on_unknown: { hold: 5m, then: 3 }\n"
    "rules:\n"
    "  - { at_least: 10, dynos: 5 }\n"
    "  - latency: 30s\n"
    "    dynos: 8\n"
    "schedule:\n"
    "  - { days: [mon-thu, sat], from: '08:00', to: 06:00, zone: Europe/Brussels, min: 4 }\n"
    "  - { dates: 2026-12-24..2026-12-26, per_dyno: 3, rules: [{ latency: 5s, dynos: 2 }] }\n"
    "pools:\n"
    "  worker: { queues: [default, mailers], min: 1, max: 20 }\n";

static char *good_text(void)
{
    return memory_copy(good);
}

static struct settings *read_text(const char *chars, size_t length, char **mistakes)
{
    struct config *config = config_parse("test.yml", chars, length);
    struct settings *settings = settings_read(config);
    struct text out = {0};
    config_print_mistakes(config, &out);
    CHECK_INT(settings == NULL, config_mistakes(config) > 0);
    CHECK_INT(settings == NULL, out.length > 0);
    *mistakes = text_take(&out);
    config_free(config);
    return settings;
}

static void settings_outlive_the_file(void)
{
    char *text = good_text();
    char *mistakes;
    struct settings *settings = read_text(text, strlen(text), &mistakes);
    free(text);
    CHECK_TEXT(mistakes, "");
    free(mistakes);
    CHECK(settings != NULL);
    if (settings == NULL)
        return;
    CHECK_TEXT(settings->path, "test.yml");
    CHECK_INT(settings->n_pools, 1);
    CHECK_INT(settings->n_instances, 2);
    const struct pool_spec *pool = &settings->pools[0];
    CHECK_TEXT(pool->name, "worker");
    CHECK_TEXT(pool->process, "worker");
    CHECK_INT(pool->n_queues, 2);
    CHECK_TEXT(pool->queues[1], "mailers");
    CHECK_INT(pool->interval_ms, 2000);
    CHECK_INT(pool->policy.n_rules, 2);
    CHECK_INT(pool->policy.rules[1].kind, RULE_LATENCY);
    CHECK_INT(pool->policy.rules[1].at_least, 30000);
    CHECK_INT(pool->policy.max, 20);
    CHECK_INT(pool->policy.hold_ms, 300000);
    CHECK_INT(pool->policy.then, 3);
    CHECK_INT(pool->policy.stale_ms, 11000);
    CHECK_INT(pool->schedule.n, 2);
    CHECK_TEXT(pool->schedule.entries[0].words, "mon-thu,sat 08:00-06:00: min 4");
    CHECK_INT(pool->scheduled[0].min, 4);
    CHECK(pool->scheduled[0].rules == pool->policy.rules);
    CHECK_INT(pool->scheduled[1].rules[0].at_least, 5000);
    CHECK_INT(pool->scheduled[1].stale_ms, 11000);
    const struct instance_spec *queue = &settings->instances[pool->sources[0]];
    const struct instance_spec *scaler = &settings->instances[pool->scaler];
    CHECK_INT(queue->kind, INSTANCE_QUEUE);
    CHECK_TEXT(queue->plugin->table.name, "sample_queue");
    CHECK_INT(queue->timeout_ms, 5000);
    CHECK_INT(scaler->kind, INSTANCE_SCALER);
    CHECK_INT(scaler->timeout_ms, 10000);
    CHECK_INT(scaler->read_every_ms, 30000);
    settings_free(settings);
}

static void null_is_freed_as_any_other(void)
{
    settings_free(NULL);
    char *mistakes;
    CHECK(read_text("", 0, &mistakes) == NULL);
    free(mistakes);
}

/* ---- Files that went wrong on their way ---- */

/* Reads it, and that is all: read_text() checks that it is read, or else that it is told why. */
static void check_is_told(const char *chars, size_t length)
{
    char *mistakes;
    settings_free(read_text(chars, length, &mistakes));
    CHECK(strstr(mistakes, "t0ken") == NULL);
    free(mistakes);
}

static void every_beginning_of_a_file_is_read_or_told(void)
{
    char *text = good_text();
    for (size_t length = 0; length <= strlen(text); length++)
        check_is_told(text, length);
    free(text);
}

/* xorshift: the same numbers on every machine. */
static uint32_t roll(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void every_changed_byte_is_read_or_told(void)
{
    static const char signs[] = "\"'{}[]:,#&*!|>-?%@`~$ \n\t\r\\0a\xFF\x01";
    uint32_t state = 2463534242;
    char *text = good_text();
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        char before = text[i];
        text[i] = (char)roll(&state);
        check_is_told(text, length);
        text[i] = signs[roll(&state) % (sizeof signs - 1)];
        check_is_told(text, length);
        text[i] = before;
    }
    free(text);
}

/* Parts of the file in another place, doubled or left out. */
static void shuffled_files_are_read_or_told(void)
{
    uint32_t state = 88675123;
    char *text = good_text();
    size_t length = strlen(text);
    for (int round = 0; round < 1500; round++) {
        struct text out = {0};
        for (uint32_t parts = roll(&state) % 5; parts < 6; parts++) {
            size_t from = roll(&state) % length;
            text_add_n(&out, text + from, roll(&state) % (length - from));
        }
        check_is_told(text_chars(&out), out.length);
        text_fini(&out);
    }
    free(text);
}

/* ---- Files that somebody made to do harm ---- */

static void many_pools_end_soon(void)
{
    struct text text = {0};
    char *start = good_text();
    text_add_n(&text, start, (size_t)(strstr(start, "pools:") - start));
    text_add(&text, "pools:\n");
    for (int i = 0; i < 10000; i++)
        text_add_format(&text, "  p%d: { min: 1 }\n", i);
    char *mistakes;
    struct settings *settings = read_text(text_chars(&text), text.length, &mistakes);
    CHECK_TEXT(mistakes, "");
    CHECK_INT(settings != NULL ? settings->n_pools : 0, 10000);
    CHECK_INT(settings != NULL ? settings->n_instances : 0, 2);
    settings_free(settings);
    free(mistakes);
    text_add(&text, "  one_more: { min: 1 }\n");
    CHECK(read_text(text_chars(&text), text.length, &mistakes) == NULL);
    CHECK_HAS(mistakes, "there are more than 10000 pools");
    free(mistakes);
    text_fini(&text);
    free(start);
}

static char *pools_with(int n, const char *format)
{
    struct text text = {0};
    char *start = good_text();
    text_add_n(&text, start, (size_t)(strstr(start, "pools:") - start));
    text_add(&text, "pools:\n");
    for (int i = 0; i < n; i++)
        text_add_format(&text, "  p%d: %s\n", i, format);
    free(start);
    return text_take(&text);
}

/* Each is counted once, and the first of them are shown, however many there are. */
static void mistakes_of_many_pools_are_told_and_counted(void)
{
    char *text = pools_with(10000, "{ mni: 1 }");
    char *mistakes;
    CHECK(read_text(text, strlen(text), &mistakes) == NULL);
    CHECK_HAS(mistakes, "test.yml:17:9: unknown key \"mni\"; did you mean \"min\"?");
    CHECK_HAS(mistakes, "test.yml:66:10: unknown key \"mni\"");
    CHECK(strstr(mistakes, "test.yml:67") == NULL);
    CHECK_HAS(mistakes, "test.yml: and 9950 more mistakes\n");
    free(mistakes);
    free(text);
}

/* What pools inherit is one mistake, also where it comes after the first fifty. */
static void mistakes_that_pools_inherit_are_counted_once(void)
{
    struct text text = {0};
    char *pools = pools_with(100, "{ mni: 1 }");
    text_add(&text, "per_dyno: none\nboot: soon\n");
    text_add(&text, pools);
    char *mistakes;
    CHECK(read_text(text_chars(&text), text.length, &mistakes) == NULL);
    CHECK_HAS(mistakes, "test.yml:1:11: per_dyno");
    CHECK_HAS(mistakes, "test.yml: and 52 more mistakes\n");
    free(mistakes);
    text_fini(&text);
    free(pools);
}

static struct settings *read_pools(const char *pools)
{
    struct text text = {0};
    char *mistakes;
    char *start = good_text();
    text_add_n(&text, start, (size_t)(strstr(start, "schedule:") - start));
    text_add(&text, pools);
    struct settings *settings = read_text(text_chars(&text), text.length, &mistakes);
    CHECK_TEXT(mistakes, "");
    free(mistakes);
    free(start);
    text_fini(&text);
    return settings;
}

static void pools_of_the_same_rules_share_them(void)
{
    struct settings *settings =
        read_pools("pools:\n"
                   "  a: {}\n"
                   "  b: { schedule: [{ days: mon, min: 1 }, { days: tue, rules: [{ latency: 1s, "
                   "dynos: 1 }] }] }\n"
                   "  c: { rules: [{ at_least: 10, dynos: 5 }, { latency: 30s, dynos: 8 }] }\n"
                   "  d: { rules: [{ latency: 1s, dynos: 1 }] }\n"
                   "  e: { rules: [{ latency: 1s, dynos: 1, release_below: 1s }] }\n");
    if (settings == NULL)
        return;
    const struct pool_spec *pools = settings->pools;
    CHECK(pools[1].policy.rules == pools[0].policy.rules);
    CHECK(pools[1].scheduled[0].rules == pools[0].policy.rules);
    CHECK(pools[2].policy.rules == pools[0].policy.rules);
    CHECK(pools[3].policy.rules != pools[0].policy.rules);
    CHECK(pools[3].policy.rules == pools[1].scheduled[1].rules);
    CHECK(pools[4].policy.rules != pools[3].policy.rules);
    CHECK_INT(pools[4].policy.rules[0].release_below, 1000);
    settings_free(settings);
}

static void many_rules_and_keys_end_soon(void)
{
    struct text text = {0};
    char *start = good_text();
    text_add_n(&text, start, (size_t)(strstr(start, "rules:") - start));
    text_add(&text, "rules:\n");
    for (int i = 0; i < POLICY_MOST_RULES; i++)
        text_add_format(&text, "  - { at_least: %d, dynos: %d }\n", i, i);
    char *mistakes;
    settings_free(read_text(text_chars(&text), text.length, &mistakes));
    CHECK_TEXT(mistakes, "");
    free(mistakes);
    text_add(&text, "  - { at_least: 500, dynos: 500 }\n");
    CHECK(read_text(text_chars(&text), text.length, &mistakes) == NULL);
    CHECK_HAS(mistakes, "rules has more than 64 items");
    free(mistakes);
    for (int i = 0; i < 20000; i++)
        text_add_format(&text, "unknown_key_%d: 1\n", i);
    CHECK(read_text(text_chars(&text), text.length, &mistakes) == NULL);
    CHECK_HAS(mistakes, "more mistakes\n");
    free(mistakes);
    text_fini(&text);
    free(start);
}

/* What a file says of its one adapter's process: 1, 0, -1 with a mistake. */
static int isolates(const char *isolate)
{
    char *mistakes;
    char *text = memory_format("queue: { adapter: sample_queue, url: 'sample:jobs'%s }\n"
                               "scaler: { backend: sample_scaler, app: shop, token: t }\n"
                               "rules: [{ at_least: 1, dynos: 1 }]\n",
                               isolate);
    struct settings *settings = read_text(text, strlen(text), &mistakes);
    int answer = settings != NULL ? settings->instances[0].is_isolated : -1;
    settings_free(settings);
    free(mistakes);
    free(text);
    return answer;
}

/* The test's plugins came from elsewhere. */
static void plugins_from_elsewhere_are_isolated(void)
{
    CHECK_INT(isolates(""), 1);
    CHECK_INT(isolates(", isolate: yes"), 1);
    CHECK_INT(isolates(", isolate: no"), 0);
    CHECK_INT(isolates(", isolate: 7"), -1);
}

static void what_is_isolated_is_not_shared(void)
{
    static const char text[] =
        "queue: { adapter: sample_queue, url: 'sample:jobs' }\n"
        "scaler: { backend: sample_scaler, app: shop, token: t }\n"
        "rules: [{ at_least: 1, dynos: 1 }]\n"
        "pools: { a: {}, b: { queue: { isolate: no } }, c: { queue: { isolate: yes } } }\n";
    char *mistakes;
    struct settings *settings = read_text(text, sizeof text - 1, &mistakes);
    CHECK_TEXT(mistakes, "");
    if (settings != NULL) {
        CHECK(settings->pools[0].sources[0] != settings->pools[1].sources[0]);
        CHECK(settings->pools[0].sources[0] == settings->pools[2].sources[0]);
    }
    settings_free(settings);
    free(mistakes);
}

static const struct test tests[] = {
    {"settings outlive the file", settings_outlive_the_file},
    {"NULL and nothing are freed as any other", null_is_freed_as_any_other},
    {"every beginning of a file is read or told", every_beginning_of_a_file_is_read_or_told},
    {"every changed byte is read or told", every_changed_byte_is_read_or_told},
    {"shuffled files are read or told", shuffled_files_are_read_or_told},
    {"plugins from elsewhere are isolated, unless told otherwise",
     plugins_from_elsewhere_are_isolated},
    {"what is isolated is not shared with what is not", what_is_isolated_is_not_shared},
    {"many pools end soon", many_pools_end_soon},
    {"mistakes of many pools are told and counted", mistakes_of_many_pools_are_told_and_counted},
    {"mistakes that pools inherit are counted once", mistakes_that_pools_inherit_are_counted_once},
    {"pools of the same rules share them", pools_of_the_same_rules_share_them},
    {"many rules and keys end soon", many_rules_and_keys_end_soon},
};

int main(int argc, char **argv)
{
    const char *top = getenv("top_builddir");
    char *folder = memory_format("%s/tests/plugin/.libs", top != NULL ? top : ".");
    setenv("DYNOMATIC_PLUGIN_PATH", folder, 1);
    free(folder);
    return suite_run("settings", tests, sizeof tests / sizeof tests[0], argc, argv);
}
