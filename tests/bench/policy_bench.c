/* SPDX-License-Identifier: MIT
 * How fast the policy decides, beside a loop that only looks the rules up: no doubt, no steps, no
 * history. Both see the same readings in the same run; of each the best of several turns counts,
 * since only that is not disturbed by others. */
#include "core/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { READINGS = 1024, PASSES = 1000, TURNS = 7 };

static struct rule rules[] = {
    {RULE_JOBS, 0, 1, 0},    {RULE_JOBS, 10, 5, 0},       {RULE_JOBS, 20, 10, 0},
    {RULE_JOBS, 30, 15, 0},  {RULE_LATENCY, 30000, 8, 0}, {RULE_LATENCY, 120000, 12, 0},
    {RULE_JOBS, 100, 20, 0}, {RULE_JOBS, 500, 30, 0},
};
enum { N_RULES = sizeof rules / sizeof rules[0] };

static const struct policy policy = {
    .rules = rules,
    .n_rules = N_RULES,
    .min = 1,
    .max = 25,
    .stale_ms = 10000,
    .hold_ms = 600000,
    .then = -1,
    .up = {.after_ms = 10000, .step = 10, .every_ms = 60000},
    .down = {.after_ms = 300000, .step = 50, .is_percent = true, .every_ms = 60000},
    .protect = PROTECT_IDLE,
    .wake = 1,
};

static struct reading readings[READINGS];

/* All cases in turn, so that no branch is learnt by heart: most known, some in doubt. */
static void make_readings(void)
{
    uint64_t dice = 88172645463325252u;
    for (size_t i = 0; i < READINGS; i++) {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        readings[i] = (struct reading){.at_ms = 1000,
                                       .waiting = {(int64_t)(dice % 700), KNOWN_EXACT},
                                       .latency = {(int64_t)(dice >> 20 & 0x3FFFF), KNOWN_EXACT}};
        if ((dice >> 50 & 7) == 0)
            readings[i].waiting.doubt = (dice >> 55 & 1) != 0 ? KNOWN_NOT : KNOWN_AT_LEAST;
    }
}

static int64_t decide_all(void)
{
    struct history history = {0};
    int64_t sum = 0;
    for (size_t i = 0; i < READINGS; i++) {
        struct inputs inputs = {
            .reading = readings[i],
            .now_ms = 2000 + (int64_t)i,
            .present = (int32_t)(i % 20),
            .names_busy = true,
        };
        sum += policy_decide(&policy, &history, &inputs).size;
    }
    return sum;
}

static int32_t look_up(const struct policy *bare, const struct reading *reading)
{
    int32_t dynos = bare->min;
    for (size_t i = 0; i < bare->n_rules; i++) {
        const struct rule *rule = &bare->rules[i];
        int64_t number =
            rule->kind == RULE_JOBS ? reading->waiting.number : reading->latency.number;
        if (number >= rule->at_least && rule->dynos > dynos)
            dynos = rule->dynos;
    }
    return dynos < bare->max ? dynos : bare->max;
}

static int64_t look_all_up(void)
{
    int64_t sum = 0;
    for (size_t i = 0; i < READINGS; i++)
        sum += look_up(&policy, &readings[i]);
    return sum;
}

static volatile int64_t sink; /* what nobody reads would not be computed */

static double ns_each(int64_t (*all)(void))
{
    struct timespec from;
    struct timespec to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < PASSES; i++)
        sink += all();
    clock_gettime(CLOCK_MONOTONIC, &to);
    double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
    return ns / ((double)PASSES * READINGS);
}

int main(void)
{
    double decide_ns = 1e9;
    double look_up_ns = 1e9;
    make_readings();
    for (int i = 0; i < TURNS; i++) {
        double a = ns_each(decide_all);
        double b = ns_each(look_all_up);
        decide_ns = a < decide_ns ? a : decide_ns;
        look_up_ns = b < look_up_ns ? b : look_up_ns;
    }
    printf("policy: %.1f million decisions a second, %.0f ns each; with %d rules %.1f times a bare "
           "look-up (%.0f ns)\n",
           1e3 / decide_ns, decide_ns, (int)N_RULES, decide_ns / look_up_ns, look_up_ns);
    return 0;
}
