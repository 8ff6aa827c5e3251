/* SPDX-License-Identifier: MIT
 * A text that grows: struct text t = {0}; text_add(&t, "..."); ... text_fini(&t). */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
    char *chars; /* NUL-terminated; NULL while nothing was added: see text_chars() */
    size_t length;
    size_t room;
};

void text_add(struct text *text, const char *chars);
void text_add_n(struct text *text, const char *chars, size_t length);
void text_add_format(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a duration for people, in the two greatest units that say something: "850 ms", "40 s",
 * "2 min 5 s", "3 h 20 min". */
void text_add_ms(struct text *text, int64_t ms);

/* What was added so far, "" if nothing; the text's until it changes. */
const char *text_chars(const struct text *text);

/* Gives what was added to the caller, who frees it; the text is empty again. */
char *text_take(struct text *text);

void text_clear(struct text *text);
void text_fini(struct text *text);

/* Terminal columns that UTF-8 text takes, near enough for tables: one a character. */
size_t text_columns(const char *chars);

/* Bytes of the UTF-8 character that `chars` begin with; 0 if they begin with none, or with a
 * control character other than tab and line breaks. */
size_t text_character(const char *chars, size_t length);

/* The word of `words` that is nearest to `word` and near enough to be meant, else NULL. Capitals
 * count as small letters. */
const char *text_nearest(const char *word, const char *const *words, size_t n);

/* Adds what may have been meant by a word: the nearest one, else those that have it in them or that
 * it has in it, as "a", "b" or "c". Returns how many there are. */
size_t text_add_meant(struct text *text, const char *word, const char *const *words, size_t n);

#endif
