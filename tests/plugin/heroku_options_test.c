/* SPDX-License-Identifier: MIT
 * Options that a back-end of Heroku refuses when it is opened, and those it takes. */
#include "tests/support/suite.h"
#include "tests/support/testhost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Options -> what opening says; NULL: it opens. */
struct row {
    const char *options;
    const char *says;
};

#define APP   "app: myapp, "
#define TOKEN "token: HRKU-AAoptions-token, "

static const struct row formation[] = {
    {"{" APP TOKEN "}", NULL},
    {"{app: 01234567-89ab-cdef-0123-456789abcdef, " TOKEN "}", NULL},
    {"{app: '', " TOKEN "}", "app must not be empty"},
    {"{app: 'my app', " TOKEN "}", "app \"my app\" is not the name of an app"},
    {"{app: '../other', " TOKEN "}", "is not the name of an app"},
    {"{" APP "token: ''}", "token must not be empty"},
    {"{" APP "token: 'HRKU-AAoptions-token '}", "another strange character at place 21"},
    {"{" APP "token: \"HRKU-AAoptions-token\\r\\nX-Evil: 1\"}", "token must be one line"},
    {"{" APP "token: \"\\tHRKU-AAoptions-token\"}", "token must be one line"},
    {"{" APP TOKEN "api_url: 'https://api.heroku.com'}", NULL},
    {"{" APP TOKEN "api_url: 'https://api.heroku.com/'}", NULL},
    {"{" APP TOKEN "api_url: 'https://proxy.example:8443/heroku/v3'}", NULL},
    {"{" APP TOKEN "api_url: 'HTTPS://[2001:db8::1]:443'}", NULL},
    {"{" APP TOKEN "api_url: 'http://127.0.0.1:8080'}", NULL},
    {"{" APP TOKEN "api_url: 'http://127.1.2.3'}", NULL},
    {"{" APP TOKEN "api_url: 'http://localhost:8080'}", NULL},
    {"{" APP TOKEN "api_url: 'http://LocalHost/'}", NULL},
    {"{" APP TOKEN "api_url: 'http://[::1]:8080'}", NULL},
    {"{" APP TOKEN "api_url: 'http://api.heroku.com'}",
     "api_url \"http://api.heroku.com\" would send the token unencrypted"},
    {"{" APP TOKEN "api_url: 'http://10.0.0.1'}", "unencrypted"},
    {"{" APP TOKEN "api_url: 'http://127.0.0.1.evil.example'}", "unencrypted"},
    {"{" APP TOKEN "api_url: 'http://localhost.evil.example'}", "unencrypted"},
    {"{" APP TOKEN "api_url: 'http://128.0.0.1'}", "unencrypted"},
    {"{" APP TOKEN "api_url: 'http://[::2]'}", "unencrypted"},
    {"{" APP TOKEN "api_url: 'http://127.0.0.1:80@evil.example'}", "a user name or a password"},
    {"{" APP TOKEN "api_url: 'https://me:options-token@api.heroku.com'}", "a user name"},
    {"{" APP TOKEN "api_url: 'http://127.0.0.1\\evil.example'}", "is not the address of an API"},
    {"{" APP TOKEN "api_url: 'https://'}", "is not the address of an API"},
    {"{" APP TOKEN "api_url: 'https://api.heroku.com?x=1'}", "is not the address of an API"},
    {"{" APP TOKEN "api_url: 'ftp://api.heroku.com'}", "does not begin with https://"},
    {"{" APP TOKEN "api_url: 'api.heroku.com'}", "does not begin with https://"},
};

static const struct row hobby[] = {
    {"{" APP TOKEN "worker_names: [worker1, worker_2, worker-3]}", NULL},
    {"{" APP TOKEN "worker_names: [worker1, 'worker 2']}", "\"worker 2\" is not a process type"},
    {"{" APP TOKEN "worker_names: ['']}", "worker_names must not have an empty item"},
    {"{" APP TOKEN "worker_names: [a, b, a]}", "worker_names has \"a\" twice"},
    {"{" APP TOKEN "worker_names: []}", "worker_names"},
    {"{app: 'a/b', " TOKEN "worker_names: [a]}", "is not the name of an app"},
};

static void try_row(const char *plugin, const struct row *row)
{
    char *error = NULL;
    struct testhost *host = testhost_open(plugin, row->options, &error);
    suite_check_int(host != NULL, row->says == NULL, row->options, __FILE__, __LINE__);
    if (row->says != NULL) {
        suite_check_has(error, row->says, row->options, __FILE__, __LINE__);
        suite_check(error == NULL || strstr(error, "options-token") == NULL, row->options, __FILE__,
                    __LINE__);
    }
    testhost_close(host);
    free(error);
}

static void formation_options_are_checked(void)
{
    for (size_t i = 0; i < sizeof formation / sizeof *formation; i++)
        try_row("heroku-formation", &formation[i]);
}

static void hobby_options_are_checked(void)
{
    for (size_t i = 0; i < sizeof hobby / sizeof *hobby; i++)
        try_row("heroku-hobby", &hobby[i]);
}

static void token_is_a_secret(void)
{
    struct testhost *host = testhost_open("heroku-formation", formation[0].options, NULL);
    const struct plugin *plugin = testhost_plugin(host);
    size_t n_secrets = 0;
    for (uint32_t i = 0; i < plugin->table.n_options; i++)
        if ((plugin->options[i].flags & DYN_SECRET) != 0) {
            CHECK_TEXT(plugin->options[i].name, "token");
            n_secrets++;
        }
    CHECK_INT(n_secrets, 1);
    testhost_close(host);
}

static void environment_is_fallen_back_to(void)
{
    setenv("HEROKU_APP_NAME", "no such app", 1);
    setenv("HEROKU_TOKEN", "HRKU-AAoptions-token", 1);
    const struct row row = {"{}", "app \"no such app\" is not the name of an app"};
    try_row("heroku-formation", &row);
    setenv("HEROKU_APP_NAME", "myapp", 1);
    const struct row good = {"{}", NULL};
    try_row("heroku-formation", &good);
    setenv("HEROKU_API_KEY", "it goes first", 1);
    const struct row first = {"{}", "another strange character at place 3"};
    try_row("heroku-formation", &first);
    unsetenv("HEROKU_APP_NAME");
    unsetenv("HEROKU_TOKEN");
    unsetenv("HEROKU_API_KEY");
}

static const struct test tests[] = {
    {"options of heroku-formation are checked", formation_options_are_checked},
    {"options of heroku-hobby are checked", hobby_options_are_checked},
    {"the token is a secret", token_is_a_secret},
    {"the environment is fallen back to", environment_is_fallen_back_to},
};

SUITE_MAIN("heroku options", tests)
