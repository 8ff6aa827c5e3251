/* SPDX-License-Identifier: MIT
 * What a stranger's server said, made fit for a text of ours: one line, UTF-8, without our secret.
 */
#ifndef PLUGINS_SHARED_QUOTE_H
#define PLUGINS_SHARED_QUOTE_H

#include <stddef.h>

/* Writes `length` bytes of text to `out`, cut with "..." where the room (of 8 or more) ends. Each
 * occurrence of `secret` becomes "***"; white space and control characters fold into one space;
 * bytes that are no UTF-8 become "?". Returns out. */
char *quote(const char *text, size_t length, const char *secret, char *out, size_t room);

/* How much of what a server said stands before more words of ours: all but the full stop at its
 * end.
 */
int quote_length(const char *text);

#endif
