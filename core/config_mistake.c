/* SPDX-License-Identifier: MIT
 * Mistakes of a configuration: noted while it is read, printed at the end, when it is known which
 * parts of the source must not be shown. */
#include "core/config_tree.h"

#include "core/memory.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Noting ---- */

/* Whether it is the first of its place and text. */
static bool is_new(struct config *config, const struct config_mistake *mistake)
{
    if (config->noted == NULL)
        config->noted = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    return g_hash_table_add(
        config->noted, memory_format("%d:%zu:%s", mistake->has_place, mistake->at, mistake->text));
}

static void note(struct config *config, bool has_place, size_t at, const char *format, va_list args)
    __attribute__((format(printf, 4, 0)));
static void note(struct config *config, bool has_place, size_t at, const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0)
        text = memory_copy("a mistake that cannot be told");
    struct config_mistake mistake = {has_place, at, text};
    bool is_kept = is_new(config, &mistake) && config->n_mistakes++ < CONFIG_MOST_MISTAKES;
    if (is_kept)
        config->mistakes[config->n_mistakes - 1] = mistake;
    else
        free(text);
}

void config_mistake_at(struct config *config, size_t at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(config, true, at, format, args);
    va_end(args);
}

void config_mistake(struct config *config, const struct config_node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(config, node != NULL, node != NULL ? node->span.from : 0, format, args);
    va_end(args);
}

void config_mistake_at_key(struct config *config, const struct config_node *map, size_t i,
                           const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(config, true, map->entries[i].key_at, format, args);
    va_end(args);
}

size_t config_mistakes(const struct config *config)
{
    return config->n_mistakes;
}

static bool is_mistaken(const struct config *config, size_t at)
{
    for (size_t i = 0; i < config->n_mistakes && i < CONFIG_MOST_MISTAKES; i++)
        if (config->mistakes[i].has_place && config->mistakes[i].at == at)
            return true;
    return false;
}

bool config_has_mistake(const struct config *config, const struct config_node *node)
{
    bool has_one = is_mistaken(config, node->span.from);
    for (size_t i = 0; i < node->n_entries && !has_one; i++) {
        const struct config_entry *entry = &node->entries[i];
        has_one = (entry->key != NULL && is_mistaken(config, entry->key_at)) ||
                  config_has_mistake(config, entry->value);
    }
    return has_one;
}

void config_hide_span(struct config *config, struct config_span span)
{
    if (config->hidden == NULL)
        config->hidden = memory_new(config->length, 1);
    if (span.from < span.to && span.to <= config->length)
        memset(config->hidden + span.from, 1, span.to - span.from);
}

/* ---- Places ---- */

static size_t line_start(const struct config *config, size_t at)
{
    while (at > 0 && config->source[at - 1] != '\n')
        at--;
    return at;
}

size_t config_line_end(const struct config *config, size_t at)
{
    while (at < config->length && config->source[at] != '\n' && config->source[at] != '\r')
        at++;
    return at;
}

static void find_lines(struct config *config)
{
    const char *chars = config->source;
    config->line_starts = g_array_new(FALSE, FALSE, sizeof(size_t));
    for (size_t at = 0; at <= config->length;) {
        g_array_append_val(config->line_starts, at);
        const char *end = memchr(chars + at, '\n', config->length - at);
        at = end != NULL ? (size_t)(end - chars) + 1 : config->length + 1;
    }
}

/* How many lines begin at a byte or before it. */
size_t config_line(struct config *config, size_t at)
{
    if (config->line_starts == NULL)
        find_lines(config);
    size_t from = 0;
    for (size_t to = config->line_starts->len; to - from > 1;) {
        size_t middle = from + (to - from) / 2;
        if (g_array_index(config->line_starts, size_t, middle) <= at)
            from = middle;
        else
            to = middle;
    }
    return from + 1;
}

/* Counted from 1, in characters. */
static size_t column_of(const struct config *config, size_t at)
{
    size_t column = 1;
    for (size_t i = line_start(config, at); i < at; i++)
        column += ((unsigned char)config->source[i] & 0xC0) != 0x80;
    return column;
}

char *config_place(struct config *config, const struct config_node *node)
{
    return memory_format("%s:%zu", config->path, config_line(config, node->span.from));
}

uint32_t config_line_of(struct config *config, const struct config_node *node)
{
    return (uint32_t)config_line(config, node->span.from);
}

/* ---- Source lines that show no secret ---- */

static bool is_hidden(const struct config *config, size_t at)
{
    return config->hidden != NULL && config->hidden[at] != 0;
}

/* How long "${NAME}" is at `at`, 0 if it is none: its own text tells nothing of what it stands for.
 */
static size_t reference_length(const struct config *config, size_t at, size_t end)
{
    const char *chars = config->source;
    if (end - at < 4 || chars[at] != '$' || chars[at + 1] != '{')
        return 0;
    size_t to = at + 2;
    while (to < end && (isalnum((unsigned char)chars[to]) || chars[to] == '_'))
        to++;
    return to < end && chars[to] == '}' && to > at + 2 ? to + 1 - at : 0;
}

static void add_shown(struct text *out, unsigned char c)
{
    const char shown = (char)c;
    bool is_control = c < 0x20 || c == 0x7F; /* a tab takes one column, as the caret does */
    text_add_n(out, is_control ? " " : &shown, 1);
}

/* Adds a source line with "***" for each hidden part of it; returns the columns that come before
 * `at`. */
static size_t add_line(const struct config *config, size_t at, struct text *out)
{
    size_t end = config_line_end(config, at);
    size_t before = SIZE_MAX;
    bool was_hidden = false;
    for (size_t i = line_start(config, at); i < end;) {
        if (i >= at && before == SIZE_MAX && ((unsigned char)config->source[i] & 0xC0) != 0x80)
            before = text_columns(text_chars(out));
        size_t reference = reference_length(config, i, end);
        bool hide = reference == 0 && is_hidden(config, i);
        if (hide && !was_hidden)
            text_add(out, "***");
        if (!hide)
            add_shown(out, (unsigned char)config->source[i]);
        for (size_t j = 1; j < reference; j++)
            add_shown(out, (unsigned char)config->source[i + j]);
        was_hidden = hide;
        i += reference > 0 ? reference : 1;
    }
    return before != SIZE_MAX ? before : text_columns(text_chars(out));
}

/* ---- Lines of a file that was not understood: only keys and punctuation are shown ---- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Whether a word is followed by ':' and comes where a key can begin. */
static bool is_key(const struct config *config, size_t from, size_t to, size_t end)
{
    const char *chars = config->source;
    bool is_quoted = from > 0 && chars[from - 1] == '"' && to < end && chars[to] == '"';
    size_t after = is_quoted ? to + 1 : to;
    size_t before = is_quoted ? from - 1 : from;
    while (before > 0 && chars[before - 1] == ' ')
        before--;
    bool begins = before == 0 || strchr("\n{,-", chars[before - 1]) != NULL;
    return to > from && begins && after < end && chars[after] == ':' &&
           (after + 1 == end || chars[after + 1] == ' ');
}

static bool is_punctuation(char c)
{
    return strchr(" \t:,[]{}\"'#|>-", c) != NULL;
}

static void hide_values_of_line(struct config *config, size_t at)
{
    size_t end = config_line_end(config, at);
    for (size_t from = line_start(config, at), to; from<end; from = to> from ? to : from + 1) {
        for (to = from; to < end && is_word(config->source[to]);)
            to++;
        if (is_key(config, from, to, end))
            continue;
        for (to = from;
             to < end && (is_word(config->source[to]) || !is_punctuation(config->source[to]));)
            to++;
        if (to > from && strspn(config->source + from, "-") < to - from)
            config_hide_span(config, (struct config_span){from, to});
    }
}

void config_hide_mistaken_lines(struct config *config)
{
    for (size_t i = 0; i < config->n_mistakes && i < CONFIG_MOST_MISTAKES; i++)
        if (config->mistakes[i].has_place)
            hide_values_of_line(config, config->mistakes[i].at);
}

/* ---- Printing ---- */

/* What is left of a long line: the part around the caret. */
enum { MOST_COLUMNS = 100 };

static const char *skip_columns(const char *chars, size_t columns)
{
    for (; columns > 0 && *chars != '\0'; columns--)
        for (chars++; ((unsigned char)*chars & 0xC0) == 0x80;)
            chars++;
    return chars;
}

static void print_line(const struct config *config, size_t at, struct text *out)
{
    struct text line = {0};
    size_t caret = add_line(config, at, &line);
    const char *shown = text_chars(&line);
    text_add(out, "    ");
    if (text_columns(shown) > MOST_COLUMNS && caret > MOST_COLUMNS / 2) {
        shown = skip_columns(shown, caret - MOST_COLUMNS / 2);
        caret = MOST_COLUMNS / 2 + 3;
        text_add(out, "...");
    }
    const char *end = skip_columns(shown, MOST_COLUMNS);
    text_add_n(out, shown, (size_t)(end - shown));
    text_add_format(out, "%s\n    %*s^\n", *end != '\0' ? "..." : "", (int)caret, "");
    text_fini(&line);
}

static int compare(const void *a, const void *b)
{
    const struct config_mistake *const *left = a;
    const struct config_mistake *const *right = b;
    if ((*left)->has_place != (*right)->has_place)
        return (*left)->has_place ? 1 : -1;
    if ((*left)->at != (*right)->at)
        return (*left)->at < (*right)->at ? -1 : 1;
    return *left < *right ? -1 : 1; /* of one place: as they were noted */
}

/* One line, whatever the file put into it. */
static void add_text(struct text *out, const char *text)
{
    for (; *text != '\0'; text++)
        add_shown(out, (unsigned char)*text);
}

static void print_mistake(struct config *config, const struct config_mistake *mistake,
                          struct text *out)
{
    text_add(out, config->path);
    if (mistake->has_place)
        text_add_format(out, ":%zu:%zu", config_line(config, mistake->at),
                        column_of(config, mistake->at));
    text_add(out, ": ");
    add_text(out, mistake->text);
    text_add(out, "\n");
    if (mistake->has_place)
        print_line(config, mistake->at, out);
}

void config_print_mistakes(struct config *config, struct text *out)
{
    size_t n =
        config->n_mistakes < CONFIG_MOST_MISTAKES ? config->n_mistakes : CONFIG_MOST_MISTAKES;
    const struct config_mistake *sorted[CONFIG_MOST_MISTAKES];
    for (size_t i = 0; i < n; i++)
        sorted[i] = &config->mistakes[i];
    qsort(sorted, n, sizeof sorted[0], compare);
    for (size_t i = 0; i < n; i++)
        print_mistake(config, sorted[i], out);
    if (config->n_mistakes > n)
        text_add_format(out, "%s: and %zu more mistakes\n", config->path, config->n_mistakes - n);
}
