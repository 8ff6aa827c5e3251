/* SPDX-License-Identifier: MIT */
#include "shared/transfer.h"

#include <dynomatic/util.h>

int32_t transfer_load(const struct dyn_host *host)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code == CURLE_OK)
        return DYN_OK;
    return dyn_failf(host, DYN_BROKEN, "cannot start libcurl: %s", curl_easy_strerror(code));
}

static int32_t finish(CURLM *multi, CURLcode *result, const char **why)
{
    int left;
    const CURLMsg *message = curl_multi_info_read(multi, &left);
    if (message == NULL || message->msg != CURLMSG_DONE) {
        *why = "libcurl ended the transfer and does not say how";
        return DYN_RETRY;
    }
    *result = message->data.result;
    return DYN_OK;
}

int32_t transfer_run(CURLM *multi, const struct dyn_call *call, CURLcode *result, const char **why)
{
    for (;;) {
        int running = 0;
        if (dyn_is_over(call))
            return DYN_LATE;
        CURLMcode code = curl_multi_perform(multi, &running);
        if (code == CURLM_OK && running == 0)
            return finish(multi, result, why);
        struct curl_waitfd cancel = {call->cancel_fd, CURL_WAIT_POLLIN, 0};
        if (code == CURLM_OK)
            code = curl_multi_poll(multi, &cancel, 1, dyn_ms_left(call), NULL);
        if (code != CURLM_OK) {
            *why = curl_multi_strerror(code);
            return DYN_RETRY;
        }
    }
}
