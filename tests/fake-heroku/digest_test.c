/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/digest.h"
#include "tests/support/suite.h"

#include <string.h>

static void check_hex(const char *data, const char *expected)
{
    char hex[DIGEST_HEX_SIZE];
    digest_hex(data, strlen(data), hex);
    CHECK_TEXT(hex, expected);
}

/* Of FIPS 180-4's examples. */
static void known_digests(void)
{
    check_hex("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_hex("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_million(void)
{
    static char data[1000000];
    char hex[DIGEST_HEX_SIZE];
    memset(data, 'a', sizeof data);
    digest_hex(data, sizeof data, hex);
    CHECK_TEXT(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void marks_tell_apart(void)
{
    char one[DIGEST_MARK_SIZE];
    char other[DIGEST_MARK_SIZE];
    digest_mark("abc", one);
    digest_mark("abd", other);
    CHECK_TEXT(one, "sha256:ba7816bf8f01cfea");
    CHECK(strcmp(one, other) != 0);
}

static void ids_are_stable(void)
{
    char one[UUID_SIZE];
    char again[UUID_SIZE];
    char other[UUID_SIZE];
    uuid_of("app", "myapp", one);
    uuid_of("app", "myapp", again);
    uuid_of("size", "myapp", other);
    CHECK_TEXT(again, one);
    CHECK(strcmp(one, other) != 0);
    CHECK_INT(strlen(one), 36);
    CHECK_INT(one[14], '4');
}

static void new_ids_are_new(void)
{
    char one[UUID_SIZE];
    char other[UUID_SIZE];
    uuid_random(one);
    uuid_random(other);
    CHECK(strcmp(one, other) != 0);
}

static const struct test tests[] = {
    {"digests are SHA-256", known_digests},
    {"of long data too", a_million},
    {"marks tell secrets apart", marks_tell_apart},
    {"the id of a name is always the same", ids_are_stable},
    {"a new id is another each time", new_ids_are_new},
};

SUITE_MAIN("digest", tests)
