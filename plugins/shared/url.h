/* SPDX-License-Identifier: MIT
 * What the URLs of stores have in common: SCHEME://USER:PASSWORD@HOST:PORT and the rest. */
#ifndef PLUGINS_SHARED_URL_H
#define PLUGINS_SHARED_URL_H

#include <stdbool.h>
#include <stddef.h>

struct url {
    char *user;     /* NULL: none */
    char *password; /* NULL: none */
    char *host;     /* "" if none is named */
    unsigned port;  /* 0: none */
};

/* Reads what stands behind "://". Returns where the rest begins, at "/", "?", "#" or the end; NULL
 * if the form is wrong or memory is gone. In both cases url_fini() frees it. */
const char *url_read(const char *text, struct url *url);
void url_fini(struct url *url);

/* Copies `length` bytes of text with %XX turned into bytes. NULL if memory is gone, or if a % is
 * not followed by two hexadecimal digits, or stands for NUL. */
char *url_decode(const char *text, size_t length);

/* A whole number that is all of the text; false if it is none, or above `most`. */
bool url_number(const char *text, size_t length, unsigned most, unsigned *number);

#endif
