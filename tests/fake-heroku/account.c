/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/account.h"

#include "core/memory.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void bucket_init(struct bucket *bucket, double size, double per_second, int64_t now_ms)
{
    *bucket =
        (struct bucket){.size = size, .per_second = per_second, .left = size, .last_ms = now_ms};
}

static void refill(struct bucket *bucket, int64_t now_ms)
{
    double seconds = (double)(now_ms - bucket->last_ms) / 1000;
    bucket->last_ms = now_ms;
    bucket->left += seconds * (bucket->per_second - bucket->drain_per_second);
    if (bucket->left > bucket->size)
        bucket->left = bucket->size;
    if (bucket->left < 0)
        bucket->left = 0;
}

bool bucket_take(struct bucket *bucket, int64_t now_ms)
{
    refill(bucket, now_ms);
    if (bucket->left < 1)
        return false;
    bucket->left -= 1;
    return true;
}

long bucket_left(struct bucket *bucket, int64_t now_ms)
{
    refill(bucket, now_ms);
    return (long)bucket->left;
}

int64_t bucket_wait_ms(struct bucket *bucket, int64_t now_ms)
{
    refill(bucket, now_ms);
    double rate = bucket->per_second - bucket->drain_per_second;
    if (bucket->left >= 1)
        return 0;
    return rate > 0 ? (int64_t)((1 - bucket->left) / rate * 1000) + 1 : 3600000;
}

struct account *account_new(const char *email)
{
    struct account *account = memory_new(1, sizeof *account);
    account->email = memory_copy(email);
    uuid_of("account", email, account->id);
    return account;
}

void account_free(struct account *account)
{
    if (account == NULL)
        return;
    free(account->email);
    free(account);
}

static int sextet(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Base64 up to its padding or its first wrong letter. */
static char *decode(const char *base64)
{
    struct text text = {0};
    unsigned bits = 0;
    int n_bits = 0;
    for (int value = sextet(*base64); value >= 0; value = sextet(*++base64)) {
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            char byte = (char)(bits >> n_bits & 0xff);
            text_add_n(&text, &byte, 1);
        }
    }
    return text_take(&text);
}

static char *password_of(const char *base64)
{
    char *pair = decode(base64);
    const char *colon = strchr(pair, ':');
    char *password = memory_copy(colon != NULL ? colon + 1 : pair);
    free(pair);
    return password;
}

char *token_of(const char *authorization)
{
    const char *space = authorization != NULL ? strchr(authorization, ' ') : NULL;
    if (space == NULL)
        return NULL;
    const char *rest = space + strspn(space, " ");
    size_t length = (size_t)(space - authorization);
    if (length == 6 && strncasecmp(authorization, "Bearer", length) == 0)
        return memory_copy(rest);
    if (length == 5 && strncasecmp(authorization, "Basic", length) == 0)
        return password_of(rest);
    return NULL;
}
