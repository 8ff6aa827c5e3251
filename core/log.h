/* SPDX-License-Identifier: MIT
 * One line an event, subject first, on standard error: readable with colours on a terminal
 * (NO_COLOR respected), logfmt elsewhere, as the log readers of platforms expect.
 * May be called on any thread. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG }; /* as DYN_ERROR ... in plugin.h */

/* Which levels are written (up to this one), and in which of the two forms. Once, at start. */
void log_init(enum log_level most);
enum log_level log_most(void);

/* "worker: 2 -> 5 (...)": subject is a pool, an instance, a file or "dynomatic". */
void log_write(enum log_level level, const char *subject, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
