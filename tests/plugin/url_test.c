/* SPDX-License-Identifier: MIT
 * What the URLs of stores have in common. */
#include "plugins/shared/url.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands behind "://" -> user, password, host, port, rest, each in [], "-" for none. */
static const struct {
    const char *text;
    const char *parts; /* NULL: refused */
} urls[] = {
    {"host", "[-][-][host][0][]"},
    {"host:1/name?a=b", "[-][-][host][1][/name?a=b]"},
    {"user@host", "[user][-][host][0][]"},
    {"user:pass@host:65535/x", "[user][pass][host][65535][/x]"},
    {":s3c@ret#1@host", NULL}, /* what stands there may be of a password */
    {":s3c@ret/1@host", NULL},
    {"host#x", NULL},
    {":pass@host", "[-][pass][host][0][]"},
    {"user:@host", "[user][-][host][0][]"},
    {"us%40er:p%3Aa%2fs%25s@host", "[us@er][p:a/s%s][host][0][]"},
    {"a:b:c@d@host", "[a][b:c@d][host][0][]"},
    {"[::1]:5432/x", "[-][-][::1][5432][/x]"},
    {"", "[-][-][][0][]"},
    {":p@/path@x?db=1", "[-][p][][0][/path@x?db=1]"},
    {"[::1", NULL},
    {"[::1]x", NULL},
    {"host:", NULL},
    {"host:0", NULL},
    {"host:65536", NULL},
    {"host:+1", NULL},
    {"host: 1", NULL},
    {"host:18446744073709551617", NULL},
    {"user:p%4@host", NULL},
    {"user:p%@host", NULL},
    {"user:p%00@host", NULL},
    {"us%zzer@host", NULL},
};

static const char *or_none(const char *text)
{
    return text != NULL ? text : "-";
}

static void parts_are_read(void)
{
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct url url;
        char parts[128];
        const char *rest = url_read(urls[i].text, &url);
        snprintf(parts, sizeof parts, "[%s][%s][%s][%u][%s]", or_none(url.user),
                 or_none(url.password), or_none(url.host), url.port, or_none(rest));
        CHECK_TEXT(rest != NULL ? parts : "refused",
                   urls[i].parts != NULL ? urls[i].parts : "refused");
        url_fini(&url);
    }
}

/* Only the bytes that are given are looked at. */
static void a_part_of_a_text_is_decoded(void)
{
    char *text = url_decode("a%41%41", 4);
    CHECK_TEXT(text, "aA");
    free(text);
    CHECK(url_decode("a%41", 3) == NULL);
}

static const struct test tests[] = {
    {"user, password, host and port are read, or refused", parts_are_read},
    {"a part of a text is decoded", a_part_of_a_text_is_decoded},
};

SUITE_MAIN("url", tests)
