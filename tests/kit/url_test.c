/* SPDX-License-Identifier: MIT */
#include "kit/url.h"
#include "tests/support/suite.h"

#include <stdlib.h>

static void moves_to(const char *url, const char *wanted)
{
    char *moved = url_moved(url, 99);
    CHECK_TEXT(moved != NULL ? moved : "none", wanted);
    free(moved);
}

static void has_password(const char *url, const char *wanted)
{
    char *password = url_password(url);
    CHECK_TEXT(password != NULL ? password : "none", wanted);
    free(password);
}

static void a_host_is_moved(void)
{
    moves_to("redis://db.example:6379/0", "redis://127.0.0.1:99/0");
    moves_to("https://api.example", "https://127.0.0.1:99");
    moves_to("postgres://app:pass@[::1]:5432/app?sslmode=on",
             "postgres://app:pass@127.0.0.1:99/app?sslmode=on");
    moves_to("redis://:p@ss@host", "redis://:p@ss@127.0.0.1:99");
    moves_to("test://host#end", "test://127.0.0.1:99#end");
}

static void what_has_no_host_stays(void)
{
    moves_to("sqlite3:/var/jobs", "none");
    moves_to("postgres:///app?host=/run", "none");
    moves_to("redis://app@/0", "none");
    moves_to("", "none");
}

static void a_password_is_found(void)
{
    has_password("redis://:secret@host/0", "secret");
    has_password("postgres://app:a:b@host/app", "a:b");
    has_password("postgres://app:p@ss@host/app", "p@ss");
    has_password("postgres://app@host:5432/app", "none");
    has_password("postgres://host:5432/app:b@c", "none");
    has_password("sqlite3:/var/jobs", "none");
}

static const struct test tests[] = {
    {"a host is moved, and all else stays", a_host_is_moved},
    {"what has no host stays where it is", what_has_no_host_stays},
    {"a password is found as it is written", a_password_is_found},
};

SUITE_MAIN("url", tests)
