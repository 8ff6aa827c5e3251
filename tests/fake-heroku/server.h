/* SPDX-License-Identifier: MIT
 * HTTP: the only file that knows libmicrohttpd. It takes requests whole, lets the rules for faults
 * have their way, asks the API or the control path for the reply, and records it. */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

#include "core/error.h"
#include "tests/fake-heroku/loop.h"
#include "tests/fake-heroku/platform.h"

struct server;

/* Texts in PEM format. */
struct server_tls {
    char *certificate;
    char *key;
};

/* Listens. Port 0: any that is free. `tls` NULL: plain HTTP; its texts live as long as the server.
 */
struct server *server_new(struct platform *platform, struct loop *loop, const char *host, int port,
                          const struct server_tls *tls, struct error *error);
void server_free(struct server *server);

int server_port(const struct server *server);

/* Serves what can be served; when it must be called again at the latest. */
int64_t server_run(struct server *server, int64_t now_ms);
/* Takes no new connections, and breaks those that wait for a fault to pass. */
void server_quiesce(struct server *server);

#endif
