/* SPDX-License-Identifier: MIT
 * Why something failed, as one line for a person. The caller owns it; the first text wins, so that
 * the cause is not painted over by those who pass it on. Every function takes NULL. */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

struct error {
    char text[1024];
};

/* Notes what was attempted, on what, and why not; cut to the room there is. Always returns -1. */
int error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
