/* SPDX-License-Identifier: MIT
 * Servers at which a plugin must not hang, on a free port of 127.0.0.1. */
#ifndef KIT_SERVER_H
#define KIT_SERVER_H

/* Accepts and never answers. Readable once somebody has connected. */
int server_silent(int *port);

/* Refuses every connection: the port is taken, and nobody listens. */
int server_refusing(int *port);

#endif
