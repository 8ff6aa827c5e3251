/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/account.h"
#include "tests/support/suite.h"

#include <stdlib.h>

static struct bucket bucket_of(double size, double per_second)
{
    struct bucket bucket;
    bucket_init(&bucket, size, per_second, 1000);
    return bucket;
}

static void it_empties(void)
{
    struct bucket bucket = bucket_of(3, 1.25);
    for (int i = 0; i < 3; i++)
        CHECK(bucket_take(&bucket, 1000));
    CHECK(!bucket_take(&bucket, 1000));
    CHECK_INT(bucket_left(&bucket, 1000), 0);
}

static void it_refills(void)
{
    struct bucket bucket = bucket_of(3, 1.25);
    for (int i = 0; i < 3; i++)
        bucket_take(&bucket, 1000);
    CHECK(!bucket_take(&bucket, 1799));
    CHECK(bucket_take(&bucket, 1800)); /* a token each 0.8 s */
    CHECK_INT(bucket_left(&bucket, 1800 + 1599), 1);
    CHECK_INT(bucket_left(&bucket, 1800 + 1600), 2);
    CHECK_INT(bucket_left(&bucket, 1000000), 3);
}

static void it_tells_the_wait(void)
{
    struct bucket bucket = bucket_of(1, 0.5);
    CHECK_INT(bucket_wait_ms(&bucket, 1000), 0);
    bucket_take(&bucket, 1000);
    int64_t wait_ms = bucket_wait_ms(&bucket, 1000);
    CHECK(wait_ms >= 2000 && wait_ms <= 2001);
    CHECK(bucket_take(&bucket, 1000 + wait_ms));
}

static void others_drain(void)
{
    struct bucket bucket = bucket_of(100, 1);
    bucket.drain_per_second = 11;
    CHECK_INT(bucket_left(&bucket, 1000 + 5000), 50);
    CHECK_INT(bucket_left(&bucket, 1000 + 500000), 0);
    CHECK(!bucket_take(&bucket, 1000 + 500001));
}

static void check_token(const char *authorization, const char *expected)
{
    char *token = token_of(authorization);
    CHECK_TEXT(token, expected);
    free(token);
}

static void tokens_are_read(void)
{
    check_token("Bearer HRKU-1", "HRKU-1");
    check_token("bearer  HRKU-1", "HRKU-1");
    check_token("Basic OnRva2Vu", "token");                     /* :token */
    check_token("Basic bWVAZXhhbXBsZS5jb206dG9rZW4=", "token"); /* me@example.com:token */
    check_token("Basic dG9rZW4=", "token");                     /* no colon */
    check_token("Basic OmE6Yg==", "a:b");                       /* :a:b */
}

static void what_is_no_token_is_none(void)
{
    check_token(NULL, NULL);
    check_token("", NULL);
    check_token("HRKU-1", NULL);
    check_token("Digest x", NULL);
    check_token("Basic ", "");
    check_token("Basic ***", "");
    check_token("Bearer ", "");
}

static const struct test tests[] = {
    {"a bucket empties", it_empties},
    {"a bucket refills, up to its size", it_refills},
    {"a bucket tells when there is a token again", it_tells_the_wait},
    {"others drain it", others_drain},
    {"tokens are read from Bearer and Basic", tokens_are_read},
    {"what is no token is none", what_is_no_token_is_none},
};

SUITE_MAIN("account", tests)
