/* SPDX-License-Identifier: MIT */
#include "core/json_scan.h"

#include <string.h>

struct json_scan json_scan(const char *chars, size_t length)
{
    return (struct json_scan){chars, chars + length, false};
}

char json_peek(struct json_scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || (*scan->at >= '\t' && *scan->at <= '\r')))
        scan->at++;
    if (scan->at == scan->end || scan->is_bad)
        return '\0';
    return *scan->at;
}

static bool take(struct json_scan *scan, char c)
{
    bool is_there = json_peek(scan) == c;
    scan->at += is_there;
    scan->is_bad = scan->is_bad || !is_there;
    return is_there;
}

void json_enter(struct json_scan *scan, char open)
{
    if (take(scan, open) && json_peek(scan) == ',')
        scan->is_bad = true;
}

bool json_next(struct json_scan *scan, char close)
{
    char c = json_peek(scan);
    scan->at += c == ',' || c == close;
    scan->is_bad = scan->is_bad || c == '\0';
    return c != close && !scan->is_bad;
}

/* ---- Strings ---- */

/* From past the opening quote to the closing one, which is passed. */
struct json_key json_quoted(struct json_scan *scan)
{
    struct json_key text = {"", 0};
    if (!take(scan, '"'))
        return text;
    text.chars = scan->at;
    while (scan->at < scan->end && *scan->at != '"')
        scan->at += *scan->at == '\\' ? 2 : 1;
    scan->is_bad = scan->is_bad || scan->at >= scan->end;
    text.length = scan->is_bad ? 0 : (size_t)(scan->at++ - text.chars);
    return text;
}

struct json_key json_key(struct json_scan *scan)
{
    struct json_key key = json_quoted(scan);
    take(scan, ':');
    return key;
}

bool json_key_is(struct json_key key, const char *name)
{
    return strncmp(key.chars, name, key.length) == 0 && strlen(name) == key.length;
}

static unsigned hex_of(const char *digits)
{
    unsigned code = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)digits[i];
        code = code << 4 | (c <= '9' ? c & 15u : (c & 15u) + 9);
    }
    return code;
}

/* What an escape stands for, as far as the journal writes them: control characters and ASCII. */
static char unescape(const struct json_key *text, size_t *i)
{
    static const char names[] = "bfnrt";
    static const char values[] = "\b\f\n\r\t";
    char c = text->chars[*i];
    const char *name = c != '\0' ? strchr(names, c) : NULL;
    if (name != NULL)
        return values[name - names];
    if (c != 'u' || *i + 4 >= text->length)
        return c;
    unsigned code = hex_of(text->chars + *i + 1);
    *i += 4;
    if (code >= 0x80)
        return '?';
    return (char)code;
}

void json_string(struct json_scan *scan, char *out, size_t room)
{
    struct json_key text = json_quoted(scan);
    size_t n = 0;
    for (size_t i = 0; i < text.length && n + 1 < room; i++) {
        bool is_escaped = text.chars[i] == '\\' && i + 1 < text.length;
        i += is_escaped;
        out[n] = text.chars[i];
        if (is_escaped)
            out[n] = unescape(&text, &i);
        n++;
    }
    out[n] = '\0';
}

/* ---- Others ---- */

static bool take_word(struct json_scan *scan, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
        return false;
    scan->at += length;
    return true;
}

static int64_t word(struct json_scan *scan)
{
    bool is_true = take_word(scan, "true");
    if (!is_true && !take_word(scan, "false") && !take_word(scan, "null"))
        scan->is_bad = true;
    return is_true;
}

static bool is_digit(const struct json_scan *scan)
{
    return scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9';
}

/* Of what is too great for it the nearest number is taken. */
static int64_t digits(struct json_scan *scan)
{
    int64_t number = 0;
    for (; is_digit(scan); scan->at++) {
        int digit = *scan->at - '0';
        number = number > (INT64_MAX - digit) / 10 ? INT64_MAX : number * 10 + digit;
    }
    return number;
}

int64_t json_whole(struct json_scan *scan)
{
    char c = json_peek(scan);
    bool is_negative = c == '-';
    if (c >= 'a' && c <= 'z')
        return word(scan);
    scan->at += is_negative;
    scan->is_bad = scan->is_bad || !is_digit(scan);
    if (scan->is_bad)
        return 0;
    int64_t number = digits(scan);
    while (scan->at < scan->end && *scan->at != '\0' &&
           strchr(".eE+-0123456789", *scan->at) != NULL)
        scan->at++;
    return is_negative ? -number : number;
}

/* Brackets count, whichever they are: what is skipped is not looked at. */
void json_skip(struct json_scan *scan)
{
    int depth = 0;
    do {
        char c = json_peek(scan);
        bool is_mark = c != '\0' && strchr("{}[],:", c) != NULL;
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        if (is_mark)
            scan->at++;
        else if (c == '"')
            json_quoted(scan);
        else
            json_whole(scan);
    } while (depth > 0 && !scan->is_bad);
}

bool json_is_over(struct json_scan *scan)
{
    return json_peek(scan) == '\0' && scan->at == scan->end && !scan->is_bad;
}
