/* SPDX-License-Identifier: MIT
 * What to do about a file that is no YAML. The parser's own words name the grammar, which few
 * people know, and change with its versions: so they are recognized by a part of them, and told as
 * they are where no row fits. */
#include "core/config_tree.h"

#include <ctype.h>
#include <string.h>

#define NEEDS_QUOTES "a text that begins with this character needs quotes"
#define NOT_CLOSED   "a comma is missing here, or a [ or { before this is not closed"
#define TWO_COLONS \
    "this line has a second colon: a text with a colon and a space in it needs quotes"
#define ALONE "a key is a word, a colon, a space, and its value: \"min: 1\""

/* The first row that fits counts. */
static const struct {
    const char *part; /* of the parser's message */
    const char *advice;
} rows[] = {
    {"tag", NEEDS_QUOTES}, /* first: this message has some of the text, which may be a secret */
    {"tab", "a tab stands here: indent with spaces"},
    {"without closing quote", "the quote that begins here is not closed"},
    {"indented single-quoted", "the quote that begins here is not closed"},
    {"indented double-quoted", "the quote that begins here is not closed"},
    {"trailing content after", "this follows after a closing quote: inside of '...' a quote is "
                               "written twice, inside of \"...\" after a backslash"},
    {"invalid escape",
     "no such character can follow a backslash inside of \"...\": write \\\\ for a "
     "backslash, or use '...'"},
    {"without a closing", "a [ or { before this is not closed"},
    {"missing comma", NOT_CLOSED},
    {"in flow mode", NOT_CLOSED},
    {"mismatched flow", "this does not close what is open: [ ends with ], and { with }"},
    {"extra closing", "this closes a [ or { that is not open"},
    {"invalid alias", NEEDS_QUOTES},
    {"invalid anchor", NEEDS_QUOTES},
    {"plain scalar cannot start", NEEDS_QUOTES},
    {"no linebreak found", NEEDS_QUOTES},
    {"invalid mapping key (not", NEEDS_QUOTES},
    {"nested block mapping", TWO_COLONS},
    {"same line as a mapping key", "a list with dashes begins in a line of its own"},
    {"did not find expected node content", "a value is missing here"},
    {"could not find expected ':'", ALONE},
    {"invalid value after mapping", ALONE},
    {"multiline plain key", "the lines below are indented as if they belonged to this value"},
    {"indentation in mapping", "this line is indented otherwise than those that it belongs to"},
    {"expected '-' indicator", "this line is indented otherwise than those that it belongs to"},
    {"end of block sequence", "this line is indented otherwise than those that it belongs to"},
    {"did not find expected key", "a key must stand here, and not a list's dash or a value alone"},
};

/* Whether what begins a line's first value lacks its space, "min:1" or "-{ dynos: 1 }", and after
 * which sign; 0: neither. */
static char lacks_space(const char *line)
{
    const char *word = line + strspn(line, " ");
    if (word[0] == '-' && word[1] != '\0' && strchr("{[\"'", word[1]) != NULL)
        return '-';
    word += strspn(word, " -");
    const char *end = word;
    while (isalnum((unsigned char)*end) || *end == '_')
        end++;
    return end > word && end[0] == ':' && end[1] != '\0' && strchr(" \t\r\n", end[1]) == NULL
               ? ':'
               : '\0';
}

const char *config_syntax_advice(const struct config *config, size_t at, const char *message)
{
    while (at > 0 && config->source[at - 1] != '\n')
        at--;
    char sign = lacks_space(config->source + at);
    if (sign != '\0')
        return sign == ':' ? "a space is missing after the colon"
                           : "a space is missing after the dash";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strstr(message, rows[i].part) != NULL)
            return rows[i].advice;
    return message;
}
