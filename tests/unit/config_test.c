/* SPDX-License-Identifier: MIT
 * What the cases of tests/config cannot show: the tree itself, and that nothing a file holds can
 * do harm. */
#include "core/config.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct config *parse(const char *yaml)
{
    return config_parse("test.yml", yaml, strlen(yaml));
}

static char *mistakes_of(struct config *config)
{
    struct text out = {0};
    config_print_mistakes(config, &out);
    return text_take(&out);
}

static void check_mistakes(const char *yaml, const char *expected)
{
    struct config *config = parse(yaml);
    char *mistakes = mistakes_of(config);
    CHECK_TEXT(mistakes, expected);
    free(mistakes);
    config_free(config);
}

/* ---- The tree ---- */

static void values_keep_their_order(void)
{
    struct config *config = parse("b: 1\na: [x, {y: z}]\n");
    const struct config_node *root = config_root(config);
    CHECK_INT(config_mistakes(config), 0);
    CHECK_INT(config_kind(root), CONFIG_MAP);
    CHECK_INT(config_count(root), 2);
    CHECK_TEXT(config_key(root, 0), "b");
    CHECK_TEXT(config_key(root, 1), "a");
    CHECK_TEXT(config_text(config_item(root, 0)), "1");
    const struct config_node *list = config_get(root, "a");
    CHECK_INT(config_kind(list), CONFIG_LIST);
    CHECK_TEXT(config_text(config_item(list, 0)), "x");
    CHECK_TEXT(config_text(config_get(config_item(list, 1), "y")), "z");
    config_free(config);
}

static void what_is_not_there_is_null(void)
{
    struct config *config = parse("a: [x]\n");
    const struct config_node *root = config_root(config);
    CHECK(config_get(root, "b") == NULL);
    CHECK(config_item(root, 1) == NULL);
    CHECK(config_key(root, 1) == NULL);
    const struct config_node *list = config_get(root, "a");
    CHECK(config_get(list, "a") == NULL);
    CHECK(config_get(config_item(list, 0), "a") == NULL);
    CHECK_INT(config_count(config_item(list, 0)), 0);
    CHECK_TEXT(config_text(list), "");
    config_free(config);
    config_free(NULL);
}

static void only_plain_nulls_are_null(void)
{
    struct config *config = parse("[~, null, NULL, '', \"null\", '~', nil, {a: }]");
    static const bool expected[] = {true, true, true, false, false, false, false};
    for (size_t i = 0; i < 7; i++)
        CHECK_INT(config_is_null(config_item(config_root(config), i)), expected[i]);
    const struct config_node *map = config_item(config_root(config), 7);
    CHECK(config_is_null(config_get(map, "a")));
    CHECK_TEXT(config_text(config_get(map, "a")), "");
    config_free(config);
}

static void scalars_of_every_style_are_texts(void)
{
    struct config *config = parse("plain: a b\nsingle: 'it''s'\ndouble: \"\\u00e9\\n\"\n"
                                  "literal: |\n  a\n  b\nfolded: >-\n  a\n  b\n"
                                  "over: two\n  lines\n");
    const struct config_node *root = config_root(config);
    CHECK_TEXT(config_text(config_get(root, "plain")), "a b");
    CHECK_TEXT(config_text(config_get(root, "single")), "it's");
    CHECK_TEXT(config_text(config_get(root, "double")), "\xC3\xA9\n");
    CHECK_TEXT(config_text(config_get(root, "literal")), "a\nb\n");
    CHECK_TEXT(config_text(config_get(root, "folded")), "a b");
    CHECK_TEXT(config_text(config_get(root, "over")), "two lines");
    config_free(config);
}

static void aliases_share_a_value(void)
{
    struct config *config = parse("a: &x {b: 1}\nc: *x\nd: &x {b: 2}\ne: *x\n");
    const struct config_node *root = config_root(config);
    CHECK(config_get(root, "a") == config_get(root, "c"));
    CHECK(config_get(root, "d") == config_get(root, "e")); /* the last one of the name */
    CHECK_INT(config_mistakes(config), 0);
    config_free(config);
}

static void a_map_goes_before_what_it_merges(void)
{
    struct config *config = parse("a: &a {x: 1, y: 1}\nb: &b {<<: *a, y: 2, z: 2}\n"
                                  "c: {<<: [{z: 3}, *b], w: 3}\n");
    const struct config_node *c = config_get(config_root(config), "c");
    CHECK_INT(config_count(c), 4);
    CHECK_TEXT(config_text(config_get(c, "w")), "3");
    CHECK_TEXT(config_text(config_get(c, "x")), "1");
    CHECK_TEXT(config_text(config_get(c, "y")), "2");
    CHECK_TEXT(config_text(config_get(c, "z")), "3");
    config_free(config);
}

static void the_first_of_two_keys_is_kept(void)
{
    struct config *config = parse("a: 1\nb: 2\na: 3\nc: 4\na: 5\n");
    const struct config_node *root = config_root(config);
    CHECK_INT(config_count(root), 3);
    CHECK_TEXT(config_text(config_get(root, "a")), "1");
    CHECK_TEXT(config_text(config_get(root, "c")), "4");
    CHECK_INT(config_mistakes(config), 2);
    config_free(config);
}

/* ---- The environment ---- */

static void check_expanded(const char *scalar, const char *expected)
{
    struct config *config = parse(scalar);
    CHECK_INT(config_mistakes(config), 0);
    CHECK_TEXT(config_root(config) != NULL ? config_text(config_root(config)) : NULL, expected);
    config_free(config);
}

static void variables_are_put_in(void)
{
    setenv("CONFIG_TEST", "a: b # c", 1);
    setenv("CONFIG_TEST_EMPTY", "", 1);
    check_expanded("\"${CONFIG_TEST}\"", "a: b # c");
    check_expanded("${CONFIG_TEST}", "a: b # c");
    check_expanded("x${CONFIG_TEST}y${CONFIG_TEST_EMPTY}z", "xa: b # cyz");
    check_expanded("'${CONFIG_TEST:-d}'", "a: b # c");
    check_expanded("'${CONFIG_TEST_EMPTY:-d e}'", "d e");
    check_expanded("'${CONFIG_TEST_NONE:-}x'", "x");
    check_expanded("'$${CONFIG_TEST}'", "${CONFIG_TEST}");
    check_expanded("'$$${CONFIG_TEST}'", "$${CONFIG_TEST}"); /* a dollar, and a plain ${ */
    check_expanded("'$CONFIG_TEST $ $$ {} $'", "$CONFIG_TEST $ $$ {} $");
    setenv("CONFIG_TEST", "${CONFIG_TEST_EMPTY}", 1); /* is not looked at again */
    check_expanded("\"${CONFIG_TEST}\"", "${CONFIG_TEST_EMPTY}");
    unsetenv("CONFIG_TEST");
    unsetenv("CONFIG_TEST_EMPTY");
}

static void keys_are_as_they_are_written(void)
{
    struct config *config = parse("'${CONFIG_TEST_NONE}': 1\n");
    CHECK_TEXT(config_key(config_root(config), 0), "${CONFIG_TEST_NONE}");
    CHECK_INT(config_mistakes(config), 0);
    config_free(config);
}

static void what_is_from_the_environment_is_known(void)
{
    setenv("CONFIG_TEST", "x", 1);
    struct config *config = parse("[\"${CONFIG_TEST}\", \"$${x}\", x, \"${CONFIG_TEST_NONE}\"]");
    const struct config_node *list = config_root(config);
    CHECK(config_is_taken(config_item(list, 0)));
    CHECK(!config_is_taken(config_item(list, 1)));
    CHECK(!config_is_taken(config_item(list, 2)));
    CHECK(!config_is_broken(config_item(list, 0)));
    CHECK(config_is_broken(config_item(list, 3)));
    CHECK_INT(config_mistakes(config), 1);
    config_free(config);
    unsetenv("CONFIG_TEST");
}

/* ---- Mistakes ---- */

static void mistakes_are_told_in_the_order_of_the_file(void)
{
    struct config *config = parse("first: 1\nsecond: [2, 3]\n");
    const struct config_node *root = config_root(config);
    config_mistake(config, config_item(config_get(root, "second"), 1), "at %s", "three");
    config_mistake_at_key(config, root, 1, "at the key");
    config_mistake(config, config_get(root, "first"), "at one");
    config_mistake(config, NULL, "of the whole");
    config_mistake(config, config_get(root, "first"), "at one, too");
    config_mistake(config, config_get(root, "first"), "at one"); /* once is enough */
    CHECK_INT(config_mistakes(config), 5);
    char *mistakes = mistakes_of(config);
    CHECK_TEXT(mistakes, "test.yml: of the whole\n"
                         "test.yml:1:8: at one\n    first: 1\n           ^\n"
                         "test.yml:1:8: at one, too\n    first: 1\n           ^\n"
                         "test.yml:2:1: at the key\n    second: [2, 3]\n    ^\n"
                         "test.yml:2:13: at three\n    second: [2, 3]\n                ^\n");
    free(mistakes);
    char *place = config_place(config, config_get(root, "second"));
    CHECK_TEXT(place, "test.yml:2");
    free(place);
    config_free(config);
}

static void columns_are_characters(void)
{
    struct config *config = parse("\xC3\xA9t\xC3\xA9: \xE2\x82\xAC\n\ta: b");
    char *mistakes = mistakes_of(config);
    CHECK_HAS(mistakes, "test.yml:1:6: this is no YAML");
    free(mistakes);
    config_free(config);
    config = parse("{\xC3\xA9t\xC3\xA9: 1}");
    config_mistake(config, config_get(config_root(config), "\xC3\xA9t\xC3\xA9"), "here");
    mistakes = mistakes_of(config);
    CHECK_TEXT(mistakes, "test.yml:1:7: here\n    {\xC3\xA9t\xC3\xA9: 1}\n          ^\n");
    free(mistakes);
    config_free(config);
}

static void hidden_values_are_not_shown(void)
{
    struct config *config = parse("{a: plain, b: 'quoted', c: \"${CONFIG_TEST_NONE:-default}\", "
                                  "d: [in, {a: list}], e: shown}");
    const struct config_node *root = config_root(config);
    for (size_t i = 0; i < 4; i++)
        config_hide(config, config_item(root, i));
    config_mistake(config, config_get(root, "e"), "here");
    config_mistake(config, config_get(root, "a"), "and here");
    char *mistakes = mistakes_of(config);
    CHECK_TEXT(mistakes, "test.yml:1:5: and here\n"
                         "    {a: ***, b: '***', c: \"***\", d: [***, {a: ***}], e: shown}\n"
                         "        ^\n"
                         "test.yml:1:83: here\n"
                         "    {a: ***, b: '***', c: \"***\", d: [***, {a: ***}], e: shown}\n"
                         "                                                        ^\n");
    free(mistakes);
    config_free(config);
}

static void hidden_blocks_are_hidden_in_every_line(void)
{
    struct config *config = parse("a: |\n  one\n  two\nb: 1\n");
    const struct config_node *root = config_root(config);
    config_hide(config, config_get(root, "a"));
    config_mistake(config, config_get(root, "a"), "here");
    char *mistakes = mistakes_of(config);
    CHECK(strstr(mistakes, "one") == NULL && strstr(mistakes, "two") == NULL);
    CHECK_HAS(mistakes, "***");
    free(mistakes);
    config_free(config);
}

static void a_file_that_is_no_yaml_shows_its_keys_only(void)
{
    check_mistakes("a: &x s3cret\ntoken: {b: s3cret, c: s3cret",
                   "test.yml:2:29: this is no YAML: a comma is missing here, or a [ or { before "
                   "this is not closed\n"
                   "    token: {b: ***, c: ***\n"
                   "                          ^\n");
    check_mistakes("- s3cret: s3cret: \"${NAME}\" [s3-cr3t]",
                   "test.yml:1:17: this is no YAML: this line has a second colon: a text with a "
                   "colon and a space in it needs quotes\n"
                   "    - s3cret: ***: \"${NAME}\" [***]\n"
                   "                 ^\n");
}

static void no_line_is_printed_that_a_terminal_would_obey(void)
{
    struct config *config = parse("\"a\\e[31m\\n\": 1\n");
    config_mistake(config, NULL, "key \"%s\"", config_key(config_root(config), 0));
    char *mistakes = mistakes_of(config);
    CHECK_TEXT(mistakes, "test.yml: key \"a [31m \"\n");
    free(mistakes);
    config_free(config);
}

/* ---- Files ---- */

static void files_and_pipes_are_read(void)
{
    char path[] = "/tmp/config-test-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK_INT(write(fd, "a: 1\n", 5), 5);
    close(fd);
    struct config *config = config_read(path);
    CHECK_TEXT(config_path(config), path);
    CHECK_TEXT(config_text(config_get(config_root(config), "a")), "1");
    config_free(config);
    unlink(path);
    int ends[2];
    CHECK_INT(pipe(ends), 0);
    CHECK_INT(write(ends[1], "b: 2\n", 5), 5);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    config = config_read(path);
    CHECK_TEXT(config_text(config_get(config_root(config), "b")), "2");
    config_free(config);
    close(ends[0]);
}

static void a_file_that_may_not_be_read_is_told(void)
{
    char path[] = "/tmp/config-test-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK_INT(fchmod(fd, 0), 0);
    close(fd);
    struct config *config = config_read(path);
    char *mistakes = mistakes_of(config);
    if (geteuid() == 0) /* who may read it all the same */
        CHECK_HAS(mistakes, "is empty");
    else
        CHECK_HAS(mistakes, "cannot be read: Permission denied");
    free(mistakes);
    CHECK(config_root(config) == NULL);
    config_free(config);
    unlink(path);
}

/* ---- Harm ---- */

static char *repeated(const char *before, const char *part, size_t n)
{
    struct text text = {0};
    text_add(&text, before);
    for (size_t i = 0; i < n; i++)
        text_add(&text, part);
    return text_take(&text);
}

static void check_harmless(char *yaml, const char *expected)
{
    struct config *config = parse(yaml);
    char *mistakes = mistakes_of(config);
    CHECK_HAS(mistakes, expected);
    CHECK(strlen(mistakes) < 20000);
    free(mistakes);
    config_free(config);
    free(yaml);
}

static void large_and_deep_files_end_soon(void)
{
    check_harmless(repeated("", "[", 100000), "nested deeper than 16");
    check_harmless(repeated("", "{a: ", 100000), "nested deeper than 16");
    check_harmless(repeated("", "- ", 100000), "nested deeper than 16");
    check_harmless(repeated("[", "x,", 1000000), "more than 500000 values");
    check_harmless(repeated("", "a: 1\n", 40000), "given twice");
    check_harmless(repeated("[", "&x 1, ", 40000), "at most 256 anchors");
    check_harmless(repeated("[", "!x 1, ", 40000), "tags (!)");
    check_harmless(repeated("a: \"", "${CONFIG_TEST_NONE:-", 40000), "this is no YAML");
    check_harmless(repeated("a: ", "${CONFIG_TEST_NONE:-", 40000), "\"${\" without \"}\"");
    check_harmless(repeated("x", "\n#", 500000), "");
}

static void null_is_freed_as_any_other(void)
{
    config_free(NULL);
    struct config *config = config_parse("test.yml", "", 0);
    CHECK(config_root(config) == NULL);
    CHECK_INT(config_mistakes(config), 1);
    config_free(config);
}

static const struct test tests[] = {
    {"values keep their order", values_keep_their_order},
    {"what is not there is NULL", what_is_not_there_is_null},
    {"only plain nulls are null", only_plain_nulls_are_null},
    {"scalars of every style are texts", scalars_of_every_style_are_texts},
    {"aliases share a value", aliases_share_a_value},
    {"a map goes before what it merges", a_map_goes_before_what_it_merges},
    {"the first of two keys is kept", the_first_of_two_keys_is_kept},
    {"variables are put in", variables_are_put_in},
    {"keys are as they are written", keys_are_as_they_are_written},
    {"what is from the environment is known", what_is_from_the_environment_is_known},
    {"mistakes are told in the order of the file", mistakes_are_told_in_the_order_of_the_file},
    {"columns are characters", columns_are_characters},
    {"hidden values are not shown", hidden_values_are_not_shown},
    {"hidden blocks are hidden in every line", hidden_blocks_are_hidden_in_every_line},
    {"a file that is no YAML shows its keys only", a_file_that_is_no_yaml_shows_its_keys_only},
    {"no line is printed that a terminal would obey",
     no_line_is_printed_that_a_terminal_would_obey},
    {"files and pipes are read", files_and_pipes_are_read},
    {"a file that may not be read is told", a_file_that_may_not_be_read_is_told},
    {"large and deep files end soon", large_and_deep_files_end_soon},
    {"NULL and nothing are freed as any other", null_is_freed_as_any_other},
};

SUITE_MAIN("config", tests)
