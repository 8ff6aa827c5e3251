/* SPDX-License-Identifier: MIT
 * HTTP: the only file that knows libmicrohttpd. It takes requests whole, lets the rules for faults
 * have their way, asks the API or the control path for the reply, and records it. */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

#include "core/error.h"
#include "tests/fake-heroku/loop.h"
#include "tests/fake-heroku/platform.h"

struct server;

/* Listens. Port 0: any that is free. */
struct server *server_new(struct platform *platform, struct loop *loop, const char *host, int port,
                          struct error *error);
void server_free(struct server *server);

int server_port(const struct server *server);

/* Serves what can be served; when it must be called again at the latest. */
int64_t server_run(struct server *server, int64_t now_ms);
/* Takes no new connections, and breaks those that wait for a fault to pass. */
void server_quiesce(struct server *server);

#endif
