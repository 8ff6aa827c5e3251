/* SPDX-License-Identifier: MIT
 * A back-end of Heroku on one side, a scripted server on the other. Whatever the back-end says is
 * searched for the token. */
#ifndef TESTS_PLUGIN_HEROKU_STAGE_H
#define TESTS_PLUGIN_HEROKU_STAGE_H

#include "tests/support/script.h"
#include "tests/support/testhost.h"

#include <dynomatic/plugin.h>

#define STAGE_TOKEN "HRKU-AAstage-token-0123456789-never-to-be-seen"

struct stage {
    struct script *script;
    struct testhost *host;
};

/* Opens the plugin for the app "myapp" at a server that says these lines; `more` are further
 * options, as ", name: value" (dynos is no unless they say so). Ends the program if it cannot. */
struct stage stage_open(const char *plugin, const struct line *lines, size_t n, const char *more);

/* Ends both; checks that the contract was kept. */
void stage_close(struct stage *stage);

/* Call the plugin within `timeout_ms`, and check what it says for the token. */
int32_t stage_read(struct stage *stage, const char *const *names, size_t n, int64_t timeout_ms);
int32_t stage_apply(struct stage *stage, const struct dyn_change *changes, size_t n,
                    int64_t timeout_ms);

/* The size of element i in the last call, -1 if it was not put. */
int64_t stage_size(const struct stage *stage, size_t i);

/* What the last call said of element 0, be it a failure or why a value is unknown. */
const char *stage_said(const struct stage *stage);

/* The body of request i, "" if it has none. */
const char *stage_body(const struct stage *stage, size_t i);

#endif
