/* SPDX-License-Identifier: MIT */
#include "tests/plugin/heroku_stage.h"

#include "tests/support/suite.h"

#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stage stage_open(const char *plugin, const struct line *lines, size_t n, const char *more)
{
    struct stage stage = {script_start(lines, n), NULL};
    char *error = NULL;
    char *options =
        memory_format("{app: myapp, token: " STAGE_TOKEN
                      ", api_url: 'http://127.0.0.1:%d', maintenance: ignore%s%s}",
                      script_port(stage.script), strstr(more, "dynos:") ? "" : ", dynos: no", more);
    stage.host = testhost_open(plugin, options, &error);
    if (stage.host == NULL) {
        fprintf(stderr, "%s does not open: %s\n", plugin, error);
        exit(EXIT_FAILURE);
    }
    free(options);
    return stage;
}

void stage_close(struct stage *stage)
{
    CHECK_TEXT(testhost_breaches(stage->host), "");
    testhost_close(stage->host);
    script_stop(stage->script);
}

static void search(const char *text)
{
    CHECK(strstr(text, "stage-token") == NULL);
}

static int32_t look(const struct stage *stage, size_t n, int32_t code)
{
    search(testhost_failure(stage->host));
    search(testhost_logs(stage->host));
    for (size_t i = 0; i < n; i++)
        search(testhost_unknown(stage->host, i));
    return code;
}

int32_t stage_read(struct stage *stage, const char *const *names, size_t n, int64_t timeout_ms)
{
    return look(stage, n, testhost_read(stage->host, names, n, timeout_ms));
}

int32_t stage_apply(struct stage *stage, const struct dyn_change *changes, size_t n,
                    int64_t timeout_ms)
{
    return look(stage, n, testhost_apply(stage->host, changes, n, timeout_ms));
}

int64_t stage_size(const struct stage *stage, size_t i)
{
    struct value value = testhost_value(stage->host, i, DYN_SIZE);
    return value.doubt == KNOWN_EXACT ? value.number : -1;
}

const char *stage_said(const struct stage *stage)
{
    const char *failure = testhost_failure(stage->host);
    return failure[0] != '\0' ? failure : testhost_unknown(stage->host, 0);
}

const char *stage_body(const struct stage *stage, size_t i)
{
    const char *body = strstr(script_request(stage->script, i), "\r\n\r\n");
    return body != NULL ? body + 4 : "";
}
