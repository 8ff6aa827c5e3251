/* SPDX-License-Identifier: MIT
 * What an account's calls are spent on when others spend them too. */
#include "shared/budget.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { S_NS = 1000000000 };

/* A header block of "Name: value" lines, as the plugin's own http has it. */
const char *http_header(const struct http_reply *reply, const char *name, size_t *length)
{
    for (const char *line = reply->headers; line != NULL && *line != '\0';) {
        const char *end = line + strcspn(line, "\n");
        size_t n = strlen(name);
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            *length = (size_t)(end - line) - n - 2;
            return line + n + 2;
        }
        line = *end != '\0' ? end + 1 : end;
    }
    *length = 0;
    return NULL;
}

static struct http_reply reply_of(long status, const char *headers)
{
    return (struct http_reply){.status = status, .headers = headers};
}

static struct budget budget_of(const char *headers)
{
    struct budget budget = {0};
    struct http_reply reply = reply_of(200, headers);
    budget_note(&budget, &reply, S_NS);
    return budget;
}

static void reading_slows_down_first(void)
{
    static const struct {
        const char *headers;
        int64_t gap_ms;
        bool is_low;
    } cases[] = {
        {"", 0, false},
        {"RateLimit-Remaining: 4500", 0, false},
        {"RateLimit-Remaining: 2250", 0, false},
        {"ratelimit-remaining: 2249", 30026, false},
        {"RateLimit-Remaining: 1125", 120000, false},
        {"RateLimit-Remaining: 450", 600000, false},
        {"RateLimit-Remaining: 101", 600000, false},
        {"RateLimit-Remaining: 100", 600000, false},
        {"RateLimit-Remaining: 99", 600000, true},
        {"RateLimit-Remaining: 0", 600000, true},
        {"RateLimit-Remaining: many", 0, false},
        {"RateLimit-Remaining: ", 0, false},
        {"RateLimit-Remaining: -1", 0, false},
        {"RateLimit-Remaining: 99999999999999999999999", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct budget budget = budget_of(cases[i].headers);
        CHECK_INT(budget_gap_ms(&budget), cases[i].gap_ms);
        CHECK_INT(budget_is_low(&budget), cases[i].is_low);
        CHECK_INT(budget_closed_ms(&budget, S_NS), 0);
    }
}

static void what_was_told_last_decides(void)
{
    struct budget budget = budget_of("RateLimit-Remaining: 50");
    struct http_reply silent = reply_of(200, "");
    budget_note(&budget, &silent, S_NS);
    CHECK(budget_is_low(&budget));
    struct http_reply more = reply_of(503, "RateLimit-Remaining: 3000");
    budget_note(&budget, &more, S_NS);
    CHECK(!budget_is_low(&budget));
}

static void a_429_closes_for_as_long_as_it_says(void)
{
    static const struct {
        const char *headers;
        int64_t closed_ms;
    } cases[] = {
        {"", 1000},
        {"Retry-After: 0", 1000},
        {"Retry-After: 7", 7000},
        {"Retry-After: 86400", 300000},
        {"Retry-After: soon", 1000},
        {"Date: Thu, 15 Nov 2012 18:11:22 GMT\nRetry-After: 1353003093", 11000},
        {"Date: Thu, 15 Nov 2012 18:11:22 GMT\nRetry-After: Thu, 15 Nov 2012 18:11:52 GMT", 30000},
        {"Date: Thu, 15 Nov 2012 18:11:22 GMT\nRetry-After: Thu, 15 Nov 2012 18:00:00 GMT", 1000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct budget budget = {0};
        struct http_reply reply = reply_of(429, cases[i].headers);
        budget_note(&budget, &reply, S_NS);
        CHECK_INT(budget_closed_ms(&budget, S_NS), cases[i].closed_ms);
        CHECK_INT(budget_closed_ms(&budget, S_NS + cases[i].closed_ms * 1000000), 0);
    }
}

static void without_a_date_of_its_own_ours_counts(void)
{
    struct http_reply reply = reply_of(429, "Retry-After: Thu, 15 Nov 2012 18:11:52 GMT");
    CHECK_INT(budget_retry_after_ms(&reply, 1353003092), 20000);
    CHECK_INT(budget_retry_after_ms(&reply, 1353009999), 0);
}

static void another_answer_opens_again(void)
{
    struct budget budget = {0};
    struct http_reply refused = reply_of(429, "Retry-After: 60");
    budget_note(&budget, &refused, S_NS);
    struct http_reply taken = reply_of(200, "RateLimit-Remaining: 1");
    budget_note(&budget, &taken, S_NS);
    CHECK_INT(budget_closed_ms(&budget, S_NS), 0);
}

/* ---- A day of many apps of one account, second by second ---- */

enum { APPS = 75, DAY_S = 86400, HOUR_S = 3600, READ_EVERY_S = 30, CALLS_OF_A_READ = 3 };

struct account {
    double left; /* calls: 4500 at most, 1.25 back each second */
    int64_t calls[DAY_S / HOUR_S];
    int64_t refused;
};

static void call(struct account *account, struct budget *budget, int64_t now_s)
{
    char headers[64];
    bool is_taken = account->left >= 1;
    account->left -= is_taken;
    account->refused += !is_taken;
    account->calls[now_s / HOUR_S]++;
    snprintf(headers, sizeof headers, "RateLimit-Remaining: %d", (int)account->left);
    struct http_reply reply = reply_of(is_taken ? 200 : 429, headers);
    budget_note(budget, &reply, (now_s + 1) * S_NS);
}

static void read_sizes(struct account *account, struct budget *budget, int64_t *read_s,
                       int64_t now_s)
{
    if ((now_s - *read_s) * 1000 < budget_gap_ms(budget))
        return;
    *read_s = now_s;
    for (int i = 0; i < CALLS_OF_A_READ; i++)
        call(account, budget, now_s);
}

/* Each app grows every six minutes and shrinks three minutes later, and somebody else spends 300
 * calls at the full hour. */
static void many_apps_share_an_account(void)
{
    static struct budget budgets[APPS];
    static int64_t read_s[APPS];
    struct account account = {.left = 4500};
    int64_t held_back = 0;
    int64_t readings = 0;
    for (int64_t now_s = 0; now_s < DAY_S; now_s++) {
        account.left = account.left + 1.25 < 4500 ? account.left + 1.25 : 4500;
        if (now_s % HOUR_S == 0)
            account.left = account.left > 300 ? account.left - 300 : 0;
        for (int i = 0; i < APPS; i++) {
            int64_t second = now_s + i * 7;
            int64_t before = read_s[i];
            if (second % READ_EVERY_S == 0)
                read_sizes(&account, &budgets[i], &read_s[i], now_s);
            readings += read_s[i] != before;
            if (second % 360 == 0)
                call(&account, &budgets[i], now_s);
            if (second % 360 == 180 && budget_is_low(&budgets[i]))
                held_back++;
            else if (second % 360 == 180)
                call(&account, &budgets[i], now_s);
        }
    }
    CHECK_INT(account.refused, 0);
    CHECK_INT(held_back, 0);
    CHECK(readings > 24 * APPS * 6); /* each app is still looked at every ten minutes */
    for (size_t hour = 1; hour < DAY_S / HOUR_S; hour++)
        CHECK(account.calls[hour] <= 4500);
}

static const struct test tests[] = {
    {"many apps share an account", many_apps_share_an_account},
    {"reading slows down first", reading_slows_down_first},
    {"what was told last decides", what_was_told_last_decides},
    {"a 429 closes for as long as it says", a_429_closes_for_as_long_as_it_says},
    {"without a date of its own ours counts", without_a_date_of_its_own_ours_counts},
    {"another answer opens again", another_answer_opens_again},
};
SUITE_MAIN("heroku_budget", tests)
