/* SPDX-License-Identifier: MIT
 * Members of JSON objects that may lack their middle, beside cJSON as the judge. */
#include "plugins/shared/json_member.h"
#include "tests/support/suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *text;
    const char *first; /* value of "k" from the start; NULL: none */
    const char *last;  /* and from the end */
};

static const struct row rows[] = {
    {"{\"k\":1}", "1", "1"},
    {" { \"a\" : [ ] , \"k\" : \"x\" } \n", "\"x\"", "\"x\""},
    {"{\"k\":1,\"k\":2}", "1", "2"},
    {"{\"a\":{\"k\":1},\"k\":2,\"b\":[{\"k\":3}]}", "2", "2"},
    {"{\"a\":\"\\\"k\\\":1,\",\"k\":2}", "2", "2"},
    {"{\"a\":\"}\\\\\",\"k\":2,\"b\":\"{\\\\\\\"\"}", "2", "2"},
    {"{\"a\":\"k\",\"b\":\"k\"}", NULL, NULL},
    {"[{\"k\":1}]", NULL, NULL},
    {"", NULL, NULL},
    {"k", NULL, NULL},
    {"{", NULL, NULL},
    {"}", NULL, NULL},
    {"}}}]]]", NULL, NULL},
    {"\"", NULL, NULL},
    {"{\"k\":}", NULL, NULL},
    {"{\"k\":1685610004.38-05-23T19:58:15Z}", NULL, NULL},
    {"{\"k\":1}x", "1", NULL},
    {"x{\"k\":1}", NULL, "1"},
    {"{\"k\":1,\"a\":[[[[", "1", NULL},
    {"]]]],\"k\":1}", NULL, "1"},
    {"\"k\":1}", NULL, NULL},
    {"{\"k\":1", NULL, NULL},
};

static void check_value(cJSON *value, const char *wanted, const char *text)
{
    char *got = value != NULL ? cJSON_PrintUnformatted(value) : strdup("none");
    if (!CHECK_TEXT(got, wanted != NULL ? wanted : "none"))
        printf("    in %s\n", text);
    free(got);
    cJSON_Delete(value);
}

static void texts_of_any_kind(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].text);
        check_value(json_first(rows[i].text, n, "k"), rows[i].first, rows[i].text);
        check_value(json_last(rows[i].text, n, "k"), rows[i].last, rows[i].text);
    }
}

/* ---- Random objects ---- */

static unsigned seed = 1;

static unsigned any(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

static const char *any_text(void)
{
    static const char *const texts[] = {"k",    "a", "\"k", "k\":1,\"", "\\",
                                        "\\\"", "{", "}],", "",         "\x01\n"};
    return texts[any(sizeof texts / sizeof texts[0])];
}

static cJSON *any_object(unsigned depth)
{
    cJSON *object = cJSON_CreateObject();
    for (unsigned n = any(5); n > 0; n--) {
        cJSON *value = depth > 0 && any(3) == 0 ? any_object(depth - 1)
                       : any(2) == 0            ? cJSON_CreateString(any_text())
                                                : cJSON_CreateNumber(any(100));
        cJSON_AddItemToObject(object, any_text(), value);
    }
    return object;
}

static const cJSON *member(const cJSON *object, bool is_last)
{
    const cJSON *found = NULL;
    for (const cJSON *at = object->child; at != NULL; at = at->next)
        if (strcmp(at->string, "k") == 0 && (is_last || found == NULL))
            found = at;
    return found;
}

/* True if the value is the right one; a text that is cut may also tell none. */
static int is_true(cJSON *value, const cJSON *wanted, bool is_cut)
{
    char *got = cJSON_PrintUnformatted(value);
    char *right = cJSON_PrintUnformatted(wanted);
    int is = got == NULL ? is_cut || wanted == NULL : right != NULL && strcmp(got, right) == 0;
    free(got);
    free(right);
    cJSON_Delete(value);
    return is;
}

static void whatever_is_cut_off_nothing_is_made_up(void)
{
    for (int round = 0; round < 2000; round++) {
        cJSON *object = any_object(3);
        char *text = round % 2 == 0 ? cJSON_PrintUnformatted(object) : cJSON_Print(object);
        size_t n = strlen(text);
        for (size_t cut = 0; cut < n; cut++) {
            CHECK(is_true(json_first(text, n - cut, "k"), member(object, false), cut > 0));
            CHECK(is_true(json_last(text + cut, n - cut, "k"), member(object, true), cut > 0));
        }
        free(text);
        cJSON_Delete(object);
    }
}

static const struct test tests[] = {
    {"texts of any kind", texts_of_any_kind},
    {"whatever is cut off, nothing is made up", whatever_is_cut_off_nothing_is_made_up},
};

SUITE_MAIN("json member", tests)
