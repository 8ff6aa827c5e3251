/* SPDX-License-Identifier: MIT
 * One option: texts as a person types them become the member of a struct, and are checked. The
 * messages never repeat a value, since it may be a secret. */
#include "core/option_value.h"

#include "core/memory.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Members ---- */

void *option_member(const struct dyn_option *row, void *values)
{
    return (char *)values + row->offset;
}

const void *option_member_of(const struct dyn_option *row, const void *values)
{
    return (const char *)values + row->offset;
}

void option_set_absent(const struct dyn_option *row, void *values)
{
    void *member = option_member(row, values);
    switch (row->type) {
    case DYN_INTEGER:
    case DYN_DURATION:
        *(int64_t *)member = DYN_ABSENT;
        break;
    case DYN_BOOLEAN:
    case DYN_CHOICE:
        *(int32_t *)member = -1;
        break;
    case DYN_LIST:
        *(struct dyn_list *)member = (struct dyn_list){NULL, 0};
        break;
    default:
        *(char **)member = NULL;
        break;
    }
}

static void free_list(const struct dyn_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free((void *)(uintptr_t)list->items[i]);
    free((void *)(uintptr_t)list->items);
}

void option_clear(const struct dyn_option *row, void *values)
{
    void *member = option_member(row, values);
    if (row->type == DYN_LIST)
        free_list(member);
    else if (row->type == DYN_TEXT || row->type == DYN_URL)
        free(*(char **)member);
    option_set_absent(row, values);
}

bool option_is_absent(const struct dyn_option *row, const void *values)
{
    const void *member = option_member_of(row, values);
    switch (row->type) {
    case DYN_INTEGER:
    case DYN_DURATION:
        return *(const int64_t *)member == DYN_ABSENT;
    case DYN_BOOLEAN:
    case DYN_CHOICE:
        return *(const int32_t *)member < 0;
    case DYN_LIST:
        return ((const struct dyn_list *)member)->n == 0;
    default:
        return *(const char *const *)member == NULL;
    }
}

/* ---- Numbers and durations ---- */

static const struct {
    const char *word;
    int64_t ms;
} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

enum { N_UNITS = sizeof units / sizeof units[0] };

/* Digits, after a minus sign or none; *rest is what follows them. */
static int parse_digits(const char *text, int64_t *number, const char **rest)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    if (!isdigit((unsigned char)digits[0]))
        return -1;
    errno = 0;
    char *end;
    long long value = strtoll(text, &end, 10);
    *number = value;
    *rest = end;
    return errno == 0 ? 0 : -1;
}

static int parse_integer(const char *text, int64_t *number)
{
    const char *rest;
    return parse_digits(text, number, &rest) == 0 && rest[0] == '\0' && *number != DYN_ABSENT ? 0
                                                                                              : -1;
}

static int parse_duration(const char *text, int64_t *ms)
{
    int64_t number;
    const char *rest;
    if (parse_digits(text, &number, &rest) < 0 || number < 0)
        return -1;
    if (number == 0 && rest[0] == '\0') {
        *ms = 0;
        return 0;
    }
    for (size_t i = 0; i < N_UNITS; i++)
        if (strcmp(rest, units[i].word) == 0 && number <= INT64_MAX / units[i].ms) {
            *ms = number * units[i].ms;
            return 0;
        }
    return -1;
}

#define DURATION_FORM "a duration such as 500ms, 10s, 5m, 4h or 1d: a whole number and its unit"

int option_parse_duration(const char *text, int64_t *ms, struct error *error)
{
    if (parse_duration(text, ms) == 0)
        return 0;
    return error_set(error, "must be " DURATION_FORM);
}

void option_print_duration(int64_t ms, struct text *out)
{
    size_t i = 0;
    while (i + 1 < N_UNITS && (ms == 0 || ms % units[i].ms != 0))
        i++;
    if (ms == 0)
        text_add(out, "0s");
    else
        text_add_format(out, "%" PRId64 "%s", ms / units[i].ms, units[i].word);
}

static int parse_number(uint32_t type, const char *text, int64_t *number)
{
    return type == DYN_DURATION ? parse_duration(text, number) : parse_integer(text, number);
}

/* "1..100", "1s..", "..24h" or NULL. Either end may be open. */
int option_parse_limits(const struct dyn_option *row, struct option_limits *limits)
{
    const char *text = row->limits != NULL ? row->limits : "..";
    const char *dots = strstr(text, "..");
    if (dots == NULL)
        return -1;
    char *least = memory_copy_n(text, (size_t)(dots - text));
    const char *most = dots + 2;
    *limits = (struct option_limits){INT64_MIN, INT64_MAX};
    bool are_good = (least[0] == '\0' || parse_number(row->type, least, &limits->least) == 0) &&
                    (most[0] == '\0' || parse_number(row->type, most, &limits->most) == 0);
    free(least);
    return are_good && limits->least <= limits->most ? 0 : -1;
}

static int refuse_range(const struct dyn_option *row, const struct option_limits *limits,
                        struct error *error)
{
    const char *most = strstr(row->limits, "..") + 2;
    int n_least = (int)(most - 2 - row->limits);
    if (limits->least == INT64_MIN)
        return error_set(error, "%s must be at most %s", row->name, most);
    if (limits->most == INT64_MAX)
        return error_set(error, "%s must be at least %.*s", row->name, n_least, row->limits);
    return error_set(error, "%s must be from %.*s to %s", row->name, n_least, row->limits, most);
}

static int set_number(const struct dyn_option *row, const char *text, void *values,
                      struct error *error)
{
    int64_t number;
    struct option_limits limits;
    if (parse_number(row->type, text, &number) < 0)
        return error_set(error, "%s must be %s", row->name,
                         row->type == DYN_DURATION ? DURATION_FORM : "a whole number");
    if (option_parse_limits(row, &limits) < 0)
        return error_set(error, "%s has limits that cannot be read: the plugin is at fault",
                         row->name);
    if (number < limits.least || number > limits.most)
        return refuse_range(row, &limits, error);
    *(int64_t *)option_member(row, values) = number;
    return 0;
}

/* ---- Words ---- */

static int set_boolean(const struct dyn_option *row, const char *text, void *values,
                       struct error *error)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
    for (int32_t i = 0; i < 6; i++)
        if (strcasecmp(text, words[i]) == 0) {
            *(int32_t *)option_member(row, values) = i % 2;
            return 0;
        }
    return error_set(error, "%s must be yes or no", row->name);
}

char **option_choices(const struct dyn_option *row, size_t *n)
{
    char **words = NULL;
    *n = 0;
    for (const char *at = row->limits != NULL ? row->limits : "", *end; at[0] != '\0';
         at = end[0] == '|' ? end + 1 : end) {
        end = strchrnul(at, '|');
        words = memory_resize(words, *n + 1, sizeof *words);
        words[(*n)++] = memory_copy_n(at, (size_t)(end - at));
    }
    return words;
}

void option_free_choices(char **words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(words[i]);
    free(words);
}

static int refuse_choice(const struct dyn_option *row, const char *nearest, struct error *error)
{
    struct text words = {0};
    for (const char *at = row->limits; at != NULL && at[0] != '\0'; at++)
        text_add_n(&words, at[0] == '|' ? ", " : at, at[0] == '|' ? 2 : 1);
    if (nearest != NULL)
        error_set(error, "%s must be one of %s; did you mean \"%s\"?", row->name,
                  text_chars(&words), nearest);
    else
        error_set(error, "%s must be one of %s", row->name, text_chars(&words));
    text_fini(&words);
    return -1;
}

static int set_choice(const struct dyn_option *row, const char *text, void *values,
                      struct error *error)
{
    size_t n;
    char **words = option_choices(row, &n);
    size_t i = 0;
    while (i < n && strcmp(words[i], text) != 0)
        i++;
    int result = 0;
    if (i < n)
        *(int32_t *)option_member(row, values) = (int32_t)i;
    else
        result = refuse_choice(row, text_nearest(text, (const char *const *)words, n), error);
    option_free_choices(words, n);
    return result;
}

/* ---- Texts ---- */

/* One line of UTF-8: a text goes into log lines, queries and headers. */
static int check_text(const struct dyn_option *row, const char *text, struct error *error)
{
    size_t left = strlen(text);
    for (size_t n; left > 0; text += n, left -= n) {
        n = text_character(text, left);
        if (n == 0)
            return error_set(error, "%s must be UTF-8 text without control characters", row->name);
        if (strchr("\t\r\n", text[0]) != NULL)
            return error_set(error, "%s must be one line, without tabs", row->name);
    }
    return 0;
}

static int set_text(const struct dyn_option *row, const char *text, void *values,
                    struct error *error)
{
    if (check_text(row, text, error) < 0)
        return -1;
    option_clear(row, values);
    *(char **)option_member(row, values) = memory_copy(text);
    return 0;
}

static int set_list(const struct dyn_option *row, const char *const *texts, size_t n, void *values,
                    struct error *error)
{
    for (size_t i = 0; i < n; i++) {
        if (texts[i][0] == '\0')
            return error_set(error, "%s must not have an empty item", row->name);
        if (check_text(row, texts[i], error) < 0)
            return -1;
    }
    option_clear(row, values);
    const char **items = n > 0 ? memory_new(n, sizeof *items) : NULL;
    for (size_t i = 0; i < n; i++)
        items[i] = memory_copy(texts[i]);
    *(struct dyn_list *)option_member(row, values) = (struct dyn_list){items, n};
    return 0;
}

int option_set(const struct dyn_option *row, const char *const *texts, size_t n, void *values,
               struct error *error)
{
    if (row->type == DYN_LIST)
        return set_list(row, texts, n, values, error);
    if (n != 1)
        return error_set(error, "%s must be a single value", row->name);
    switch (row->type) {
    case DYN_INTEGER:
    case DYN_DURATION:
        return set_number(row, texts[0], values, error);
    case DYN_BOOLEAN:
        return set_boolean(row, texts[0], values, error);
    case DYN_CHOICE:
        return set_choice(row, texts[0], values, error);
    default:
        return set_text(row, texts[0], values, error);
    }
}
