/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/digest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

struct sha {
    uint32_t state[8];
    unsigned char block[64];
    size_t used;
    uint64_t length;
};

static const uint32_t first_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static const uint32_t rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t x, unsigned by)
{
    return x >> by | x << (32 - by);
}

static void spread(const unsigned char *block, uint32_t w[64])
{
    for (size_t i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (size_t i = 16; i < 64; i++) {
        uint32_t a = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t b = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
}

static void compress(struct sha *sha)
{
    uint32_t w[64];
    uint32_t v[8];
    spread(sha->block, w);
    memcpy(v, sha->state, sizeof v);
    for (size_t i = 0; i < 64; i++) {
        uint32_t s1 = turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25);
        uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + rounds[i] + w[i];
        uint32_t s0 = turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22);
        uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (size_t i = 0; i < 8; i++)
        sha->state[i] += v[i];
}

static void add(struct sha *sha, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < length; i++) {
        sha->block[sha->used++] = bytes[i];
        if (sha->used == sizeof sha->block) {
            compress(sha);
            sha->used = 0;
        }
    }
    sha->length += length;
}

static void finish(struct sha *sha)
{
    uint64_t bits = sha->length * 8;
    unsigned char end[8];
    for (size_t i = 0; i < 8; i++)
        end[i] = (unsigned char)(bits >> (56 - 8 * i));
    add(sha, "\x80", 1);
    while (sha->used != 56)
        add(sha, "", 1);
    add(sha, end, sizeof end);
}

void digest_hex(const void *data, size_t length, char hex[DIGEST_HEX_SIZE])
{
    struct sha sha = {0};
    memcpy(sha.state, first_state, sizeof first_state);
    add(&sha, data, length);
    finish(&sha);
    for (size_t i = 0; i < 8; i++)
        snprintf(hex + 8 * i, 9, "%08x", sha.state[i]);
}

void digest_mark(const char *secret, char mark[DIGEST_MARK_SIZE])
{
    char hex[DIGEST_HEX_SIZE];
    digest_hex(secret, strlen(secret), hex);
    snprintf(mark, DIGEST_MARK_SIZE, "sha256:%.16s", hex);
}

/* 32 digits as a uuid of version 4's shape. */
static void shape(const char *hex, char uuid[UUID_SIZE])
{
    snprintf(uuid, UUID_SIZE, "%.8s-%.4s-4%.3s-a%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17,
             hex + 20);
}

void uuid_of(const char *kind, const char *name, char uuid[UUID_SIZE])
{
    char hex[DIGEST_HEX_SIZE];
    char seed[512];
    snprintf(seed, sizeof seed, "%s %s", kind, name);
    digest_hex(seed, strlen(seed), hex);
    shape(hex, uuid);
}

void uuid_random(char uuid[UUID_SIZE])
{
    unsigned char bytes[32] = {0};
    char hex[DIGEST_HEX_SIZE];
    (void)!getrandom(bytes, sizeof bytes, 0);
    digest_hex(bytes, sizeof bytes, hex);
    shape(hex, uuid);
}
