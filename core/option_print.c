/* SPDX-License-Identifier: MIT
 * Options for people: what is set, what can be set, and a sample of it. */
#include "core/option_value.h"

#include "core/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- What is set ---- */

/* Where the value of a parameter such as "password=" ends. */
static const char *parameter_end(const char *chars)
{
    return chars + strcspn(chars, "&; ");
}

static bool tells_secret(const char *name, size_t length)
{
    static const char *const words[] = {"pass", "secret", "token", "key"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (memmem(name, length, words[i], strlen(words[i])) != NULL)
            return true;
    return false;
}

/* After the host: the values of parameters whose names say that they are secrets. */
static void print_parameters(const char *chars, struct text *out)
{
    while (chars[0] != '\0') {
        const char *end = parameter_end(chars);
        const char *equals = memchr(chars, '=', (size_t)(end - chars));
        const char *shown =
            equals != NULL && tells_secret(chars, (size_t)(equals - chars)) ? equals + 1 : end;
        text_add_n(out, chars, (size_t)(shown - chars));
        text_add(out, shown < end ? "***" : "");
        text_add_n(out, end, end[0] != '\0');
        chars = end + (end[0] != '\0');
    }
}

/* A password may hold any character that its writer forgot to escape, so all from the first ':' to
 * the last '@' is taken for it: rather too much is masked than too little. */
static void print_url(const char *url, struct text *out)
{
    const char *scheme = strstr(url, "://");
    const char *host = scheme != NULL ? strrchr(scheme, '@') : NULL;
    const char *colon = host != NULL ? memchr(scheme + 3, ':', (size_t)(host - scheme - 3)) : NULL;
    if (colon != NULL) {
        text_add_n(out, url, (size_t)(colon + 1 - url));
        text_add(out, "***");
        url = host;
    }
    print_parameters(url, out);
}

static void print_list(const struct dyn_list *list, const char *separator, struct text *out)
{
    for (size_t i = 0; i < list->n; i++)
        text_add_format(out, "%s%s", i > 0 ? separator : "", list->items[i]);
}

static void print_choice(const struct dyn_option *row, int32_t choice, struct text *out)
{
    size_t n;
    char **words = option_choices(row, &n);
    if (choice >= 0 && (size_t)choice < n)
        text_add(out, words[choice]);
    option_free_choices(words, n);
}

/* All types but texts, which differ in what is masked. */
static void print_plain(const struct dyn_option *row, const void *member, struct text *out)
{
    switch (row->type) {
    case DYN_INTEGER:
        text_add_format(out, "%" PRId64, *(const int64_t *)member);
        break;
    case DYN_DURATION:
        option_print_duration(*(const int64_t *)member, out);
        break;
    case DYN_BOOLEAN:
        text_add(out, *(const int32_t *)member != 0 ? "yes" : "no");
        break;
    case DYN_CHOICE:
        print_choice(row, *(const int32_t *)member, out);
        break;
    default:
        text_add(out, *(const char *const *)member);
        break;
    }
}

void option_print(const struct dyn_option *row, const void *values, struct text *out)
{
    const void *member = option_member_of(row, values);
    if (option_is_absent(row, values))
        return;
    if ((row->flags & DYN_SECRET) != 0) {
        text_add(out, "***");
    } else if (row->type == DYN_URL) {
        print_url(*(const char *const *)member, out);
    } else if (row->type == DYN_LIST) {
        text_add(out, "[");
        print_list(member, ", ", out);
        text_add(out, "]");
    } else {
        print_plain(row, member, out);
    }
}

/* The mark before it tells "" from nothing; no item of a list has a line break in it. */
void option_print_whole(const struct dyn_option *row, const void *values, struct text *out)
{
    const void *member = option_member_of(row, values);
    if (option_is_absent(row, values))
        return;
    text_add(out, "=");
    if (row->type == DYN_LIST)
        print_list(member, "\n", out);
    else
        print_plain(row, member, out);
}

/* ---- What can be set ---- */

static void print_type(const struct dyn_option *row, struct text *out)
{
    static const char *const names[] = {"text",   "URL",    "whole number", "duration",
                                        "yes/no", "choice", "list"};
    if (row->type == DYN_CHOICE)
        text_add(out, row->limits);
    else
        text_add(out, names[row->type]);
    if (row->limits != NULL && row->type != DYN_CHOICE)
        text_add_format(out, " %s", row->limits);
    if ((row->flags & DYN_SECRET) != 0)
        text_add(out, ", secret");
    if ((row->flags & DYN_REQUIRED) != 0)
        text_add(out, ", required");
    if (row->standard != NULL)
        text_add_format(out, ", default %s", row->standard);
    for (const char *at = row->env != NULL ? row->env : ""; at[0] != '\0';) {
        size_t length = strcspn(at, " ");
        text_add_format(out, "%s $%.*s", at == row->env ? ", or from" : ",", (int)length, at);
        at += length + (at[length] == ' ');
    }
}

void option_help(struct option_table table, struct text *out)
{
    size_t width = 0;
    for (size_t i = 0; i < table.n; i++)
        width = strlen(table.rows[i].name) > width ? strlen(table.rows[i].name) : width;
    for (size_t i = 0; i < table.n; i++) {
        const struct dyn_option *row = &table.rows[i];
        text_add_format(out, "  %-*s  ", (int)width, row->name);
        print_type(row, out);
        text_add_format(out, "\n  %*s  %s\n", (int)width, "", row->help);
    }
}

/* What stands behind the key in a sample: the variable that it is taken from, or its default, or
 * nothing. */
static void print_sample(const struct dyn_option *row, struct text *out)
{
    size_t length = row->env != NULL ? strcspn(row->env, " ") : 0;
    if (length > 0)
        text_add_format(out, " \"${%.*s}\"", (int)length, row->env);
    else if (row->standard != NULL)
        text_add_format(out, row->type == DYN_LIST ? " [%s]" : " %s", row->standard);
}

void option_sample(struct option_table table, struct text *out)
{
    for (size_t i = 0; i < table.n; i++) {
        const struct dyn_option *row = &table.rows[i];
        text_add_format(out, "  # %s (", row->help);
        print_type(row, out);
        bool is_needed = (row->flags & DYN_REQUIRED) != 0 && row->standard == NULL;
        text_add_format(out, ")\n  %s%s:", is_needed ? "" : "#", row->name);
        print_sample(row, out);
        text_add(out, "\n");
    }
}
