/* SPDX-License-Identifier: MIT
 * libcurl within a call: what runs on a multi handle ends at the call's deadline or when the host
 * cancels. */
#ifndef PLUGINS_SHARED_TRANSFER_H
#define PLUGINS_SHARED_TRANSFER_H

#include <curl/curl.h>
#include <dynomatic/plugin.h>

/* Once in a process, before any thread: the plugin's load().  [main] */
int32_t transfer_load(const struct dyn_host *host);

/* Runs the one transfer that was added to `multi` to its end. Returns DYN_OK with how it ended in
 * *result; DYN_LATE; or DYN_RETRY with *why, a constant, where libcurl fails by itself.  [instance]
 */
int32_t transfer_run(CURLM *multi, const struct dyn_call *call, CURLcode *result, const char **why);

#endif
