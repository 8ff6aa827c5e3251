/* SPDX-License-Identifier: MIT */
#include "core/message.h"

#include "core/memory.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* Stands in front of each, so that what a plugin prints into the socket is no message. */
struct head {
    uint32_t mark;
    uint32_t length; /* of what follows */
};

enum { MARK = 0x4d4e5944 }; /* "DYNM" */

void message_fini(struct message *message)
{
    text_fini(&message->bytes);
    *message = (struct message){0};
}

/* ---- To say ---- */

void message_begin(struct message *message)
{
    text_clear(&message->bytes);
    message->at = 0;
    message->is_bad = false;
}

void message_add_number(struct message *message, int64_t number)
{
    text_add_n(&message->bytes, (const char *)&number, sizeof number);
}

void message_add_text(struct message *message, const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    message_add_number(message, text != NULL ? (int64_t)length : -1);
    text_add_n(&message->bytes, text, text != NULL ? length + 1 : 0);
}

bool message_is_full(const struct message *message)
{
    return message->bytes.length > MESSAGE_MOST;
}

/* ---- To be told ---- */

/* The next n bytes; NULL if there are fewer. */
static const char *take(struct message *message, size_t n)
{
    if (message->is_bad || message->bytes.length - message->at < n) {
        message->is_bad = true;
        return NULL;
    }
    const char *bytes = message->bytes.chars + message->at;
    message->at += n;
    return bytes;
}

int64_t message_number(struct message *message)
{
    int64_t number = 0;
    const char *bytes = take(message, sizeof number);
    if (bytes != NULL)
        memcpy(&number, bytes, sizeof number);
    return number;
}

int32_t message_int(struct message *message)
{
    int64_t number = message_number(message);
    if (number == (int32_t)number)
        return (int32_t)number;
    message->is_bad = true;
    return 0;
}

uint32_t message_count(struct message *message)
{
    int64_t n = message_number(message);
    size_t left = message->bytes.length - message->at;
    if (n >= 0 && (uint64_t)n <= left / sizeof n)
        return (uint32_t)n;
    message->is_bad = true;
    return 0;
}

const char *message_text(struct message *message)
{
    int64_t length = message_number(message);
    if (length == -1 || message->is_bad)
        return NULL;
    const char *text =
        length >= 0 && length < MESSAGE_MOST ? take(message, (size_t)length + 1) : NULL;
    if (text != NULL && memchr(text, '\0', (size_t)length + 1) == text + length)
        return text;
    message->is_bad = true;
    return NULL;
}

/* ---- On the way ---- */

/* After a transfer that moved nothing: whether to try again. */
static enum message_result go_on(int fd, ssize_t moved, short events, struct message_wait wait)
{
    if (moved == 0)
        return MESSAGE_ENDED;
    if (errno == EINTR)
        return MESSAGE_DONE;
    if (errno == EAGAIN)
        return wait.ready(wait.context, fd, events) ? MESSAGE_DONE : MESSAGE_GIVEN_UP;
    return MESSAGE_ENDED;
}

static enum message_result send_all(int fd, const char *bytes, size_t n, struct message_wait wait)
{
    enum message_result result = MESSAGE_DONE;
    while (n > 0 && result == MESSAGE_DONE) {
        ssize_t moved = send(fd, bytes, n, MSG_NOSIGNAL);
        if (moved > 0) {
            bytes += moved;
            n -= (size_t)moved;
        } else
            result = go_on(fd, moved, POLLOUT, wait);
    }
    return result;
}

static enum message_result receive_all(int fd, char *bytes, size_t n, struct message_wait wait)
{
    enum message_result result = MESSAGE_DONE;
    while (n > 0 && result == MESSAGE_DONE) {
        ssize_t moved = recv(fd, bytes, n, 0);
        if (moved > 0) {
            bytes += moved;
            n -= (size_t)moved;
        } else
            result = go_on(fd, moved, POLLIN, wait);
    }
    return result;
}

enum message_result message_send(int fd, struct message *message, struct message_wait wait)
{
    if (message_is_full(message))
        return MESSAGE_REFUSED;
    struct head head = {MARK, (uint32_t)message->bytes.length};
    enum message_result result = send_all(fd, (const char *)&head, sizeof head, wait);
    if (result == MESSAGE_DONE)
        result = send_all(fd, text_chars(&message->bytes), message->bytes.length, wait);
    return result;
}

enum message_result message_receive(int fd, struct message *message, struct message_wait wait)
{
    struct head head;
    message_begin(message);
    enum message_result result = receive_all(fd, (char *)&head, sizeof head, wait);
    if (result != MESSAGE_DONE)
        return result;
    if (head.mark != MARK || head.length > MESSAGE_MOST)
        return MESSAGE_REFUSED;
    char piece[16384]; /* memory is taken as bytes arrive, not as they are promised */
    for (size_t left = head.length; left > 0 && result == MESSAGE_DONE;) {
        size_t n = left < sizeof piece ? left : sizeof piece;
        result = receive_all(fd, piece, n, wait);
        text_add_n(&message->bytes, piece, result == MESSAGE_DONE ? n : 0);
        left -= n;
    }
    return result;
}

/* ---- Descriptors ---- */

/* Room for one, beside a byte that is no more than its carrier. */
struct carrier {
    char byte;
    struct iovec bytes;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct msghdr header;
};

static void make_carrier(struct carrier *carrier)
{
    *carrier = (struct carrier){.byte = 'F'};
    carrier->bytes = (struct iovec){&carrier->byte, 1};
    carrier->header = (struct msghdr){.msg_iov = &carrier->bytes,
                                      .msg_iovlen = 1,
                                      .msg_control = carrier->control,
                                      .msg_controllen = sizeof carrier->control};
}

static void load(struct carrier *carrier, int what)
{
    struct cmsghdr *part = CMSG_FIRSTHDR(&carrier->header);
    if (part == NULL)
        return; /* which cannot be, since there is room for one */
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof what);
    memcpy(CMSG_DATA(part), &what, sizeof what);
}

enum message_result message_send_fd(int fd, int what, struct message_wait wait)
{
    struct carrier carrier;
    enum message_result result = MESSAGE_DONE;
    ssize_t moved = 0;
    make_carrier(&carrier);
    if (what >= 0)
        load(&carrier, what);
    else
        carrier.header.msg_controllen = 0;
    while (moved <= 0 && result == MESSAGE_DONE) {
        moved = sendmsg(fd, &carrier.header, MSG_NOSIGNAL);
        if (moved <= 0)
            result = go_on(fd, moved, POLLOUT, wait);
    }
    return result;
}

enum message_result message_receive_fd(int fd, int *what, struct message_wait wait)
{
    struct carrier carrier;
    enum message_result result = MESSAGE_DONE;
    ssize_t moved = 0;
    *what = -1;
    while (moved <= 0 && result == MESSAGE_DONE) {
        make_carrier(&carrier);
        moved = recvmsg(fd, &carrier.header, MSG_CMSG_CLOEXEC);
        if (moved <= 0)
            result = go_on(fd, moved, POLLIN, wait);
    }
    if (result != MESSAGE_DONE)
        return result;
    const struct cmsghdr *part = CMSG_FIRSTHDR(&carrier.header);
    if (part != NULL && part->cmsg_type == SCM_RIGHTS && part->cmsg_len == CMSG_LEN(sizeof *what))
        memcpy(what, CMSG_DATA(part), sizeof *what);
    return carrier.byte == 'F' ? MESSAGE_DONE : MESSAGE_REFUSED;
}
