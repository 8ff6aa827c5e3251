/* SPDX-License-Identifier: MIT
 * What an SQLSTATE asks of us, by PostgreSQL's table of error codes (appendix A of its manual). */
#include "shared/sql_pg.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* By the longest start of the SQLSTATE. What is not listed may pass by itself: 08 connection, 53
 * resources (53300 too many connections), 57P01-57P05 shutdown, start-up, idle too long, 58 system,
 * XX internal. */
static const struct {
    const char *start;
    int32_t code;
    const char *advice;
} known[] = {
    {"28P01", DYN_BROKEN, "check the user and the password in the URL"},
    {"28", DYN_BROKEN,
     "check the user in the URL; a server that wants TLS is asked with ?sslmode=require"},
    {"3D000", DYN_BROKEN, "check the name of the database in the URL"},
    {"42501", DYN_BROKEN, "grant the role of the URL SELECT on the table, and USAGE on its schema"},
    {"57014", DYN_LATE, NULL},
    {"0A", DYN_BROKEN, NULL},
    {"22", DYN_BROKEN, NULL},
    {"3F", DYN_BROKEN, NULL},
    {"42", DYN_BROKEN, NULL},
};

struct pg_refusal pg_refusal_of_state(const char *state)
{
    for (size_t i = 0; state != NULL && i < sizeof known / sizeof known[0]; i++)
        if (strncmp(state, known[i].start, strlen(known[i].start)) == 0)
            return (struct pg_refusal){known[i].code, known[i].advice, ""};
    return (struct pg_refusal){DYN_RETRY, NULL, ""};
}

/* Five capitals or digits, a digit among them: so that no other word is taken for one. */
static bool is_state(const char *word)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return strspn(word, digits) == 5 && strcspn(word, "0123456789") < 5 &&
           strncmp(word + 5, ": ", 2) == 0;
}

/* Where ": SQLSTATE: " stands in a server's message, at its first character; NULL if it is not one.
 * Found by its form, because the word before it is in the server's language. */
static const char *state_in(const char *message)
{
    const char *last = NULL;
    for (const char *at = strchr(message, ':'); at != NULL; at = strchr(at + 1, ':')) {
        const char *word = at + 1 + strspn(at + 1, " ");
        if (word > at + 1 && is_state(word))
            last = word;
    }
    return last;
}

static struct pg_refusal with_text(struct pg_refusal refusal, const char *text)
{
    snprintf(refusal.text, sizeof refusal.text, "%.*s", (int)strcspn(text, "\n"), text);
    return refusal;
}

/* What libpq itself says has no code, so it is known by a part of it. Those that stay until a
 * person does something are broken. */
static struct pg_refusal refusal_of_words(const char *text)
{
    static const struct {
        const char *part;
        int32_t code;
        const char *advice;
    } words[] = {
        {"does not support SSL", DYN_BROKEN,
         "leave sslmode out of the URL, or write sslmode=disable"},
        {"certificate", DYN_BROKEN, NULL},
        {"invalid sslmode value", DYN_BROKEN,
         "it is one of disable, allow, prefer, require, verify-ca, verify-full"},
        {"could not translate host name", DYN_RETRY, "check the host in the URL"},
        {"Connection refused", DYN_RETRY,
         "check host and port in the URL, and whether the server runs"},
        {"No such file or directory", DYN_RETRY,
         "check the folder of the socket in the URL, and whether the server runs"},
        {"server closed the connection unexpectedly", DYN_RETRY,
         "check host and port in the URL, if it does not pass"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(text, words[i].part) != NULL)
            return (struct pg_refusal){words[i].code, words[i].advice, ""};
    return (struct pg_refusal){DYN_RETRY, NULL, ""};
}

/* The last attempt counts: there is one for each address, and one with TLS and one without. */
struct pg_refusal pg_refusal_of(const char *message)
{
    const char *state = state_in(message);
    if (state != NULL)
        return with_text(pg_refusal_of_state(state), state + strlen("28P01: "));
    const char *text = message;
    const char *cause;
    while ((cause = strstr(text, " failed: ")) != NULL)
        text = cause + strlen(" failed: ");
    return with_text(refusal_of_words(text), text);
}
