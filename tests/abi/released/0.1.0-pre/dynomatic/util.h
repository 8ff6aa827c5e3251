/* SPDX-License-Identifier: MIT
 *
 * Optional helpers for plugin authors, all static inline. They need POSIX (_POSIX_C_SOURCE 200112L
 * or later, as -std=gnu11 and C++ give it) beside plugin.h.
 */
#ifndef DYNOMATIC_UTIL_H
#define DYNOMATIC_UTIL_H

#include <dynomatic/plugin.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DYN_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define DYN_PRINTF(at, first)
#endif

/* How many elements an array has, as the counts of the contract want it. */
#define DYN_COUNT(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

/* host->fail() with printf's format; texts past 1023 bytes are cut.  [instance] */
static inline int32_t dyn_failf(const struct dyn_host *host, int32_t code, const char *format, ...)
    DYN_PRINTF(3, 4);
static inline int32_t dyn_failf(const struct dyn_host *host, int32_t code, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return host->fail(host, code, text);
}

/* host->log() with printf's format; texts past 1023 bytes are cut.  [any] */
static inline void dyn_logf(const struct dyn_host *host, int32_t level, const char *format, ...)
    DYN_PRINTF(3, 4);
static inline void dyn_logf(const struct dyn_host *host, int32_t level, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    host->log(host, level, text);
}

/* The clock of deadlines, in nanoseconds.  [any] */
static inline int64_t dyn_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Whole milliseconds until the call's deadline, rounded up; 0 once it has passed.  [instance] */
static inline int32_t dyn_ms_left(const struct dyn_call *call)
{
    int64_t left_ns = call->deadline_ns - dyn_now_ns();
    if (left_ns <= 0)
        return 0;
    return left_ns > (int64_t)INT32_MAX * 1000000 ? INT32_MAX
                                                  : (int32_t)((left_ns + 999999) / 1000000);
}

/* True if the host wants the call to end, or its deadline has passed.  [instance] */
static inline int dyn_is_over(const struct dyn_call *call)
{
    struct pollfd cancel = {call->cancel_fd, POLLIN, 0};
    return dyn_ms_left(call) == 0 || poll(&cancel, 1, 0) > 0;
}

/* Waits until `fd` is ready for `events` (POLLIN, POLLOUT) or has failed, at most until the
 * deadline or the cancelling of the call. fd -1: only for those.  [instance] Returns what poll()
 * found on fd, 0 if the call is over, -1 with errno if poll() failed. */
static inline int dyn_wait(const struct dyn_call *call, int fd, short events)
{
    struct pollfd fds[2] = {{call->cancel_fd, POLLIN, 0}, {fd, events, 0}};
    for (;;) {
        int32_t left_ms = dyn_ms_left(call);
        int ready = left_ms == 0 ? 0 : poll(fds, 2, left_ms);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready < 0)
            return -1;
        if (left_ms == 0 || (fds[0].revents != 0))
            return 0;
        if (fds[1].revents != 0)
            return fds[1].revents;
    }
}

#ifdef __cplusplus
}
#endif

#endif
