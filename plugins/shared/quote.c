/* SPDX-License-Identifier: MIT */
#include "shared/quote.h"

#include <stdbool.h>
#include <string.h>

/* Whether the two first bytes of a longer character go together: no overlong forms, no surrogates,
 * nothing past U+10FFFF. */
static bool is_start(unsigned char first, unsigned char second)
{
    unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return first >= 0xc2 && first <= 0xf4 && second >= least && second <= most;
}

/* Bytes of the UTF-8 character at `text`, 0 if it is none. */
static size_t character(const unsigned char *text, size_t length)
{
    size_t n = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    if (n > length || (n > 1 && !is_start(text[0], text[1])))
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

static bool is_space(const unsigned char *text, size_t n)
{
    return (n == 1 && (text[0] <= ' ' || text[0] == 0x7f)) ||
           (n == 2 && text[0] == 0xc2 && text[1] < 0xa0); /* the control characters of Latin 1 */
}

/* A piece of the input, and what stands for it. */
struct piece {
    size_t length;
    const char *out;
    size_t n;
};

static struct piece next_piece(const char *text, size_t length, const char *secret)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t n_secret = strlen(secret);
    if (n_secret > 0 && n_secret <= length && memcmp(text, secret, n_secret) == 0)
        return (struct piece){n_secret, "***", 3};
    size_t n = character(bytes, length);
    if (n == 0)
        return (struct piece){1, "?", 1};
    if (is_space(bytes, n))
        return (struct piece){n, " ", 1};
    return (struct piece){n, text, n};
}

char *quote(const char *text, size_t length, const char *secret, char *out, size_t room)
{
    size_t n = 0;
    size_t cut = 0; /* where "..." still fits, between two characters */
    for (size_t i = 0; i < length;) {
        struct piece piece = next_piece(text + i, length - i, secret);
        bool is_second_space = piece.out[0] == ' ' && (n == 0 || out[n - 1] == ' ');
        i += piece.length;
        if (is_second_space)
            continue;
        if (n + sizeof "..." <= room)
            cut = n;
        if (n + piece.n >= room) {
            memcpy(out + cut, "...", sizeof "...");
            return out;
        }
        memcpy(out + n, piece.out, piece.n);
        n += piece.n;
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
    return out;
}

int quote_length(const char *text)
{
    size_t length = strlen(text);
    while (length > 0 && strchr(" .\r\n", text[length - 1]) != NULL)
        length--;
    return (int)length;
}
