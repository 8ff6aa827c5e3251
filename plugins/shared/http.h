/* SPDX-License-Identifier: MIT
 * One HTTP connection to one server, kept alive from request to request, driven by libcurl so that
 * every phase (name look-up, connecting, TLS, sending, reading) ends at the call's deadline or when
 * the host cancels. Knows nothing of what it carries. Redirects are not followed: a request
 * carries a secret, which is for the server it was addressed to. */
#ifndef PLUGINS_SHARED_HTTP_H
#define PLUGINS_SHARED_HTTP_H

#include <dynomatic/plugin.h>

#include <stdbool.h>
#include <stddef.h>

struct http;

struct http_request {
    const char *method;
    const char *url;
    const char *const *headers; /* "Name: value", ended by NULL */
    const char *body;           /* NULL: none */
};

/* What came back; the texts are the http's, until its next request or http_free(). */
struct http_reply {
    long status;         /* 0 if there is no reply */
    const char *body;    /* NUL-terminated */
    size_t length;       /* of the body, in bytes */
    const char *headers; /* the lines of the last header block: see http_header() */
    const char *trouble; /* why there is no reply, one line; "" if there is */
};

/* The plugin's load() is transfer_load(). */

/* `ca_file` (NULL: the system's certificates) lives until http_free(). `is_direct`: never through a
 * proxy that the environment names. Does no I/O. NULL: out of memory.  [main] */
struct http *http_new(const char *ca_file, bool is_direct);

/* Drops the connection without blocking; takes NULL.  [instance] */
void http_free(struct http *http);

/* Sends a request and waits for the whole reply, whatever its status. Returns DYN_OK, or DYN_LATE,
 * DYN_RETRY or DYN_BROKEN with reply->trouble; the server may then have done what was asked, unless
 * the trouble is one of connecting.  [instance] */
int32_t http_ask(struct http *http, const struct dyn_call *call, const struct http_request *request,
                 struct http_reply *reply);

/* The value of a header, its name compared without case: *length bytes, not NUL-terminated. NULL
 * if there is none. */
const char *http_header(const struct http_reply *reply, const char *name, size_t *length);

#endif
