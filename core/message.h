/* SPDX-License-Identifier: MIT
 * What the host and an isolated plugin (isolate.h) say to each other: numbers and texts one after
 * another, over a socket, with their length in front. Nothing that comes in is believed: it is
 * bounded, and read past its end it is bad from then on, with zeros for values.
 *
 *     message_begin(&m); message_add_number(&m, 7); message_send(fd, &m, wait);
 *     message_receive(fd, &m, wait); if (message_number(&m) == 7 && !m.is_bad) ... */
#ifndef CORE_MESSAGE_H
#define CORE_MESSAGE_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most bytes of one. Ten thousand groups are one of these. */
enum { MESSAGE_MOST = 16 << 20 };

struct message {
    struct text bytes;
    size_t at; /* how far it was read */
    bool is_bad;
};

void message_fini(struct message *message);

/* ---- To say ---- */

void message_begin(struct message *message);
void message_add_number(struct message *message, int64_t number);
void message_add_text(struct message *message, const char *text); /* NULL is one, too */

/* Whether it has grown past what can be sent. */
bool message_is_full(const struct message *message);

/* ---- To be told ---- */

int64_t message_number(struct message *message);

/* A number of 32 bits; others are bad. */
int32_t message_int(struct message *message);

/* How many things follow, each of at least one number; more than can be there are bad. */
uint32_t message_count(struct message *message);

/* The message's, until it changes. */
const char *message_text(struct message *message);

/* ---- On the way ---- */

/* Waits until a socket is ready for `events`; false gives up. A socket that blocks never asks. */
struct message_wait {
    bool (*ready)(void *context, int fd, short events);
    void *context;
};

enum message_result {
    MESSAGE_DONE,
    MESSAGE_ENDED,    /* there is nobody on the other side */
    MESSAGE_REFUSED,  /* it is none, or too large */
    MESSAGE_GIVEN_UP, /* by the wait */
};

enum message_result message_send(int fd, struct message *message, struct message_wait wait);
enum message_result message_receive(int fd, struct message *message, struct message_wait wait);

/* A descriptor, or none (-1), which is no part of a message. The receiver closes its own. */
enum message_result message_send_fd(int fd, int what, struct message_wait wait);
enum message_result message_receive_fd(int fd, int *what, struct message_wait wait);

#endif
