/* SPDX-License-Identifier: MIT
 * The least that any client can take for a look into N lists of a Redis server:
 *
 *   redis_limit PORT raw|parsed lengths|ages PREFIX N
 *
 * LLEN of each list PREFIX0, PREFIX1, ..., with ages also its last element, in one pipeline. raw:
 * formed once, its answers received and thrown away. parsed: as hiredis forms and parses them each
 * time. Each line of standard input says how often to look, and is answered on standard error with
 * the median of the times in us. */
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TIMES_MOST = 100000, PIECE = 1 << 16 };

static redisContext *redis;
static const char *prefix;
static int n_lists;
static bool with_ages;
static char *commands;
static size_t commands_length;
static size_t answers_length;

static void give_up(const char *why)
{
    fprintf(stderr, "redis_limit: %s\n", why);
    exit(EXIT_FAILURE);
}

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void append_all(void)
{
    for (int i = 0; i < n_lists; i++) {
        redisAppendCommand(redis, "LLEN %s%d", prefix, i);
        if (with_ages)
            redisAppendCommand(redis, "LINDEX %s%d -1", prefix, i);
    }
}

static void look_parsed(void)
{
    append_all();
    for (int i = 0; i < n_lists * (with_ages ? 2 : 1); i++) {
        void *reply;
        if (redisGetReply(redis, &reply) != REDIS_OK)
            give_up(redis->errstr);
        freeReplyObject(reply);
    }
}

static void send_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(redis->fd, bytes, length);
        if (n <= 0)
            give_up("cannot send");
        bytes += n;
        length -= (size_t)n;
    }
}

static size_t receive(char *piece)
{
    ssize_t n = read(redis->fd, piece, PIECE);
    if (n <= 0)
        give_up("cannot receive");
    return (size_t)n;
}

static void look_raw(void)
{
    static char piece[PIECE];
    send_all(commands, commands_length);
    for (size_t had = 0; had < answers_length;)
        had += receive(piece);
}

/* What hiredis would send, and how long the answers are: they end where that of ECHO begins. */
static void form_commands(void)
{
    static const char echo[] = "*2\r\n$4\r\nECHO\r\n$5\r\nTHEND\r\n";
    static const char end[] = "$5\r\nTHEND\r\n";
    static char piece[2 * PIECE];
    size_t kept = 0;
    append_all();
    commands_length = sdslen(redis->obuf);
    commands = memcpy(malloc(commands_length), redis->obuf, commands_length);
    send_all(commands, commands_length);
    send_all(echo, strlen(echo));
    for (;;) {
        size_t n = receive(piece + kept);
        answers_length += n;
        kept += n;
        if (kept >= strlen(end) && memcmp(piece + kept - strlen(end), end, strlen(end)) == 0)
            break;
        size_t keep = kept < strlen(end) ? kept : strlen(end);
        memmove(piece, piece + kept - keep, keep);
        kept = keep;
    }
    answers_length -= strlen(end);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(void (*look)(void), size_t times)
{
    static double us[TIMES_MOST];
    for (size_t i = 0; i < times; i++) {
        double from_us = now_us();
        look();
        us[i] = now_us() - from_us;
    }
    qsort(us, times, sizeof us[0], compare);
    return us[times / 2];
}

int main(int argc, char **argv)
{
    char line[32];
    if (argc != 6)
        give_up("usage: redis_limit PORT raw|parsed lengths|ages PREFIX N");
    redis = redisConnect("127.0.0.1", (int)strtol(argv[1], NULL, 10));
    if (redis == NULL || redis->err != 0)
        give_up("cannot connect");
    bool is_raw = strcmp(argv[2], "raw") == 0;
    with_ages = strcmp(argv[3], "ages") == 0;
    prefix = argv[4];
    n_lists = (int)strtol(argv[5], NULL, 10);
    if (is_raw)
        form_commands();
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t times = strtoul(line, NULL, 10);
        if (times < 1 || times > TIMES_MOST)
            give_up("so often is out of range");
        fprintf(stderr, "%.2f\n", median_of(is_raw ? look_raw : look_parsed, times));
    }
    free(commands);
    return EXIT_SUCCESS;
}
