/* SPDX-License-Identifier: MIT
 * The other side of the wire: an HTTP server on 127.0.0.1 that answers from a script, a line a
 * request, and remembers what it was asked. For what a faithful server never does.
 *
 *     static const struct line lines[] = {{.body = "[]"}, {.status = "503 Sorry", .then = RESET}};
 *     struct script *script = script_start(lines, 2);
 *     ... http://127.0.0.1:script_port(script) ...
 *     CHECK_INT(script_calls(script), 2);
 *     script_stop(script);
 */
#ifndef TESTS_SUPPORT_SCRIPT_H
#define TESTS_SUPPORT_SCRIPT_H

#include <stddef.h>

/* What happens once a line was said. */
enum then {
    KEEP,   /* the connection stays for the next request */
    CLOSE,  /* it ends in order, which also ends a body without a length */
    RESET,  /* it ends by RST */
    SILENCE /* nothing more comes until script_stop() */
};

struct line {
    const char *status;  /* "200 OK" if NULL */
    const char *headers; /* "Name: value\r\n" each; NULL: none. A Content-Length is added unless it
                          * has one or Transfer-Encoding, or then is CLOSE */
    const char *body;    /* NULL: empty */
    size_t padding;      /* so many spaces are sent before the body, and count as part of it */
    const char *raw;     /* said as it is, instead of the three above; "": nothing is said */
    enum then then;
};

struct script;

/* Starts to listen; requests past the last line get the last line again. The lines must live until
 * script_stop(). Ends the program if it cannot. */
struct script *script_start(const struct line *lines, size_t n);
void script_stop(struct script *script); /* takes NULL */

int script_port(const struct script *script);

/* Whole requests that came so far, and request i with its headers and body; "" if there is none. */
size_t script_calls(struct script *script);
const char *script_request(struct script *script, size_t i);

/* Wait until so many requests, or connections, came; 0 if they do not within ten seconds. */
int script_wait(struct script *script, size_t calls);
int script_wait_connections(struct script *script, size_t connections);

/* Connections that were accepted so far. */
size_t script_connections(struct script *script);

#endif
