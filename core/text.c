/* SPDX-License-Identifier: MIT */
#include "core/text.h"

#include "core/memory.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_room(struct text *text, size_t more)
{
    size_t wanted = text->length + more + 1;
    if (wanted <= text->room)
        return;
    text->room = wanted > 2 * text->room ? wanted : 2 * text->room;
    text->chars = memory_resize(text->chars, text->room, 1);
}

void text_add_n(struct text *text, const char *chars, size_t length)
{
    make_room(text, length);
    if (length > 0)
        memcpy(text->chars + text->length, chars, length);
    text->length += length;
    text->chars[text->length] = '\0';
}

void text_add(struct text *text, const char *chars)
{
    text_add_n(text, chars, strlen(chars));
}

void text_add_format(struct text *text, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length > 0) {
        make_room(text, (size_t)length);
        vsnprintf(text->chars + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

void text_add_ms(struct text *text, int64_t ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};
    size_t i = 0;
    while (i < 4 && ms < units[i].ms)
        i++;
    text_add_format(text, "%" PRId64 " %s", ms / units[i].ms, units[i].name);
    bool is_exact = i == 3 && ms >= 10000; /* milliseconds say nothing beside so many seconds */
    if (i == 4 || is_exact)
        return;
    int64_t rest = ms % units[i].ms / units[i + 1].ms;
    if (rest > 0)
        text_add_format(text, " %" PRId64 " %s", rest, units[i + 1].name);
}

const char *text_chars(const struct text *text)
{
    return text->chars != NULL ? text->chars : "";
}

char *text_take(struct text *text)
{
    char *chars = text->chars != NULL ? text->chars : memory_copy("");
    *text = (struct text){0};
    return chars;
}

void text_clear(struct text *text)
{
    text->length = 0;
    if (text->chars != NULL)
        text->chars[0] = '\0';
}

void text_fini(struct text *text)
{
    free(text->chars);
    *text = (struct text){0};
}

size_t text_columns(const char *chars)
{
    size_t columns = 0;
    for (; *chars != '\0'; chars++)
        if (((unsigned char)*chars & 0xC0) != 0x80) /* not the rest of a character */
            columns++;
    return columns;
}

static bool is_printable(unsigned char c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7F);
}

size_t text_character(const char *chars, size_t length)
{
    const unsigned char *c = (const unsigned char *)chars;
    if (length == 0)
        return 0;
    if (c[0] < 0x80)
        return is_printable(c[0]);
    size_t n = c[0] >= 0xF0 ? 4 : c[0] >= 0xE0 ? 3 : 2;
    if (c[0] < 0xC2 || c[0] > 0xF4 || length < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((c[i] & 0xC0) != 0x80)
            return 0;
    bool is_too_long = (c[0] == 0xE0 && c[1] < 0xA0) || (c[0] == 0xF0 && c[1] < 0x90);
    bool is_surrogate = c[0] == 0xED && c[1] > 0x9F;
    bool is_past_the_end = c[0] == 0xF4 && c[1] > 0x8F;
    bool is_control = c[0] == 0xC2 && c[1] < 0xA0;
    return is_too_long || is_surrogate || is_past_the_end || is_control ? 0 : n;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

static bool is_same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* How many letters must be put in, left out, changed or swapped with their neighbour. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(b) + 1;
    size_t *rows = memory_new(3 * n, sizeof *rows);
    size_t *before = rows;
    size_t *above = rows + n;
    size_t *row = rows + 2 * n;
    for (size_t j = 0; j < n; j++)
        above[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        row[0] = i;
        for (size_t j = 1; j < n; j++) {
            size_t changed = above[j - 1] + !is_same_letter(a[i - 1], b[j - 1]);
            row[j] = least(above[j] + 1, row[j - 1] + 1, changed);
            if (i > 1 && j > 1 && is_same_letter(a[i - 1], b[j - 2]) &&
                is_same_letter(a[i - 2], b[j - 1]) && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    size_t result = above[n - 1];
    free(rows);
    return result;
}

/* n if none is near enough. */
static size_t nearest_of(const char *word, const char *const *words, size_t n)
{
    size_t nearest = n;
    size_t length = strlen(word);
    size_t least_distance = length > 64 ? 0 : 1 + length / 3; /* beyond that it was not meant */
    for (size_t i = 0; i < n && length <= 64; i++) {
        size_t d = distance(word, words[i]);
        if (d <= least_distance && (nearest == n || d < least_distance)) {
            nearest = i;
            least_distance = d;
        }
    }
    return nearest;
}

const char *text_nearest(const char *word, const char *const *words, size_t n)
{
    size_t nearest = nearest_of(word, words, n);
    return nearest < n ? words[nearest] : NULL;
}

static bool is_part_of_the_other(const char *word, const char *other)
{
    return strcasestr(other, word) != NULL || strcasestr(word, other) != NULL;
}

size_t text_add_meant(struct text *text, const char *word, const char *const *words, size_t n)
{
    enum { LEAST_PART = 3 }; /* letters: fewer are part of anything */
    const char **meant = memory_new(n, sizeof *meant);
    size_t n_meant = 0;
    size_t nearest = nearest_of(word, words, n);
    if (nearest < n)
        meant[n_meant++] = words[nearest];
    for (size_t i = 0; i < n && nearest == n && strlen(word) >= LEAST_PART; i++)
        if (is_part_of_the_other(word, words[i]))
            meant[n_meant++] = words[i];
    for (size_t i = 0; i < n_meant; i++)
        text_add_format(text, "%s\"%s\"", i == 0 ? "" : i + 1 == n_meant ? " or " : ", ", meant[i]);
    free(meant);
    return n_meant;
}
