/* SPDX-License-Identifier: MIT
 * A host for one plugin under test: loads it, fills its options from YAML as the real host does,
 * calls it with a deadline, and remembers what it answered.
 *
 *     struct testhost *t = testhost_open("delayedjob", "{url: 'sqlite3:/tmp/x'}", &error);
 *     CHECK_INT(testhost_measure(t, &group, 1, 1000), DYN_OK);
 *     CHECK_INT(testhost_value(t, 0, DYN_WAITING).number, 3);
 *     testhost_close(t);
 *
 * All texts that are returned are the host's, "" if there is none, and live until its next call.
 * What a plugin answers to a call that fails is thrown away, as the contract has it. */
#ifndef TESTS_SUPPORT_TESTHOST_H
#define TESTS_SUPPORT_TESTHOST_H

#include "core/plugin.h"
#include "core/policy.h"

#include <stddef.h>
#include <stdint.h>

struct testhost;

/* Loads a plugin by name (from DYNOMATIC_PLUGIN_PATH) or path, and opens it with a YAML map of
 * options; NULL: none given. NULL if anything of it fails, with the text in *error_text: the
 * mistakes of the options or what the plugin's fail() said. The caller frees it; error_text may be
 * NULL. */
struct testhost *testhost_open(const char *plugin, const char *yaml_options, char **error_text);
void testhost_close(struct testhost *host); /* takes NULL */

const struct plugin *testhost_plugin(const struct testhost *host);

/* Calls with `timeout_ms` from now as the deadline. Each returns what the plugin returned. The
 * plugin must have the function: ask testhost_plugin() where it is optional. */
int32_t testhost_measure(struct testhost *host, const struct dyn_group *groups, size_t n,
                         int64_t timeout_ms);
int32_t testhost_workers(struct testhost *host, const struct dyn_group *groups, size_t n,
                         int64_t timeout_ms);
int32_t testhost_detect(struct testhost *host, int64_t timeout_ms);
int32_t testhost_watch(struct testhost *host, const struct dyn_group *groups, size_t n,
                       int64_t timeout_ms, int32_t *fd);
int32_t testhost_advise(struct testhost *host, int32_t topic, int64_t timeout_ms);
int32_t testhost_read(struct testhost *host, const char *const *names, size_t n,
                      int64_t timeout_ms);
int32_t testhost_apply(struct testhost *host, const struct dyn_change *changes, size_t n,
                       int64_t timeout_ms);
int32_t testhost_limit(struct testhost *host, const char *name);

/* Cancels the call that runs, or else the next one; the cancelled call takes it off. On any thread.
 */
void testhost_cancel(struct testhost *host);

/* What element i of the last call was given: KNOWN_NOT if not put, or if the call failed. */
struct value testhost_value(const struct testhost *host, size_t i, int32_t metric);
const char *testhost_unknown(const struct testhost *host, size_t i); /* why not */

/* What the last call (or load, or open) said through fail(). */
const char *testhost_failure(const struct testhost *host);

/* All lines logged so far, "warn: text\n" each. */
const char *testhost_logs(const struct testhost *host);
void testhost_forget_logs(struct testhost *host);

/* The workers of the last call, in the order in which they were put. */
struct testhost_worker {
    uint32_t index;
    uint32_t n_jobs;
    int64_t busy_ms;
    char *host; /* the texts are NULL where the plugin gave NULL */
    char *id;
    char *queue;
    char *job;
};
size_t testhost_n_workers(const struct testhost *host);
const struct testhost_worker *testhost_worker(const struct testhost *host, size_t i);

/* What detect() found: 0 if nothing. */
int32_t testhost_percent(const struct testhost *host);
const char *testhost_evidence(const struct testhost *host);

/* What advise() was given in the last call, a line each. */
const char *testhost_advice(const struct testhost *host);

/* How the plugin broke the contract so far, a line each; "" if it kept it: an index past the end, a
 * failure without a text, a text of several lines, success after fail(). */
const char *testhost_breaches(const struct testhost *host);

#endif
