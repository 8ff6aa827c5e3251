/* SPDX-License-Identifier: MIT
 * A decision as one line for people, the units humanised. */
#include "core/policy.h"

#include <inttypes.h>

static void add_dynos(int32_t dynos, struct text *out)
{
    text_add_format(out, "%" PRId32 " %s", dynos, dynos == 1 ? "dyno" : "dynos");
}

static void add_waiting(struct value waiting, struct text *out)
{
    if (waiting.doubt == KNOWN_NOT)
        text_add(out, "waiting unknown");
    else
        text_add_format(out, "%s%" PRId64 " waiting",
                        waiting.doubt == KNOWN_AT_LEAST ? "at least " : "", waiting.number);
}

static void add_latency(struct value latency, struct text *out)
{
    if (latency.doubt == KNOWN_NOT) {
        text_add(out, "oldest unknown");
        return;
    }
    text_add(out, latency.doubt == KNOWN_AT_LEAST ? "oldest at least " : "oldest ");
    text_add_ms(out, latency.number);
}

static void add_busy(struct value busy, struct text *out)
{
    if (busy.doubt == KNOWN_NOT)
        text_add(out, "busy unknown");
    else
        text_add_format(out, "%s%" PRId64 " busy", busy.doubt == KNOWN_AT_LEAST ? "at least " : "",
                        busy.number);
}

/* What the policy looks at, and what else is known. An empty queue has no oldest job. */
static void add_reading(const struct policy *policy, const struct reading *reading,
                        struct text *out)
{
    bool is_empty = reading->waiting.doubt == KNOWN_EXACT && reading->waiting.number == 0;
    bool has_waiting = policy_wants_waiting(policy) || reading->waiting.doubt != KNOWN_NOT;
    bool has_latency =
        !is_empty && (policy_wants_latency(policy) || reading->latency.doubt != KNOWN_NOT);
    if (has_waiting)
        add_waiting(reading->waiting, out);
    if (policy->counts_busy) {
        text_add(out, ", ");
        add_busy(reading->busy, out);
    }
    if (has_waiting && has_latency)
        text_add(out, ", ");
    if (has_latency)
        add_latency(reading->latency, out);
    if (!has_waiting && !has_latency)
        text_add(out, "nothing to look at");
}

/* Why there was no vote. */
static void add_blindness(const struct policy *policy, const struct reading *reading,
                          struct text *out)
{
    bool is_unknown = (!policy_wants_waiting(policy) || reading->waiting.doubt == KNOWN_NOT) &&
                      (!policy_wants_latency(policy) || reading->latency.doubt == KNOWN_NOT);
    if (reading->at_ms <= 0) {
        text_add(out, "not measured yet");
        return;
    }
    if (!is_unknown)
        text_add(out, "last measured too long ago: ");
    add_reading(policy, reading, out);
}

static void add_rule_name(const struct policy *policy, const struct step *step, struct text *out)
{
    int64_t at_least = policy->rules[step->rule].at_least;
    if (step->kind == STEP_JOBS)
        text_add_format(out, "rule at_least %" PRId64, at_least);
    else {
        text_add(out, "rule latency ");
        text_add_ms(out, at_least);
    }
}

/* A rule that would not be in force by itself says why it is. */
static void add_rule(const struct policy *policy, const struct step *step, struct text *out)
{
    const struct rule *rule = &policy->rules[step->rule];
    add_rule_name(policy, step, out);
    if (step->seen.number < rule->at_least && step->kind == STEP_JOBS)
        text_add_format(out, " until below %" PRId64, rule->release_below);
    else if (step->seen.number < rule->at_least) {
        text_add(out, " until below ");
        text_add_ms(out, rule->release_below);
    }
    text_add(out, ": ");
    add_dynos(step->after, out);
}

static void add_step_size(const struct ramp *ramp, struct text *out)
{
    text_add_format(out, "step %" PRId32 "%s", ramp->step, ramp->is_percent ? "%" : "");
    if (ramp->every_ms > 0) {
        text_add(out, " every ");
        text_add_ms(out, ramp->every_ms);
    }
}

static void add_step_text(const struct policy *policy, const struct decision *decision,
                          const struct step *step, struct text *out)
{
    switch (step->kind) {
    case STEP_JOBS:
    case STEP_LATENCY:
        add_rule(policy, step, out);
        break;
    case STEP_PER_DYNO:
        text_add_format(out, "per_dyno %" PRId64 ": ", policy->per_dyno);
        add_dynos(step->after, out);
        break;
    case STEP_BOOTING:
        add_rule_name(policy, step, out);
        text_add_format(out, " waits for dynos that boot: %" PRId32, step->after);
        break;
    case STEP_BELOW:
        text_add(out, "below every rule: ");
        add_dynos(step->after, out);
        break;
    case STEP_DOUBT:
        text_add_format(out, "not certain, so not lowered: %" PRId32, step->after);
        break;
    case STEP_HOLD:
        text_add_format(out, "held: %" PRId32, step->after);
        break;
    case STEP_THEN:
        text_add(out, "hold ");
        text_add_ms(out, policy->hold_ms);
        text_add_format(out, " is over, then: %" PRId32, step->after);
        break;
    case STEP_CRASHED:
        text_add_format(out, "%" PRId64 " of %" PRId32 " have crashed, so not raised: %" PRId32,
                        step->seen.number, step->after, step->after);
        break;
    case STEP_WAKE:
        text_add_format(out, "woken: %" PRId32, step->after);
        break;
    case STEP_DUE:
        text_add(out, "the next is due in ");
        text_add_ms(out, step->seen.number);
        text_add_format(out, ": %" PRId32, step->after);
        break;
    case STEP_LINGER:
        text_add(out, "linger ");
        text_add_ms(out, policy->linger_ms);
        text_add_format(out, ": %" PRId32, step->after);
        break;
    case STEP_UP_AFTER:
        text_add(out, "not wanted for ");
        text_add_ms(out, policy->up.after_ms);
        text_add_format(out, " yet: %" PRId32, step->after);
        break;
    case STEP_UP_STEP:
    case STEP_DOWN_STEP:
        add_step_size(step->kind == STEP_UP_STEP ? &policy->up : &policy->down, out);
        text_add_format(out, ": %" PRId32, step->after);
        break;
    case STEP_DOWN_AFTER:
        text_add(out, "wanted within ");
        text_add_ms(out, policy->down.after_ms);
        text_add_format(out, ": %" PRId32, step->after);
        break;
    case STEP_BUSY:
        add_busy(step->seen, out);
        text_add_format(out, ", so not lowered: %" PRId32, step->after);
        break;
    case STEP_UNPROTECTED:
        text_add(out, "busy spared for ");
        text_add_ms(out, policy->protect_ms);
        text_add_format(out, ", no longer: %" PRId32, step->after);
        break;
    case STEP_LIMIT:
        text_add_format(out, "limit %s leaves no more: %" PRId32, decision->room_of, step->after);
        break;
    case STEP_DRIFT:
        text_add(out, "set by somebody else, stays for another ");
        text_add_ms(out, step->seen.number);
        text_add_format(out, ": %" PRId32, step->after);
        break;
    case STEP_MIN:
        text_add_format(out, "min %" PRId32 ": %" PRId32, policy->min, step->after);
        break;
    case STEP_MAX:
        text_add_format(out, "max %" PRId32 ": %" PRId32, policy->max, step->after);
        break;
    case STEP_BY_HAND:
        text_add_format(out, "held at %" PRId32 " by hand", step->after);
        if (step->seen.number > step->after)
            text_add_format(out, " (%" PRId64 " asked for, no more can run)", step->seen.number);
        break;
    case STEP_PAUSED:
        text_add(out, "paused by hand");
        break;
    }
}

static bool is_blind(const struct decision *decision)
{
    for (size_t i = 0; i < decision->n_steps; i++)
        if (decision->steps[i].kind == STEP_HOLD || decision->steps[i].kind == STEP_THEN)
            return true;
    return false;
}

void policy_explain(const struct policy *policy, const struct decision *decision,
                    const struct reading *reading, struct text *out)
{
    if (is_blind(decision))
        add_blindness(policy, reading, out);
    else
        add_reading(policy, reading, out);
    for (size_t i = 0; i < decision->n_steps; i++) {
        text_add(out, "; ");
        add_step_text(policy, decision, &decision->steps[i], out);
    }
}
