/* SPDX-License-Identifier: MIT
 * What is written is read back, shown on random decisions; and no garbage is taken for a line. */
#include "core/journal_read.h"

#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 20000, MOST_RULES = 6 };

/* ---- Dice ---- */

static uint64_t dice_state = 88172645463325252u;

static uint64_t dice(void)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 7;
    dice_state ^= dice_state << 17;
    return dice_state;
}

/* 0 to most, both included. */
static int64_t upto(int64_t most)
{
    return (int64_t)(dice() % ((uint64_t)most + 1));
}

static bool one_in(int64_t n)
{
    return upto(n - 1) == 0;
}

static struct value random_value(void)
{
    struct value value = VALUE_UNKNOWN;
    if (one_in(4))
        return value;
    /* JSON's numbers are exact up to 2^53, which a sum must not pass */
    value.number = one_in(20) ? upto((int64_t)1 << 51) : upto(60);
    value.doubt = one_in(3) ? KNOWN_AT_LEAST : KNOWN_EXACT;
    return value;
}

/* ---- A decision ---- */

static struct rule rules[MOST_RULES];
static struct policy policy;

static struct ramp random_ramp(void)
{
    struct ramp ramp = {.after_ms = upto(40)};
    ramp.step = (int32_t)upto(8);
    ramp.every_ms = upto(20);
    return ramp;
}

static void fill_policy(void)
{
    policy = (struct policy)POLICY_PLAIN;
    policy.rules = rules;
    policy.n_rules = (size_t)upto(MOST_RULES);
    policy.per_dyno = upto(3);
    policy.min = (int32_t)upto(3);
    policy.max = (int32_t)upto(30) + 4;
    policy.then = (int32_t)upto(9) - 1;
    policy.stale_ms = upto(20);
    policy.hold_ms = upto(20);
    policy.up = random_ramp();
    policy.down = random_ramp();
    policy.protect = (enum protect)upto(2);
    policy.protect_ms = upto(40);
    policy.linger_ms = upto(40);
    policy.boot_ms = upto(20) - 1;
    policy.wake = upto(2);
    policy.counts_busy = one_in(3);
    for (size_t i = 0; i < policy.n_rules; i++) {
        rules[i] = (struct rule){.kind = one_in(3) ? RULE_LATENCY : RULE_JOBS};
        rules[i].at_least = 1 + upto(50);
        rules[i].dynos = (int32_t)upto(30);
        rules[i].release_below = one_in(2) ? 0 : 1 + upto(rules[i].at_least - 1);
    }
}

static struct inputs random_inputs(int64_t now_ms)
{
    struct inputs inputs = {.now_ms = now_ms};
    inputs.reading.at_ms = now_ms - upto(25);
    inputs.reading.waiting = random_value();
    inputs.reading.latency = random_value();
    inputs.reading.busy = random_value();
    inputs.reading.next_due = random_value();
    inputs.present = (int32_t)upto(41) - 1;
    inputs.crashed = one_in(5) ? (int32_t)upto(5) : 0;
    inputs.names_busy = one_in(2);
    if (one_in(3)) {
        inputs.room = (int32_t)upto(20);
        inputs.room_of = "postgres \"main\"\\";
    }
    return inputs;
}

/* One with a past. */
static struct journal_decision random_decision(void)
{
    struct journal_decision line = {.utc_ms = upto((int64_t)1 << 42),
                                    .kind = one_in(4) ? JOURNAL_SHADOW : JOURNAL_DECISION};
    int64_t now_ms = 1 + upto((int64_t)1 << 40);
    fill_policy();
    for (int64_t past = upto(40); past >= 0; past--) {
        line.history.drift_until_ms = one_in(9) ? now_ms + upto(30) : 0;
        line.inputs = random_inputs(now_ms);
        struct history after = line.history;
        line.decision = policy_decide(&policy, &after, &line.inputs);
        if (past > 0)
            line.history = after;
        now_ms += 1 + upto(15);
    }
    snprintf(line.pool, sizeof line.pool, "worker-%d \"\x01\xc3\xa9\\", (int)upto(9));
    journal_hash(&policy, line.policy);
    return line;
}

/* Whether a line, without its line break, is of such a kind. */
static bool reads_as(enum journal_kind kind, const struct text *text, struct journal_decision *read)
{
    size_t length = text->length;
    length -= length > 0 && text->chars[length - 1] == '\n';
    return journal_read(text_chars(text), length, read) == kind;
}

/* ---- Equal, member by member ---- */

static bool is_same_value(struct value a, struct value b)
{
    return a.doubt == b.doubt && (a.doubt == KNOWN_NOT || a.number == b.number);
}

static bool is_same_window(const struct window *a, const struct window *b)
{
    bool is_same = a->n == b->n;
    for (uint32_t i = 0; i < a->n && is_same; i++)
        is_same = a->wanted[i].size == b->wanted[i].size &&
                  a->wanted[i].until_ms == b->wanted[i].until_ms;
    return is_same;
}

static void check_history(const struct history *a, const struct history *b)
{
    CHECK_INT(a->blind_since_ms, b->blind_since_ms);
    CHECK(a->in_force == b->in_force);
    CHECK(is_same_window(&a->up, &b->up));
    CHECK(is_same_window(&a->down, &b->down));
    CHECK_INT(a->up_stride.since_ms, b->up_stride.since_ms);
    CHECK_INT(a->up_stride.from, b->up_stride.from);
    CHECK_INT(a->down_stride.since_ms, b->down_stride.since_ms);
    CHECK_INT(a->down_stride.from, b->down_stride.from);
    CHECK_INT(a->has_past, b->has_past);
    CHECK_INT(a->present, b->present);
    CHECK_INT(a->worked_ms, b->worked_ms);
    CHECK_INT(a->busy_since_ms, b->busy_since_ms);
    CHECK_INT(a->grown_ms, b->grown_ms);
    CHECK_INT(a->woken_ms, b->woken_ms);
    CHECK_INT(a->woken_waiting, b->woken_waiting);
    CHECK_INT(a->learned_boot_ms, b->learned_boot_ms);
    CHECK_INT(a->drift_until_ms, b->drift_until_ms);
}

static void check_inputs(const struct inputs *a, const struct inputs *b)
{
    CHECK_INT(a->reading.at_ms, b->reading.at_ms);
    CHECK(is_same_value(a->reading.waiting, b->reading.waiting));
    CHECK(is_same_value(a->reading.latency, b->reading.latency));
    CHECK(is_same_value(a->reading.busy, b->reading.busy));
    CHECK(is_same_value(a->reading.next_due, b->reading.next_due));
    CHECK_INT(a->now_ms, b->now_ms);
    CHECK_INT(a->present, b->present);
    CHECK_INT(a->crashed, b->crashed);
    CHECK_INT(a->names_busy, b->names_busy);
    CHECK_INT(a->room, b->room);
    CHECK_INT(a->room_of != NULL, b->room_of != NULL);
    if (a->room_of != NULL && b->room_of != NULL)
        CHECK_TEXT(a->room_of, b->room_of);
}

static void check_decision(const struct decision *a, const struct decision *b)
{
    CHECK_INT(a->size, b->size);
    CHECK_INT(a->spares_busy, b->spares_busy);
    CHECK_INT(a->n_steps, b->n_steps);
    for (size_t i = 0; i < a->n_steps && i < b->n_steps; i++) {
        CHECK_INT(a->steps[i].kind, b->steps[i].kind);
        CHECK_INT(a->steps[i].before, b->steps[i].before);
        CHECK_INT(a->steps[i].after, b->steps[i].after);
        CHECK_INT(a->steps[i].rule, b->steps[i].rule);
        CHECK(is_same_value(a->steps[i].seen, b->steps[i].seen));
    }
}

static void check_why(const struct journal_decision *line, const char *why)
{
    struct text text = {0};
    CHECK(journal_why(line, &text));
    CHECK_TEXT(text_chars(&text), why);
    text_fini(&text);
}

static void written_is_read(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct journal_decision line = random_decision();
        struct journal_decision read;
        struct text text = {0};
        journal_line_decision(&line, "12 \"waiting\"\n", &text);
        if (!CHECK(reads_as(line.kind, &text, &read)))
            printf("%s", text_chars(&text));
        CHECK_INT(read.utc_ms, line.utc_ms);
        CHECK_INT(read.kind, line.kind);
        CHECK_TEXT(read.pool, line.pool);
        CHECK_TEXT(read.policy, line.policy);
        check_inputs(&read.inputs, &line.inputs);
        check_history(&read.history, &line.history);
        check_decision(&read.decision, &line.decision);
        struct decision again = policy_decide(&policy, &read.history, &read.inputs);
        check_decision(&again, &line.decision);
        check_why(&read, "12 \"waiting\"\n");
        text_fini(&text);
    }
}

/* Steps by hand are not the policy's, and so not random above. */
static void every_step_has_a_name(void)
{
    for (int kind = STEP_JOBS; kind <= STEP_UNPROTECTED; kind++) {
        struct journal_decision line = {
            .utc_ms = 1, .kind = JOURNAL_DECISION, .pool = "worker", .inputs = {.now_ms = 1}};
        struct journal_decision read;
        struct text text = {0};
        line.decision.n_steps = 1;
        line.decision.steps[0] = (struct step){(enum step_kind)kind, 1, 2, -1, VALUE_UNKNOWN};
        journal_line_decision(&line, "", &text);
        CHECK(reads_as(JOURNAL_DECISION, &text, &read));
        CHECK_INT(read.decision.steps[0].kind, kind);
        text_fini(&text);
    }
}

static void answers_are_read(void)
{
    struct text text = {0};
    struct journal_decision read;
    journal_line_applied(1795521600123, "worker", 5, -1, "\"no\"", &text);
    CHECK(reads_as(JOURNAL_APPLIED, &text, &read));
    CHECK_INT(read.utc_ms, 1795521600123);
    CHECK_TEXT(read.pool, "worker");
    CHECK_INT(read.asked, 5);
    CHECK_INT(read.decision.size, -1);
    check_why(&read, "\"no\"");
    text_clear(&text);
    journal_line_applied(1795521600123, "worker", 5, 5, NULL, &text);
    CHECK(reads_as(JOURNAL_APPLIED, &text, &read));
    CHECK_INT(read.decision.size, 5);
    CHECK(!journal_why(&read, &text));
    text_fini(&text);
}

static void times_are_read(void)
{
    static const int64_t times[] = {0, 1, 999, 1795521600123, 951782400000 /* a 29 February */};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct text text = {0};
        journal_time(times[i], &text);
        CHECK_INT(journal_parse_time(text_chars(&text)), times[i]);
        text_fini(&text);
    }
    CHECK_INT(journal_parse_time("2026-11-24T12:00:00Z"), 1795521600000);
    CHECK_INT(journal_parse_time("2026-11-24T12:00:00"), -1);
    CHECK_INT(journal_parse_time("2026-11-24T12:00:00.1"), -1);
    CHECK_INT(journal_parse_time("noon"), -1);
}

static void long_names_are_cut(void)
{
    struct journal_decision read;
    struct text text = {0};
    text_add(&text, "{\"at\":\"2026-11-24T12:00:00Z\",\"kind\":\"decision\",\"now\":1,\"size\":1,"
                    "\"pool\":\"");
    for (int i = 0; i < 1000; i++)
        text_add(&text, "x");
    text_add(&text, "\"}");
    CHECK(reads_as(JOURNAL_DECISION, &text, &read));
    CHECK_INT(strlen(read.pool), JOURNAL_NAME - 1);
    text_fini(&text);
}

/* Whatever is read of it, nothing lies outside of what there is room for. */
static void read_garbage(const char *chars, size_t length)
{
    struct journal_decision read;
    struct text why = {0};
    char *copy =
        malloc(length > 0 ? length : 1); /* so that a sanitizer sees what is past its end */
    memcpy(copy, chars, length);
    if (journal_read(copy, length, &read) != JOURNAL_BAD) {
        journal_why(&read, &why);
        CHECK(read.decision.n_steps <= DECISION_STEPS);
        CHECK(read.history.up.n <= WINDOW_SIZES && read.history.down.n <= WINDOW_SIZES);
    }
    text_fini(&why);
    free(copy);
}

static void garbage_is_harmless(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct journal_decision line = random_decision();
        struct text text = {0};
        journal_line_decision(&line, "why", &text);
        for (int64_t flips = upto(4); flips > 0; flips--)
            text.chars[upto((int64_t)text.length - 1)] = (char)upto(255);
        read_garbage(text_chars(&text), (size_t)upto((int64_t)text.length));
        read_garbage(text_chars(&text), text.length);
        text_fini(&text);
    }
}

static void too_much_is_refused(void)
{
    struct journal_decision read;
    struct text text = {0};
    text_add(&text, "{\"at\":\"2026-11-24T12:00:00Z\",\"kind\":\"decision\",\"now\":1,\"size\":1,"
                    "\"history\":{\"up\":[");
    for (int i = 0; i < 100; i++)
        text_add_format(&text, "%s[%d,1]", i > 0 ? "," : "", i);
    text_add(&text, "]},\"steps\":[");
    for (int i = 0; i < 100; i++)
        text_add_format(&text, "%s{\"step\":\"min\"}", i > 0 ? "," : "");
    text_add(&text, "]}");
    CHECK(reads_as(JOURNAL_BAD, &text, &read));
    CHECK_INT(journal_read("", 0, &read), JOURNAL_BAD);
    text_fini(&text);
}

static const struct test tests[] = {
    {"what is written is read back, and decides the same", written_is_read},
    {"every step has a name", every_step_has_a_name},
    {"what the platform answered is read back", answers_are_read},
    {"times are read back", times_are_read},
    {"long names are cut", long_names_are_cut},
    {"garbage is harmless", garbage_is_harmless},
    {"too many steps are no decision", too_much_is_refused},
};

SUITE_MAIN("journal_line", tests)
