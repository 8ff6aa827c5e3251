/* SPDX-License-Identifier: MIT
 * What every CUnit program of ours shares: a list of named tests in, CUnit's summary out; and
 * checks that show both values when they fail. A test is named after what it shows:
 *
 *     static const struct test tests[] = {{"a nearest key is found", nearest_is_found}, ...};
 *     SUITE_MAIN("text", tests)
 */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <CUnit/CUnit.h>

#include <stddef.h>
#include <stdint.h>

struct test {
    const char *name;
    void (*run)(void);
};

/* Runs the tests (those whose name contains argv[1], if there is one); the exit status. */
int suite_run(const char *name, const struct test *tests, size_t n, int argc, char **argv);

#define SUITE_MAIN(name, tests)                                                        \
    int main(int argc, char **argv)                                                    \
    {                                                                                  \
        return suite_run(name, tests, sizeof(tests) / sizeof((tests)[0]), argc, argv); \
    }

#define CHECK(truth) suite_check((truth) ? 1 : 0, #truth, __FILE__, __LINE__)
#define CHECK_INT(actual, expected) \
    suite_check_int((int64_t)(actual), (int64_t)(expected), #actual, __FILE__, __LINE__)
#define CHECK_TEXT(actual, expected) \
    suite_check_text((actual), (expected), #actual, __FILE__, __LINE__)
/* The text contains the part. */
#define CHECK_HAS(actual, part) suite_check_has((actual), (part), #actual, __FILE__, __LINE__)

/* Each returns 1 if it held. */
int suite_check(int truth, const char *what, const char *file, unsigned line);
int suite_check_int(int64_t actual, int64_t expected, const char *what, const char *file,
                    unsigned line);
int suite_check_text(const char *actual, const char *expected, const char *what, const char *file,
                     unsigned line);
int suite_check_has(const char *actual, const char *part, const char *what, const char *file,
                    unsigned line);

#endif
