/* SPDX-License-Identifier: MIT */
#include "shared/refusal.h"

#include "shared/quote.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

/* What a status means. The first row counts whose range covers it and whose mark, if it has one,
 * is the reply's id or resource, or, if it is of several words, part of its message. */
struct row {
    short from;
    short to;
    const char *mark;
    int32_t code;
    bool is_of_change;
    const char *advice;
};

#define NEW_TOKEN "\"heroku authorizations:create -s read,write\""
#define SENSELESS "an answer without a meaning here"
#define NO_APP    "the token's account has no app of this name: correct app, or use another token"

static const struct row rows[] = {
    {304, 304, NULL, DYN_RETRY, false, SENSELESS},
    {300, 399, NULL, DYN_BROKEN, false,
     "a redirect, which is not followed because the token would go along: correct api_url"},
    {401, 401, NULL, DYN_BROKEN, false,
     "the token is missing, wrong, expired or revoked: make one with " NEW_TOKEN},
    {402, 402, NULL, DYN_BROKEN, false,
     "the account has unpaid invoices: settle them in the Heroku dashboard"},
    {403, 403, "suspended", DYN_BROKEN, false,
     "the account or the app is suspended: ask Heroku's support"},
    {403, 403, "two_factor", DYN_BROKEN, false,
     "a second factor is asked for, which no program has: use a token made with " NEW_TOKEN},
    {403, 403, NULL, DYN_BROKEN, false,
     "give the token's account access to the app, and the token the scopes read and write"},
    {404, 404, "app", DYN_BROKEN, false, NO_APP},
    {404, 404, "find that app", DYN_BROKEN, false, NO_APP},
    {404, 404, "requested API endpoint", DYN_BROKEN, false,
     "nothing is at this address: correct api_url"},
    {404, 404, NULL, DYN_BROKEN, true, "the app's Procfile does not have it: deploy one that does"},
    {406, 406, NULL, DYN_BROKEN, false, "a fault of this program: please report it"},
    {400, 400, NULL, DYN_BROKEN, false, "a fault of this program: please report it"},
    {408, 409, NULL, DYN_RETRY, false, "something else happens to the app: asked again later"},
    {410, 410, NULL, DYN_BROKEN, false, "this part of the API is gone: use a newer dynomatic"},
    {422, 422, "verification_needed", DYN_BROKEN, false,
     "give the account billing details in the Heroku dashboard"},
    {422, 422, "must be deployed", DYN_BROKEN, true, "deploy the app first"},
    {422, 422, "in the same app", DYN_BROKEN, true,
     "Eco and Basic dynos mix with no other size: change sizes with \"heroku ps:type\""},
    {422, 422, "per process type", DYN_BROKEN, true,
     "lower max, choose a greater size with \"heroku ps:type\", or for Eco and Basic dynos use the "
     "back-end heroku-hobby"},
    {422, 422, "cannot_run_above_limit", DYN_BROKEN, true,
     "lower max, choose another size with \"heroku ps:type\", or ask Heroku for a higher limit"},
    {422, 422, NULL, DYN_BROKEN, true, NULL},
    {429, 429, NULL, DYN_RETRY, false,
     "all programs and people of the account share this limit: asked again later"},
    {400, 499, NULL, DYN_BROKEN, false, NULL},
    {500, 599, NULL, DYN_RETRY, false,
     "Heroku has trouble, see https://status.heroku.com: asked again later"},
    {0, 32767, NULL, DYN_RETRY, false, SENSELESS},
};

struct said {
    const char *id;
    const char *message;
    const char *resource;
};

static const char *text_of(const cJSON *body, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, key));
}

static int64_t integer_of(const cJSON *body, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, key);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= INT32_MAX))
        return -1;
    return (int64_t)item->valuedouble;
}

static bool has_mark(const struct said *said, const char *mark)
{
    return (said->id != NULL && strcmp(said->id, mark) == 0) ||
           (said->resource != NULL && strcmp(said->resource, mark) == 0) ||
           (said->message != NULL && strchr(mark, ' ') != NULL &&
            strstr(said->message, mark) != NULL);
}

static const struct row *row_of(long status, const struct said *said)
{
    const struct row *row = rows;
    while (status < row->from || status > row->to ||
           (row->mark != NULL && !has_mark(said, row->mark)))
        row++;
    return row;
}

/* ---- The text ---- */

static void add(struct refusal *refusal, const char *before, const char *text, const char *after)
{
    size_t length = strlen(refusal->text);
    snprintf(refusal->text + length, sizeof refusal->text - length, "%s%s%s", before, text, after);
}

static void add_header(struct refusal *refusal, const struct http_reply *reply, const char *name,
                       const char *before, const char *after, const char *token)
{
    char value[96];
    size_t length;
    const char *found = http_header(reply, name, &length);
    if (found != NULL && length > 0)
        add(refusal, before, quote(found, length, token, value, sizeof value), after);
}

/* What the server said, whatever its form: the API's JSON, a proxy's page, plain words. */
static void add_words(struct refusal *refusal, const struct http_reply *reply,
                      const struct said *said, const char *token)
{
    char words[256];
    const char *start = reply->body + strspn(reply->body, " \t\r\n");
    if (said->id != NULL)
        add(refusal, " ", quote(said->id, strlen(said->id), token, words, 64), "");
    if (said->message != NULL)
        add(refusal, ", \"",
            quote(said->message, strlen(said->message), token, words, sizeof words), "\"");
    else if (start[0] == '<')
        add(refusal, ", a web page instead of the API's JSON", "", "");
    else if (said->id == NULL && start[0] != '\0')
        add(refusal, ", \"", quote(reply->body, reply->length, token, words, sizeof words), "\"");
}

/* Whether the token has one of the scopes that were asked for, so that they say nothing. */
static bool has_scope(const struct http_reply *reply)
{
    size_t length;
    size_t room;
    const char *scope = http_header(reply, "Oauth-Scope", &length);
    const char *accepted = http_header(reply, "Oauth-Scope-Accepted", &room);
    if (scope == NULL || accepted == NULL)
        return false;
    for (size_t i = 0; i < room; i += strcspn(accepted + i, " ") + 1)
        if (strncmp(accepted + i, scope, length) == 0 && length <= room - i &&
            (length == room - i || accepted[i + length] == ' '))
            return true;
    return false;
}

static void write_text(struct refusal *refusal, const struct http_reply *reply,
                       const struct said *said, const char *advice, const char *token)
{
    snprintf(refusal->text, sizeof refusal->text, "%ld", reply->status);
    add_words(refusal, reply, said, token);
    if (advice != NULL)
        add(refusal, ": ", advice, "");
    if (reply->status == 403 && !has_scope(reply)) {
        add_header(refusal, reply, "Oauth-Scope", "; the token has the scope \"", "\"", token);
        add_header(refusal, reply, "Oauth-Scope-Accepted", ", this takes one of \"", "\"", token);
    }
    add_header(refusal, reply, "Request-Id", " (Request-Id ", ")", token);
}

void refusal_read(struct refusal *refusal, const struct http_reply *reply, const char *token)
{
    cJSON *body = cJSON_ParseWithLength(reply->body, reply->length);
    struct said said = {text_of(body, "id"), text_of(body, "message"), text_of(body, "resource")};
    if (said.message == NULL)
        said.message = text_of(body, "error");
    const struct row *row = row_of(reply->status, &said);
    *refusal = (struct refusal){
        .code = row->code,
        .is_of_change = row->is_of_change,
        .limit = integer_of(body, "limit"),
        .asked = integer_of(body, "size"),
    };
    write_text(refusal, reply, &said, row->advice, token);
    cJSON_Delete(body);
}
