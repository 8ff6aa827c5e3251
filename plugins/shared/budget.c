/* SPDX-License-Identifier: MIT */
#include "shared/budget.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    PLENTY = 2250,        /* calls left: half of all; from there on reading is as the host asks */
    GAP_MS = 30000,       /* between readings just below that */
    GAP_MOST_MS = 600000, /* and at most */
    LOW = 100,            /* calls left: kept for growth */
    CLOSED_MS = 1000,     /* after a 429 that tells nothing: a call comes back in 0.8 s */
    CLOSED_MOST_MS = 300000,
    MS_NS = 1000000
};

/* A whole number that is all of a header, -1 if it is none. */
static int64_t number_of(const char *text, size_t length)
{
    char copy[24];
    if (text == NULL || length == 0 || length >= sizeof copy)
        return -1;
    snprintf(copy, sizeof copy, "%.*s", (int)length, text);
    char *end;
    long long number = strtoll(copy, &end, 10);
    return *end == '\0' && number >= 0 ? number : -1;
}

/* Seconds since 1970 of a date, -1 if it is none. */
static int64_t date_of(const struct http_reply *reply, const char *name)
{
    char copy[64];
    size_t length;
    const char *found = http_header(reply, name, &length);
    if (found == NULL || length >= sizeof copy)
        return -1;
    snprintf(copy, sizeof copy, "%.*s", (int)length, found);
    return (int64_t)curl_getdate(copy, NULL);
}

int64_t budget_retry_after_ms(const struct http_reply *reply, int64_t wall_s)
{
    enum { NO_SECONDS = 1000000000 }; /* a number from there on is a time, and 1970 long ago */
    size_t length;
    const char *found = http_header(reply, "Retry-After", &length);
    if (found == NULL)
        return -1;
    int64_t seconds = number_of(found, length);
    int64_t at = seconds >= NO_SECONDS ? seconds : seconds < 0 ? date_of(reply, "Retry-After") : -1;
    if (at >= 0) { /* by the platform's own clock, if it tells that */
        int64_t sent = date_of(reply, "Date");
        seconds = at - (sent >= 0 ? sent : wall_s);
        seconds = seconds < 0 ? 0 : seconds;
    }
    if (seconds < 0)
        return -1;
    return seconds > CLOSED_MOST_MS / 1000 ? CLOSED_MOST_MS : seconds * 1000;
}

void budget_note(struct budget *budget, const struct http_reply *reply, int64_t now_ns)
{
    size_t length;
    const char *found = http_header(reply, "RateLimit-Remaining", &length);
    int64_t left = number_of(found, found != NULL ? length : 0);
    if (left >= 0) {
        budget->is_told = true;
        budget->left = left;
    }
    budget->closed_ns = 0;
    if (reply->status != 429)
        return;
    int64_t wait_ms = budget_retry_after_ms(reply, (int64_t)time(NULL));
    budget->closed_ns = now_ns + (wait_ms > CLOSED_MS ? wait_ms : CLOSED_MS) * MS_NS;
}

int64_t budget_closed_ms(const struct budget *budget, int64_t now_ns)
{
    int64_t left_ns = budget->closed_ns - now_ns;
    return left_ns > 0 ? (left_ns + MS_NS - 1) / MS_NS : 0;
}

/* Grows with the square of what is missing, so that many programs of one account settle where they
 * spend what comes back. */
int64_t budget_gap_ms(const struct budget *budget)
{
    if (!budget->is_told || budget->left >= PLENTY)
        return 0;
    if (budget->left <= LOW)
        return GAP_MOST_MS;
    int64_t gap = (int64_t)GAP_MS * PLENTY * PLENTY / (budget->left * budget->left);
    return gap < GAP_MOST_MS ? gap : GAP_MOST_MS;
}

bool budget_is_low(const struct budget *budget)
{
    return budget->is_told && budget->left < LOW;
}
