/* SPDX-License-Identifier: MIT
 * What a configuration means, or what is wrong with it: reads the file that is named and prints
 * the mistakes, or else the settings. The tool of the cases in this folder. */
#include "core/config.h"
#include "core/detect.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void show_duration(const char *name, int64_t ms)
{
    struct text text = {0};
    option_print_duration(ms, &text);
    printf("  %s: %s\n", name, text_chars(&text));
    text_fini(&text);
}

static void show_rule(const struct rule *rule)
{
    struct text at_least = {0};
    if (rule->kind == RULE_LATENCY)
        option_print_duration(rule->at_least, &at_least);
    else
        text_add_format(&at_least, "%" PRId64, rule->at_least);
    printf("  rule: %s %s: %" PRId32 " dynos", rule->kind == RULE_LATENCY ? "latency" : "at_least",
           text_chars(&at_least), rule->dynos);
    if (rule->release_below > 0)
        printf(", until below %" PRId64, rule->release_below);
    putchar('\n');
    text_fini(&at_least);
}

static void show_ramp(const char *name, const struct ramp *ramp)
{
    printf("  %s: %" PRId64 " ms", name, ramp->after_ms);
    if (ramp->step > 0)
        printf(", %" PRId32 "%s each %" PRId64 " ms", ramp->step, ramp->is_percent ? "%" : "",
               ramp->every_ms);
    putchar('\n');
}

/* What differs from what nobody wrote. */
static void show_scaling(const struct policy *policy)
{
    static const char *const protects[] = {"idle", "all", "none"};
    if (policy->up.after_ms != 0 || policy->up.step != 0)
        show_ramp("up", &policy->up);
    if (policy->down.after_ms != 300000 || policy->down.step != 0)
        show_ramp("down", &policy->down);
    if (policy->protect != PROTECT_NONE || policy->protect_ms != 0)
        printf("  protect: %s for %" PRId64 " ms\n", protects[policy->protect], policy->protect_ms);
    if (policy->linger_ms != 0)
        show_duration("linger", policy->linger_ms);
    if (policy->boot_ms >= 0)
        show_duration("boot", policy->boot_ms);
    if (policy->wake != 1)
        printf("  wake: %" PRId64 "\n", policy->wake);
    if (policy->counts_busy)
        puts("  counts busy");
}

static void show_policy(const struct policy *policy)
{
    for (size_t i = 0; i < policy->n_rules; i++)
        show_rule(&policy->rules[i]);
    if (policy->per_dyno > 0)
        printf("  per_dyno: %" PRId64 "\n", policy->per_dyno);
    printf("  min: %" PRId32 "\n", policy->min);
    if (policy->max != INT32_MAX)
        printf("  max: %" PRId32 "\n", policy->max);
    show_duration("stale", policy->stale_ms);
    show_duration("hold", policy->hold_ms);
    if (policy->then >= 0)
        printf("  then: %" PRId32 "\n", policy->then);
    show_scaling(policy);
}

/* The window, and the policy that is then in force. */
static void show_entry(const struct schedule_entry *entry, const struct policy *policy)
{
    printf("  schedule: %s, %s\n", entry->words, zone_name(entry->zone));
    for (size_t i = 0; i < policy->n_rules; i++) {
        printf("  ");
        show_rule(&policy->rules[i]);
    }
    printf("    min %" PRId32 ", max %" PRId32 ", per_dyno %" PRId64 "\n", policy->min, policy->max,
           policy->per_dyno);
}

static void show_policies(const struct pool_spec *pool)
{
    show_policy(&pool->policy);
    for (size_t i = 0; i < pool->schedule.n; i++)
        show_entry(&pool->schedule.entries[i], &pool->scheduled[i]);
}

static void show_pool(const struct settings *settings, const struct pool_spec *pool)
{
    printf("pool %s\n", pool->name);
    printf("  process: %s\n", pool->process);
    for (size_t i = 0; i < pool->n_sources; i++)
        printf("  queue: %s\n", settings->instances[pool->sources[i]].name);
    printf("  scaler: %s\n", settings->instances[pool->scaler].name);
    if (pool->n_queues == 0)
        printf("  queues: all\n");
    for (size_t i = 0; i < pool->n_queues; i++)
        printf("  queues: %s\n", pool->queues[i]);
    for (size_t i = 0; i < pool->n_uses; i++)
        printf("  uses: %" PRId64 " of %s\n", pool->uses[i].amount,
               settings->limits[pool->uses[i].limit].name);
    show_duration("interval", pool->interval_ms);
    show_policies(pool);
    if (pool->shadow != NULL) {
        puts(" shadow");
        show_policies(pool->shadow);
    }
    if (pool->respect_ms > 0)
        show_duration("respect", pool->respect_ms);
}

static void show_options(const struct instance_spec *spec, const char *before)
{
    for (size_t i = 0; i < spec->plugin->table.n_options; i++) {
        struct text text = {0};
        option_print(&spec->plugin->options[i], spec->options, &text);
        printf("%s%s: %s\n", before, spec->plugin->options[i].name, text_chars(&text));
        text_fini(&text);
    }
}

static void show_instance(const struct instance_spec *spec)
{
    struct detect_options options = detect_options_of(spec);
    printf("%s %s\n", spec->kind == INSTANCE_QUEUE ? "queue" : "scaler", spec->name);
    show_duration("timeout", spec->timeout_ms);
    if (spec->kind == INSTANCE_SCALER)
        show_duration("read_every", spec->read_every_ms);
    show_options(spec, "  ");
    for (size_t i = 0; i < options.n; i++) {
        printf("  candidate %s at %s\n", options.candidates[i].spec.plugin->table.name,
               detect_place(&options.candidates[i]));
        show_options(&options.candidates[i].spec, "    ");
    }
}

/* The state folder is shown where the file names it: the usual one depends on the user. */
static void show(const struct settings *settings, bool has_state)
{
    if (has_state)
        printf("state %s\n", settings->state);
    for (size_t i = 0; i < settings->n_pools; i++)
        show_pool(settings, &settings->pools[i]);
    for (size_t i = 0; i < settings->n_instances; i++)
        show_instance(&settings->instances[i]);
}

static void show_mistakes(struct config *config)
{
    struct text text = {0};
    config_print_mistakes(config, &text);
    fputs(text_chars(&text), stdout);
    text_fini(&text);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: show_settings FILE\n");
        return 2;
    }
    struct config *config = config_read(argv[1]);
    struct settings *settings = settings_read(config);
    if (settings != NULL)
        show(settings, config_get(config_root(config), "state") != NULL);
    else
        show_mistakes(config);
    config_free(config);
    bool is_good = settings != NULL;
    settings_free(settings);
    return is_good ? 0 : 1;
}
