/* SPDX-License-Identifier: MIT */
#include "core/policy.h"

#include "core/number.h"
#include "core/policy_vote.h"
#include "core/policy_window.h"

enum {
    BOOT_MS = 30000, /* until it is known */
    BOOT_MOST_MS = 600000,
    FRESH_MS = 2000 /* who was idle longer ago may have taken a job */
};

static void add_step(struct decision *decision, enum step_kind kind, int32_t before, int32_t after)
{
    policy_add_step(decision, (struct step){kind, before, after, -1, VALUE_UNKNOWN});
}

/* ---- What is noted before ---- */

int64_t policy_boot_ms(const struct policy *policy, const struct history *history)
{
    if (policy->boot_ms >= 0)
        return policy->boot_ms;
    return history->learned_boot_ms > 0 ? history->learned_boot_ms : BOOT_MS;
}

/* A pool that rose from none took its first job now: that is how long a dyno takes. */
static void learn_boot(struct history *history, int64_t now_ms)
{
    int64_t took_ms = now_ms - history->woken_ms;
    int64_t before_ms = history->learned_boot_ms;
    history->woken_ms = 0;
    if (took_ms <= BOOT_MOST_MS)
        history->learned_boot_ms = before_ms > 0 ? (3 * before_ms + took_ms) / 4 : took_ms;
}

static void note_work(const struct policy *policy, struct history *history,
                      const struct inputs *inputs)
{
    struct value waiting = policy_known(policy, inputs, inputs->reading.waiting);
    struct value busy = policy_known(policy, inputs, inputs->reading.busy);
    bool is_busy = busy.doubt != KNOWN_NOT && busy.number > 0;
    bool is_exact = waiting.doubt == KNOWN_EXACT;
    if (is_busy || (waiting.doubt != KNOWN_NOT && waiting.number > 0))
        history->worked_ms = inputs->now_ms;
    if (history->woken_ms != 0 &&
        (is_busy || (is_exact && waiting.number < history->woken_waiting)))
        learn_boot(history, inputs->now_ms);
    history->woken_waiting = is_exact ? waiting.number : 0;
}

static void note_present(const struct policy *policy, struct history *history,
                         const struct inputs *inputs)
{
    int32_t before = history->present;
    int64_t boot_ms = policy_boot_ms(policy, history);
    if (inputs->present < 0)
        return;
    if (history->has_past && before >= 0 && inputs->present > before) {
        /* While the credit of one growth runs another does not renew it, or a pool that grows
         * steadily would never heed the age of its jobs. */
        if (history->grown_ms == 0 || inputs->now_ms - history->grown_ms >= boot_ms)
            history->grown_ms = inputs->now_ms;
        if (before == 0 && history->woken_waiting > 0) /* by work, not by a schedule or a person */
            history->woken_ms = inputs->now_ms;
    }
    if (inputs->present == 0)
        history->woken_ms = 0;
    if (!history->has_past) { /* a restart stops nothing */
        window_least(&history->up, inputs->present, 0, inputs->now_ms);
        window_greatest(&history->down, inputs->present, 0, inputs->now_ms);
    }
    history->has_past = true;
    history->present = inputs->present;
}

/* ---- Doubt ---- */

/* No failure lowers a size: what is not known for certain may raise it only. */
static int32_t after_doubt(const struct tally *tally)
{
    if (!tally->is_in_doubt || tally->largest >= tally->present)
        return tally->largest;
    add_step(tally->decision, STEP_DOUBT, tally->largest, tally->present);
    return tally->present;
}

/* Nothing is known at all. */
static int32_t after_blindness(const struct policy *policy, const struct history *history,
                               const struct tally *tally, int64_t now_ms)
{
    int32_t size = greater(tally->present, 0);
    bool is_held = now_ms - history->blind_since_ms < policy->hold_ms;
    if (is_held || policy->then <= size) {
        add_step(tally->decision, STEP_HOLD, size, size);
        return size;
    }
    add_step(tally->decision, STEP_THEN, size, policy->then);
    return policy->then;
}

static void note_blindness(struct history *history, bool is_blind, int64_t now_ms)
{
    if (!is_blind)
        history->blind_since_ms = 0;
    else if (history->blind_since_ms == 0)
        history->blind_since_ms = now_ms;
}

static int32_t after_votes(const struct policy *policy, struct history *history,
                           const struct inputs *inputs, struct decision *decision)
{
    int64_t booted_ms = history->grown_ms + policy_boot_ms(policy, history);
    struct tally tally = {
        .decision = decision,
        .present = inputs->present,
        .is_booting = history->grown_ms != 0 && inputs->now_ms < booted_ms,
    };
    policy_vote(policy, history, inputs, &tally);
    bool is_blind = tally.is_in_doubt && !tally.has_voted;
    note_blindness(history, is_blind, inputs->now_ms);
    return is_blind ? after_blindness(policy, history, &tally, inputs->now_ms)
                    : after_doubt(&tally);
}

/* ---- Crashes ---- */

bool policy_is_crashing(int32_t crashed, int32_t present)
{
    return crashed > 0 && crashed >= present - crashed;
}

static int32_t after_crashes(const struct inputs *inputs, int32_t size, struct decision *decision)
{
    if (size <= inputs->present || !policy_is_crashing(inputs->crashed, inputs->present))
        return size;
    struct value seen = {inputs->crashed, KNOWN_EXACT};
    policy_add_step(decision, (struct step){STEP_CRASHED, size, inputs->present, -1, seen});
    return inputs->present;
}

/* ---- From none ---- */

/* Where no dyno would run although there is work, or will be by the time that one is there. */
static int32_t awake(const struct policy *policy, const struct history *history,
                     const struct inputs *inputs, int32_t size, struct decision *decision)
{
    struct value waiting = policy_known(policy, inputs, inputs->reading.waiting);
    struct value due = inputs->reading.next_due;
    int64_t left_ms = due.number - inputs->now_ms;
    if (size > 0)
        return size;
    if (waiting.doubt != KNOWN_NOT && policy->wake > 0 && waiting.number >= policy->wake) {
        policy_add_step(decision, (struct step){STEP_WAKE, size, 1, -1, waiting});
        return 1;
    }
    if (due.doubt != KNOWN_NOT && left_ms < policy_boot_ms(policy, history)) {
        struct value left = {left_ms > 0 ? left_ms : 0, KNOWN_EXACT};
        policy_add_step(decision, (struct step){STEP_DUE, size, 1, -1, left});
        return 1;
    }
    return size;
}

/* ---- Bounds ---- */

/* They hold in doubt too: a size above max is cut because a person says so, not because something
 * failed. */
static int32_t within_bounds(const struct policy *policy, int32_t size, struct decision *decision)
{
    if (size < policy->min) {
        add_step(decision, STEP_MIN, size, policy->min);
        size = policy->min;
    }
    if (size > policy->max) {
        add_step(decision, STEP_MAX, size, policy->max);
        size = policy->max;
    }
    return size;
}

/* ---- Up and down ---- */

/* How many dynos a ramp's step makes, from a size on. At least one, or nothing would ever move. */
static int64_t step_of(const struct ramp *ramp, int32_t from)
{
    return ramp->is_percent ? greater(1, (int32_t)((int64_t)from * ramp->step / 100)) : ramp->step;
}

/* Begins a step if one may begin: its time is over, or the size went the other way since. Returns
 * from where it goes. */
static int32_t stride_from(struct stride *stride, const struct ramp *ramp, bool has_turned,
                           int32_t present, int64_t now_ms)
{
    if (stride->since_ms == 0 || now_ms - stride->since_ms >= ramp->every_ms || has_turned)
        *stride = (struct stride){now_ms, present};
    return stride->from;
}

/* A guess of nothing better is no wish for less. */
static bool is_guess(const struct decision *decision)
{
    for (size_t i = 0; i < decision->n_steps; i++) {
        enum step_kind kind = decision->steps[i].kind;
        if (kind == STEP_HOLD || kind == STEP_DOUBT || kind == STEP_CRASHED)
            return true;
    }
    return false;
}

/* Both go_up() and go_down() are told of every size that is wanted, and return the present one
 * where the other of the two acts. */
static int32_t go_up(const struct policy *policy, struct history *history,
                     const struct inputs *inputs, int32_t size, struct decision *decision)
{
    int32_t present = inputs->present;
    if (size <= present && is_guess(decision))
        return present;
    int32_t least = window_least(&history->up, size, policy->up.after_ms, inputs->now_ms);
    if (size <= present)
        return present;
    int32_t lasting = greater(least, present);
    if (lasting < size)
        add_step(decision, STEP_UP_AFTER, size, lasting);
    if (lasting == present || policy->up.step == 0)
        return lasting;
    bool has_fallen = present < history->up_stride.from;
    int64_t from =
        stride_from(&history->up_stride, &policy->up, has_fallen, present, inputs->now_ms);
    int64_t most = from + step_of(&policy->up, (int32_t)from);
    if (lasting <= most)
        return lasting;
    int32_t reached = most > present ? (int32_t)most : present;
    add_step(decision, STEP_UP_STEP, lasting, reached);
    return reached;
}

static int32_t go_down(const struct policy *policy, struct history *history,
                       const struct inputs *inputs, int32_t size, struct decision *decision)
{
    int32_t present = inputs->present;
    int32_t most = window_greatest(&history->down, size, policy->down.after_ms, inputs->now_ms);
    if (size >= present)
        return present;
    int32_t lasting = smaller(most, present);
    if (lasting > size)
        add_step(decision, STEP_DOWN_AFTER, size, lasting);
    if (lasting == present || policy->down.step == 0)
        return lasting;
    bool has_risen = present > history->down_stride.from;
    int64_t from =
        stride_from(&history->down_stride, &policy->down, has_risen, present, inputs->now_ms);
    int64_t least = from - step_of(&policy->down, (int32_t)from);
    if (lasting >= least)
        return lasting;
    int32_t reached = least < present ? (int32_t)least : present;
    add_step(decision, STEP_DOWN_STEP, lasting, reached);
    return reached;
}

static int32_t linger(const struct policy *policy, const struct history *history,
                      const struct inputs *inputs, int32_t size, struct decision *decision)
{
    bool is_over = history->worked_ms == 0 || /* nobody knows of any work */
                   inputs->now_ms - history->worked_ms >= policy->linger_ms;
    if (size > 0 || inputs->present < 1 || is_over)
        return size;
    add_step(decision, STEP_LINGER, size, 1);
    return 1;
}

/* What somebody else has set stays as it is, up and down, for as long as the file says. */
static int32_t after_drift(const struct history *history, const struct inputs *inputs, int32_t size,
                           struct decision *decision)
{
    struct value left = {history->drift_until_ms - inputs->now_ms, KNOWN_EXACT};
    if (left.number <= 0)
        return size;
    policy_add_step(decision, (struct step){STEP_DRIFT, size, inputs->present, -1, left});
    return inputs->present;
}

/* A worker that runs a job is not stopped, be it one more than max. */
static int32_t spare_busy(const struct policy *policy, struct history *history,
                          const struct inputs *inputs, int32_t size, struct decision *decision)
{
    bool is_fresh = inputs->now_ms - inputs->reading.at_ms <= FRESH_MS;
    struct value busy =
        is_fresh ? policy_known(policy, inputs, inputs->reading.busy) : VALUE_UNKNOWN;
    bool are_named = policy->protect == PROTECT_IDLE && inputs->names_busy;
    bool are_idle = !are_named && busy.doubt == KNOWN_EXACT && busy.number == 0;
    if (size >= inputs->present || policy->protect == PROTECT_NONE || are_idle) {
        history->busy_since_ms = 0;
        return size;
    }
    if (history->busy_since_ms == 0)
        history->busy_since_ms = inputs->now_ms;
    if (policy->protect_ms > 0 && inputs->now_ms - history->busy_since_ms >= policy->protect_ms) {
        policy_add_step(decision, (struct step){STEP_UNPROTECTED, size, size, -1, busy});
        return size;
    }
    decision->spares_busy = are_named; /* the back-end knows whom to keep */
    if (are_named)
        return size;
    policy_add_step(decision, (struct step){STEP_BUSY, size, inputs->present, -1, busy});
    return inputs->present;
}

/* ---- What is shared ---- */

/* It stands above min as well: there is no more of it. What runs already is not taken away. */
static int32_t within_room(const struct inputs *inputs, int32_t size, struct decision *decision)
{
    int32_t most = greater(inputs->room, inputs->present);
    if (inputs->room_of == NULL || size <= most)
        return size;
    add_step(decision, STEP_LIMIT, size, most);
    decision->room_of = inputs->room_of;
    return most;
}

struct decision policy_decide(const struct policy *policy, struct history *history,
                              const struct inputs *inputs)
{
    struct decision decision = {0};
    note_present(policy, history, inputs);
    note_work(policy, history, inputs);
    int32_t size = after_votes(policy, history, inputs, &decision);
    size = after_crashes(inputs, size, &decision);
    size = awake(policy, history, inputs, size, &decision);
    size = within_bounds(policy, size, &decision);
    if (inputs->present >= 0) {
        int32_t raised = go_up(policy, history, inputs, size, &decision);
        int32_t lowered = go_down(policy, history, inputs, size, &decision);
        size = size > inputs->present ? raised : lowered;
        size = linger(policy, history, inputs, size, &decision);
        size = after_drift(history, inputs, size, &decision);
        size = within_bounds(policy, size, &decision); /* so that a max that fell spares them too */
        size = spare_busy(policy, history, inputs, size, &decision);
        size = within_room(inputs, size, &decision);
    } /* else a shrink that waits for busy workers waits on: so it is after a start */
    decision.size = size;
    return decision;
}
