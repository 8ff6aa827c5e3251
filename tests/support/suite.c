/* SPDX-License-Identifier: MIT */
#include "tests/support/suite.h"

#include "core/isolate.h"

#include <CUnit/Basic.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int suite_run(const char *name, const struct test *tests, size_t n, int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    if (argc == 3 && strcmp(argv[1], ISOLATE_COMMAND) == 0)
        return isolate_serve(argv[2]); /* a test's own instance, as in main.c */
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    CU_pSuite suite = CU_add_suite(name, NULL, NULL);
    for (size_t i = 0; i < n; i++)
        if (strstr(tests[i].name, only) != NULL)
            if (CU_add_test(suite, tests[i].name, tests[i].run) == NULL) {
                fprintf(stderr, "%s: cannot add \"%s\": %s\n", name, tests[i].name,
                        CU_get_error_msg());
                return EXIT_FAILURE;
            }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    unsigned run = CU_get_number_of_tests_run();
    CU_cleanup_registry();
    return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int check(int truth, const char *file, unsigned line, char *what)
{
    CU_assertImplementation(truth ? CU_TRUE : CU_FALSE, line, what, file, "", CU_FALSE);
    return truth;
}

int suite_check(int truth, const char *what, const char *file, unsigned line)
{
    char text[512];
    snprintf(text, sizeof text, "%s", what);
    return check(truth, file, line, text);
}

int suite_check_int(int64_t actual, int64_t expected, const char *what, const char *file,
                    unsigned line)
{
    char text[512];
    snprintf(text, sizeof text, "%s: got %" PRId64 ", expected %" PRId64, what, actual, expected);
    return check(actual == expected, file, line, text);
}

int suite_check_text(const char *actual, const char *expected, const char *what, const char *file,
                     unsigned line)
{
    char text[4096];
    snprintf(text, sizeof text, "%s: got \"%s\", expected \"%s\"", what,
             actual != NULL ? actual : "(null)", expected != NULL ? expected : "(null)");
    int same =
        actual == expected || (actual != NULL && expected != NULL && strcmp(actual, expected) == 0);
    return check(same, file, line, text);
}

int suite_check_has(const char *actual, const char *part, const char *what, const char *file,
                    unsigned line)
{
    char text[4096];
    snprintf(text, sizeof text, "%s: got \"%s\", which has no \"%s\"", what,
             actual != NULL ? actual : "(null)", part);
    return check(actual != NULL && strstr(actual, part) != NULL, file, line, text);
}
