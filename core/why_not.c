/* SPDX-License-Identifier: MIT
 * What stopped a size that might have been. */
#include "core/reading.h"
#include "core/why.h"

#include <inttypes.h>

/* A step that went past the size: it had been reached, and was no more. */
static bool has_crossed(const struct step *step, int32_t size, bool is_more)
{
    if (why_is_vote(step->kind))
        return false;
    return is_more ? step->before >= size && step->after < size
                   : step->before <= size && step->after > size;
}

static bool is_blind(const struct step *step)
{
    return step->kind == STEP_HOLD || step->kind == STEP_THEN;
}

static void add_step(const struct why *why, size_t i, struct text *out)
{
    const struct step *step = &why->decision.decision.steps[i];
    why_add_words(why, (int32_t)i, out);
    if (step->before != step->after)
        text_add_format(out, " (%" PRId32 " -> %" PRId32 ")", step->before, step->after);
    text_add(out, "\n");
}

/* Adds the steps that stopped it. Returns how many. */
static size_t add_steps(const struct why *why, int32_t size, bool is_more, struct text *out)
{
    size_t n = 0;
    for (size_t i = 0; i < why->decision.decision.n_steps; i++) {
        const struct step *step = &why->decision.decision.steps[i];
        if (!has_crossed(step, size, is_more) && !is_blind(step))
            continue;
        n++;
        text_add_format(out, "  not %" PRId32 "    ", size);
        add_step(why, i, out);
    }
    return n;
}

/* ---- More ---- */

static struct value jobs_of(const struct why *why, const struct policy *policy)
{
    const struct reading *reading = &why->decision.inputs.reading;
    return policy->counts_busy && reading->waiting.doubt != KNOWN_NOT
               ? value_sum(reading->waiting, reading->busy)
               : reading->waiting;
}

/* The rule of a kind that is reached first of those with so many dynos; NULL: there is none. */
static const struct rule *first_with(const struct policy *policy, enum rule_kind kind, int32_t size)
{
    const struct rule *first = NULL;
    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct rule *rule = &policy->rules[i];
        bool is_one = rule->kind == kind && rule->dynos >= size;
        if (is_one && (first == NULL || rule->at_least < first->at_least))
            first = rule;
    }
    return first;
}

static void add_jobs_needed(struct value jobs, int64_t needed, struct text *out)
{
    if (jobs.doubt == KNOWN_NOT)
        text_add(out, ", and how many wait is not known\n");
    else
        text_add_format(out, ": %" PRId64 " more must wait\n",
                        needed > jobs.number ? needed - jobs.number : 0);
}

static void add_age_needed(struct value latency, int64_t needed_ms, struct text *out)
{
    if (latency.doubt == KNOWN_NOT) {
        text_add(out, ", and how old the oldest is, is not known\n");
        return;
    }
    text_add(out, ": the oldest must be older by ");
    text_add_ms(out, needed_ms > latency.number ? needed_ms - latency.number : 0);
    text_add(out, "\n");
}

/* What it takes for each that would vote for so many. */
static void add_more(const struct why *why, int32_t size, const struct policy *policy,
                     struct text *out)
{
    const struct rule *jobs = first_with(policy, RULE_JOBS, size);
    const struct rule *latency = first_with(policy, RULE_LATENCY, size);
    if (size > policy->max)
        text_add_format(out, "           and max is %" PRId32 "\n", policy->max);
    if (jobs != NULL) {
        text_add_format(out, "           rule at_least %" PRId64 " gives %" PRId32, jobs->at_least,
                        jobs->dynos);
        add_jobs_needed(jobs_of(why, policy), jobs->at_least, out);
    }
    if (policy->per_dyno > 0) {
        text_add_format(out, "           per_dyno %" PRId64 " gives %" PRId32, policy->per_dyno,
                        size);
        add_jobs_needed(jobs_of(why, policy), policy->per_dyno * (size - 1) + 1, out);
    }
    if (latency != NULL) {
        text_add(out, "           rule latency ");
        text_add_ms(out, latency->at_least);
        text_add_format(out, " gives %" PRId32, latency->dynos);
        add_age_needed(why->decision.inputs.reading.latency, latency->at_least, out);
    }
    if (jobs == NULL && latency == NULL && policy->per_dyno == 0)
        text_add_format(out, "           no rule gives %" PRId32 " or more\n", size);
}

static void add_no_vote(const struct why *why, int32_t size, const struct policy *policy,
                        struct text *out)
{
    const struct decision *decision = &why->decision.decision;
    int32_t largest = -1;
    for (size_t i = 0; i < decision->n_steps; i++)
        if (why_is_vote(decision->steps[i].kind) && decision->steps[i].after > largest)
            largest = decision->steps[i].after;
    text_add_format(out, "  not %" PRId32 "    no vote asked for so many", size);
    if (largest >= 0)
        text_add_format(out, "; the largest was %" PRId32, largest);
    text_add(out, "\n");
    if (policy != NULL)
        add_more(why, size, policy, out);
}

/* ---- Fewer ---- */

/* How many fewer must wait before a rule lets go. */
static void add_fewer(const struct step *step, const struct policy *policy, struct text *out)
{
    if (policy == NULL || step->rule < 0 || (size_t)step->rule >= policy->n_rules)
        return;
    const struct rule *rule = &policy->rules[step->rule];
    int64_t below = rule->release_below > 0 ? rule->release_below : rule->at_least;
    int64_t less = step->seen.number - below + 1;
    if (step->kind == STEP_JOBS) {
        text_add_format(out, ", until %" PRId64 " fewer wait", less);
    } else if (step->kind == STEP_LATENCY) {
        text_add(out, ", until the oldest is younger by ");
        text_add_ms(out, less);
    }
}

static void add_votes(const struct why *why, int32_t size, const struct policy *policy,
                      struct text *out)
{
    for (size_t i = 0; i < why->decision.decision.n_steps; i++) {
        const struct step *step = &why->decision.decision.steps[i];
        if (!why_is_vote(step->kind) || step->after <= size)
            continue;
        text_add_format(out, "  not %" PRId32 "    ", size);
        why_add_words(why, (int32_t)i, out);
        text_add_format(out, " asked for %" PRId32, step->after);
        add_fewer(step, policy, out);
        text_add(out, "\n");
    }
}

void why_add_not(const struct why *why, int32_t size, const struct policy *policy, struct text *out)
{
    int32_t decided = why->decision.decision.size;
    bool is_more = size > decided;
    if (size == decided)
        text_add_format(out, "  not %" PRId32 "    it is what was decided\n", size);
    else if (add_steps(why, size, is_more, out) == 0 && is_more)
        add_no_vote(why, size, policy, out);
    else if (!is_more)
        add_votes(why, size, policy, out);
}
