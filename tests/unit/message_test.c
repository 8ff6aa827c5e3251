/* SPDX-License-Identifier: MIT */
#include "core/message.h"

#include "tests/support/suite.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct message_wait blocks = {0};

static void round_trip(void)
{
    int pair[2];
    struct message out = {0};
    struct message in = {0};
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    message_begin(&out);
    message_add_number(&out, INT64_MIN);
    message_add_text(&out, "mail");
    message_add_text(&out, NULL);
    message_add_text(&out, "");
    message_add_number(&out, -5);
    CHECK_INT(message_send(pair[0], &out, blocks), MESSAGE_DONE);
    CHECK_INT(message_receive(pair[1], &in, blocks), MESSAGE_DONE);
    CHECK(message_number(&in) == INT64_MIN);
    CHECK_TEXT(message_text(&in), "mail");
    CHECK(message_text(&in) == NULL && !in.is_bad);
    CHECK_TEXT(message_text(&in), "");
    CHECK_INT(message_int(&in), -5);
    CHECK(!in.is_bad && in.at == in.bytes.length);
    CHECK_INT(message_number(&in), 0);
    CHECK(in.is_bad);
    close(pair[0]);
    CHECK_INT(message_receive(pair[1], &in, blocks), MESSAGE_ENDED);
    CHECK_INT(message_send(pair[1], &out, blocks), MESSAGE_ENDED);
    close(pair[1]);
    message_fini(&out);
    message_fini(&in);
}

/* Reads `n` bytes as a message of numbers and texts in turn; whatever they are, it ends. */
static bool reads(const char *bytes, size_t n)
{
    struct message message = {0};
    message_begin(&message);
    text_add_n(&message.bytes, bytes, n);
    while (!message.is_bad && message.at < message.bytes.length) {
        message_int(&message);
        message_text(&message);
        message_count(&message);
    }
    bool is_good = !message.is_bad;
    message_fini(&message);
    return is_good;
}

static void nothing_is_believed(void)
{
    static const int64_t lengths[] = {-2, INT64_MIN, INT64_MAX, 1 << 30, 9, 2, 0};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int64_t bytes[3] = {1, lengths[i], 0x6161616161616161};
        CHECK(!reads((const char *)bytes, sizeof bytes));
    }
    uint64_t dice = 88172645463325252u;
    for (int turn = 0; turn < 2000; turn++) {
        uint64_t bytes[16];
        for (size_t i = 0; i < 16; i++) {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            bytes[i] = (dice & 3) == 0 ? dice : dice >> 60;
        }
        reads((const char *)bytes, (size_t)(dice % sizeof bytes));
    }
    int64_t good[4] = {1, 7, 0, 0};
    memcpy(&good[2], "seven", 6);
    CHECK(!reads((const char *)good, sizeof good)); /* a zero stands inside */
    memcpy(&good[2], "seven t", 8);
    CHECK(reads((const char *)good, sizeof good));
    good[3] = 1; /* one thing, and no bytes for it */
    CHECK(!reads((const char *)good, sizeof good));
    int64_t wide[1] = {INT64_C(1) << 32};
    CHECK(!reads((const char *)wide, sizeof wide));
}

/* What comes first on the wire: a mark, and a length. */
static enum message_result receive_head(uint32_t mark, uint32_t length)
{
    int pair[2];
    struct message in = {0};
    const uint32_t head[2] = {mark, length};
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    CHECK_INT(send(pair[0], head, sizeof head, 0), sizeof head);
    close(pair[0]);
    enum message_result result = message_receive(pair[1], &in, blocks);
    close(pair[1]);
    message_fini(&in);
    return result;
}

static void a_size_is_bounded(void)
{
    struct message big = {0};
    static char piece[1 << 20];
    memset(piece, 'a', sizeof piece - 1);
    message_begin(&big);
    CHECK(!message_is_full(&big));
    for (int i = 0; i < 17; i++)
        message_add_text(&big, piece);
    CHECK(message_is_full(&big));
    CHECK_INT(message_send(-1, &big, blocks), MESSAGE_REFUSED);
    message_fini(&big);
    uint32_t mark = 0x4d4e5944;
    CHECK_INT(receive_head(mark, 0), MESSAGE_DONE);
    CHECK_INT(receive_head(mark, 1), MESSAGE_ENDED);
    CHECK_INT(receive_head(mark, MESSAGE_MOST + 1), MESSAGE_REFUSED);
    CHECK_INT(receive_head(mark + 1, 0), MESSAGE_REFUSED);
}

static bool never(void *context, int fd, short events)
{
    (void)fd;
    (void)events;
    ++*(int *)context;
    return false;
}

static void a_wait_may_give_up(void)
{
    int pair[2];
    int asked = 0;
    struct message message = {0};
    struct message_wait wait = {never, &asked};
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    CHECK_INT(message_receive(pair[0], &message, wait), MESSAGE_GIVEN_UP);
    message_begin(&message);
    while (message.bytes.length < 8 << 20)
        message_add_number(&message, 1);
    CHECK_INT(message_send(pair[0], &message, wait), MESSAGE_GIVEN_UP);
    CHECK_INT(asked, 2);
    message_fini(&message);
    close(pair[0]);
    close(pair[1]);
}

static const struct test tests[] = {
    {"what is said is heard", round_trip},
    {"nothing that comes in is believed", nothing_is_believed},
    {"what is too large, or no message, is refused", a_size_is_bounded},
    {"a wait may give up", a_wait_may_give_up},
};
SUITE_MAIN("message", tests)
