/* SPDX-License-Identifier: MIT
 * A socket that listens, and the file that tells where. */
#ifndef FAKE_LISTEN_H
#define FAKE_LISTEN_H

#include "core/error.h"

/* The descriptor, and the port that was found if it was 0; or -1. */
int listen_on(const char *host, int *port, struct error *error);

/* Writes the port and a newline: whoever sees the file sees it whole. */
int listen_tell(const char *file, int port, struct error *error);

#endif
