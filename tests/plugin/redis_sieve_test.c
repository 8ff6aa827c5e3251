/* SPDX-License-Identifier: MIT
 * Replies of every length, cut into pieces in every way, through the sieve and hiredis. */
#include "plugins/shared/redis_connection.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned seed = 1;

static size_t any(size_t n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % n;
}

/* Texts of these lengths, "0123456789012..." each, in an array of their number; then a number. */
static const size_t lengths[] = {0,     1,     9,     4096,  8190,   8191,  8192,
                                 8193,  8194,  8211,  8212,  8213,   16384, 70000,
                                 12288, 99999, 20000, 10000, 100000, 300000};
enum { N = sizeof lengths / sizeof lengths[0] };

static char *make_replies(size_t *length)
{
    char *bytes = malloc(1000000);
    char *end = bytes + sprintf(bytes, "*%d\r\n", N + 3);
    for (size_t i = 0; i < N; i++) {
        end += sprintf(end, "$%zu\r\n", lengths[i]);
        for (size_t at = 0; at < lengths[i]; at++)
            *end++ = (char)('0' + at % 10);
        end += sprintf(end, "\r\n");
    }
    end += sprintf(end, "$-1\r\n+an easy text of more than thirty-two bytes, with a $ in it\r\n"
                        "-ERR $9000\r\n:42\r\n");
    *length = (size_t)(end - bytes);
    return bytes;
}

static int is_part(const char *part, size_t n, size_t from)
{
    for (size_t i = 0; i < n; i++)
        if (part[i] != (char)('0' + (from + i) % 10))
            return 0;
    return 1;
}

static void check_text(const redisReply *reply, size_t length)
{
    struct redis_text text = redis_text(reply);
    size_t n = length > REDIS_TEXT_MOST ? REDIS_TEXT_PART : length;
    CHECK_INT(text.length, length);
    if (!CHECK_INT(text.n, n))
        return;
    CHECK(is_part(text.start, n, 0));
    CHECK(is_part(text.end, n, length - n));
}

/* Feeds pieces of up to `most` bytes, and reads what comes of them. */
static void check_pieces(const char *bytes, size_t length, size_t most)
{
    struct redis_sieve sieve = {0};
    redisReader *reader = redisReaderCreate();
    void *array = NULL;
    void *number = NULL;
    for (size_t at = 0, n; at < length; at += n) {
        n = 1 + any(most);
        n = n < length - at ? n : length - at;
        CHECK_INT(redis_sieve_feed(&sieve, reader, bytes + at, n), REDIS_OK);
        if (array == NULL)
            CHECK_INT(redisReaderGetReply(reader, &array), REDIS_OK);
    }
    CHECK_INT(redisReaderGetReply(reader, &number), REDIS_OK);
    if (!CHECK(array != NULL && number != NULL))
        return;
    const redisReply *reply = array;
    for (size_t i = 0; i < N; i++)
        check_text(reply->element[i], lengths[i]);
    CHECK_INT(reply->element[N]->type, REDIS_REPLY_NIL);
    CHECK_HAS(reply->element[N + 1]->str, "with a $ in it");
    CHECK_TEXT(reply->element[N + 2]->str, "ERR $9000");
    CHECK_INT(((redisReply *)number)->integer, 42);
    freeReplyObject(array);
    freeReplyObject(number);
    redisReaderFree(reader);
}

static void texts_lose_their_middle_and_nothing_else(void)
{
    size_t length;
    char *bytes = make_replies(&length);
    static const size_t mosts[] = {1, 2, 3, 7, 100, 5000, 16384, 1000000};
    for (size_t i = 0; i < sizeof mosts / sizeof mosts[0]; i++)
        for (int round = 0; round < 5; round++)
            check_pieces(bytes, length, mosts[i]);
    free(bytes);
}

static void nonsense_is_hiredis_to_judge(void)
{
    static const char *const said[] = {"$x\r\n", "SSH-2.0\r\n", "$99999999999999999999999\r\n",
                                       "\r\n"};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        struct redis_sieve sieve = {0};
        redisReader *reader = redisReaderCreate();
        void *reply = NULL;
        redis_sieve_feed(&sieve, reader, said[i], strlen(said[i]));
        CHECK(redisReaderGetReply(reader, &reply) != REDIS_OK || reply == NULL);
        redisReaderFree(reader);
    }
}

static const struct test tests[] = {
    {"texts lose their middle, and nothing else", texts_lose_their_middle_and_nothing_else},
    {"nonsense is hiredis' to judge", nonsense_is_hiredis_to_judge},
};

SUITE_MAIN("redis sieve", tests)
