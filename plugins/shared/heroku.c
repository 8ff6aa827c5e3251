/* SPDX-License-Identifier: MIT */
#include <config.h>

#include "shared/heroku.h"

#include "shared/quote.h"
#include "shared/refusal.h"

#include <dynomatic/util.h>

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGES_MOST = 100, /* of the list of process types; all that was ever seen fits on one */
    REFUSED = -1      /* beside the contract's codes: this change is refused, others may be taken */
};

/* ---- Life ---- */

static char *format(const char *format, ...) DYN_PRINTF(1, 2);
static char *format(const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

static int base_length(const char *api_url)
{
    size_t length = strlen(api_url);
    while (length > 0 && api_url[length - 1] == '/')
        length--;
    return (int)length;
}

int32_t heroku_new(const struct dyn_host *host, const struct heroku_config *config,
                   struct heroku **heroku)
{
    int32_t code = heroku_check_options(host, config);
    if (code != DYN_OK)
        return code;
    struct heroku *made = calloc(1, sizeof *made);
    if (made == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    made->host = host;
    made->config = config;
    made->url = format("%.*s/apps/%s/formation", base_length(config->api_url), config->api_url,
                       config->app);
    made->authorization = format("Authorization: Bearer %s", config->token);
    /* On this machine itself a proxy has no business; it would see the token. */
    made->http = http_new(config->ca_file, heroku_is_plain(config->api_url));
    if (made->url == NULL || made->authorization == NULL || made->http == NULL) {
        heroku_free(made);
        return host->fail(host, DYN_RETRY, "out of memory");
    }
    *heroku = made;
    return DYN_OK;
}

void heroku_free(struct heroku *heroku)
{
    if (heroku == NULL)
        return;
    http_free(heroku->http);
    formation_fini(&heroku->formation);
    free(heroku->url);
    free(heroku->authorization);
    free(heroku);
}

/* ---- Texts ---- */

void heroku_unknown(const struct heroku *heroku, uint32_t index, const char *format, ...)
{
    char text[1024];
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    quote(text, strlen(text), heroku->config->token, line, sizeof line);
    heroku->host->unknown(heroku->host, index, line);
}

void heroku_unknown_type(const struct heroku *heroku, uint32_t index, const char *type)
{
    char types[512];
    formation_list(&heroku->formation, types, sizeof types);
    heroku_unknown(heroku, index, "the Procfile of \"%s\" has no process type \"%s\"; it has: %s",
                   heroku->config->app, type,
                   types[0] != '\0' ? types : "none, so the app was not deployed yet");
}

/* ---- Requests ---- */

static int32_t fail(const struct heroku *heroku, int32_t code, const char *verb, const char *why)
{
    return dyn_failf(heroku->host, code, "cannot %s the formation of \"%s\" at %s: %s", verb,
                     heroku->config->app, heroku->config->api_url, why);
}

/* Words for the app's owners, which the official client prints too. Once each. */
static void pass_on_warning(struct heroku *heroku, const struct http_reply *reply)
{
    char text[sizeof heroku->warning];
    size_t length;
    const char *found = http_header(reply, "X-Heroku-Warning", &length);
    if (found == NULL)
        found = http_header(reply, "Warning-Message", &length);
    if (found == NULL)
        return;
    quote(found, length, heroku->config->token, text, sizeof text);
    if (strcmp(text, heroku->warning) == 0)
        return;
    memcpy(heroku->warning, text, sizeof text);
    dyn_logf(heroku->host, DYN_WARN, "Heroku warns: %s", text);
}

/* `range` is a header, `body` is JSON; NULL: none. */
static int32_t ask(struct heroku *heroku, const struct dyn_call *call, const char *range,
                   const char *body, struct http_reply *reply)
{
    static const char accept[] = "Accept: application/vnd.heroku+json; version=3";
    static const char agent[] = "User-Agent: dynomatic/" PACKAGE_VERSION;
    const char *headers[] = {accept, agent, heroku->authorization,
                             body != NULL ? "Content-Type: application/json" : range, NULL};
    struct http_request request = {body != NULL ? "PATCH" : "GET", heroku->url, headers, body};
    int32_t code = http_ask(heroku->http, call, &request, reply);
    if (code != DYN_OK)
        return fail(heroku, code, body != NULL ? "change" : "read", reply->trouble);
    pass_on_warning(heroku, reply);
    return DYN_OK;
}

static bool is_success(const struct http_reply *reply)
{
    return reply->status == 200 || reply->status == 201 || reply->status == 202 ||
           reply->status == 206;
}

static int32_t fail_parse(const struct heroku *heroku, const char *verb, const char *why)
{
    char text[128];
    snprintf(text, sizeof text, "the answer is %s", why);
    return fail(heroku, DYN_RETRY, verb, text);
}

/* ---- Reading ---- */

static int32_t read_page(struct heroku *heroku, const struct dyn_call *call, const char *range,
                         struct formation *formation, struct http_reply *reply)
{
    int32_t code = ask(heroku, call, range, NULL, reply);
    if (code != DYN_OK)
        return code;
    if (!is_success(reply)) {
        struct refusal refusal;
        refusal_read(&refusal, reply, heroku->config->token);
        return fail(heroku, refusal.code, "read", refusal.text);
    }
    const char *why;
    if (!formation_parse(formation, reply->body, reply->length, &why))
        return fail_parse(heroku, "read", why);
    return DYN_OK;
}

/* The header that asks for the page after this one; false if it does not fit. */
static bool next_page(const struct http_reply *reply, char *range, size_t room)
{
    size_t length;
    const char *next = http_header(reply, "Next-Range", &length);
    if (length + sizeof "Range: " > room)
        return false;
    snprintf(range, room, "Range: %.*s", (int)length, next != NULL ? next : "");
    return true;
}

static bool is_last_page(const struct http_reply *reply)
{
    size_t length;
    return http_header(reply, "Next-Range", &length) == NULL || length == 0;
}

/* A list that is cut short never counts as whole: a type it lacks would be taken for gone. */
static int32_t read_all(struct heroku *heroku, const struct dyn_call *call,
                        struct formation *formation)
{
    char range[512] = "";
    for (int page = 0; page < PAGES_MOST; page++) {
        struct http_reply reply;
        int32_t code = read_page(heroku, call, page > 0 ? range : NULL, formation, &reply);
        if (code != DYN_OK)
            return code;
        if (is_last_page(&reply))
            return reply.status != 206
                       ? DYN_OK
                       : fail_parse(heroku, "read", "a part that does not say where it goes on");
        if (!next_page(&reply, range, sizeof range))
            break;
    }
    return fail_parse(heroku, "read", "a list without an end");
}

int32_t heroku_read(struct heroku *heroku, const struct dyn_call *call)
{
    struct formation fresh = {NULL, 0};
    int32_t code = read_all(heroku, call, &fresh);
    if (code != DYN_OK) {
        formation_fini(&fresh);
        return code;
    }
    formation_fini(&heroku->formation);
    heroku->formation = fresh;
    heroku->is_known = true;
    return DYN_OK;
}

int32_t heroku_know(struct heroku *heroku, const struct dyn_call *call)
{
    return heroku->is_known ? DYN_OK : heroku_read(heroku, call);
}

/* ---- Changing ---- */

static void forget(struct heroku *heroku)
{
    formation_fini(&heroku->formation);
    heroku->is_known = false;
}

/* As JSON, to be freed with cJSON_free(); NULL: out of memory. Quantities are absolute, so that
 * sending them twice is sending them once. */
static char *body_of(const struct heroku_update *updates, size_t n)
{
    char *text = NULL;
    cJSON *root = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(root, "updates");
    bool is_whole = list != NULL;
    for (size_t i = 0; i < n && is_whole; i++) {
        cJSON *item = cJSON_CreateObject();
        is_whole = cJSON_AddStringToObject(item, "type", updates[i].type) != NULL &&
                   cJSON_AddNumberToObject(item, "quantity", updates[i].quantity) != NULL &&
                   cJSON_AddItemToArray(list, item);
        if (!is_whole)
            cJSON_Delete(item);
    }
    if (is_whole)
        text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}

static void forget_quantity(struct heroku *heroku, const char *type)
{
    struct process *process = formation_find(&heroku->formation, type);
    if (process != NULL)
        process->quantity = -1;
}

/* Takes what the platform says it has now; it may tell of more types than were asked for. */
static bool learn(struct heroku *heroku, const struct formation *told,
                  const struct heroku_update *updates, size_t n)
{
    for (size_t i = 0; i < n; i++)
        forget_quantity(heroku, updates[i].type);
    for (size_t i = 0; i < told->n; i++)
        if (!formation_set(&heroku->formation, told->items[i].type, told->items[i].quantity))
            return false;
    return true;
}

static int32_t take_reply(struct heroku *heroku, const struct http_reply *reply,
                          const struct heroku_update *updates, size_t n)
{
    struct formation told = {NULL, 0};
    const char *why;
    int32_t code = DYN_OK;
    if (!formation_parse(&told, reply->body, reply->length, &why))
        code = fail_parse(heroku, "change", why);
    else if (!learn(heroku, &told, updates, n))
        code = fail(heroku, DYN_RETRY, "change", "out of memory");
    formation_fini(&told);
    return code;
}

/* Sends one request. Returns REFUSED with *refusal if it is refused for what it asks. */
static int32_t patch(struct heroku *heroku, const struct dyn_call *call,
                     const struct heroku_update *updates, size_t n, struct refusal *refusal)
{
    struct http_reply reply;
    char *body = body_of(updates, n);
    if (body == NULL)
        return fail(heroku, DYN_RETRY, "change", "out of memory");
    int32_t code = ask(heroku, call, NULL, body, &reply);
    cJSON_free(body);
    if (code != DYN_OK)
        return code;
    if (is_success(&reply))
        return take_reply(heroku, &reply, updates, n);
    refusal_read(refusal, &reply, heroku->config->token);
    if (refusal->is_of_change)
        return REFUSED;
    return fail(heroku, refusal->code, "change", refusal->text);
}

/* The greatest quantity that a refusal leaves room for, -1 if it does not tell. Dynos of other
 * types may count against the same limit: `asked` has them, the quantity has not. */
static int64_t room_left(const struct refusal *refusal, int32_t quantity)
{
    int64_t others = refusal->asked > quantity ? refusal->asked - quantity : 0;
    return refusal->limit < 0 ? -1 : refusal->limit - others;
}

static void note_refusal(struct heroku *heroku, struct heroku_update *update,
                         const struct refusal *refusal)
{
    snprintf(update->why, sizeof update->why, "%s: %s", heroku->config->api_url, refusal->text);
    forget_quantity(heroku, update->type);
}

/* Tries once at the limit, where there is one. Never below what ran before: a refusal is no reason
 * to stop a worker. */
static int32_t settle_refusal(struct heroku *heroku, const struct dyn_call *call,
                              struct heroku_update *update, const struct refusal *refusal)
{
    const struct process *process = formation_find(&heroku->formation, update->type);
    int32_t before = process != NULL ? process->quantity : -1;
    int64_t room = room_left(refusal, update->quantity);
    note_refusal(heroku, update, refusal);
    if (before < 0 || room <= before || room >= update->quantity)
        return DYN_OK;
    struct heroku_update clamped = {.type = update->type, .quantity = (int32_t)room};
    struct refusal again = {0};
    int32_t code = patch(heroku, call, &clamped, 1, &again);
    if (code != REFUSED)
        return code;
    note_refusal(heroku, update, &again);
    return DYN_OK;
}

static int32_t scale(struct heroku *heroku, const struct dyn_call *call,
                     struct heroku_update *updates, size_t n)
{
    struct refusal refusal = {0};
    int32_t code = patch(heroku, call, updates, n, &refusal);
    if (code != REFUSED)
        return code;
    if (n == 1)
        return settle_refusal(heroku, call, updates, &refusal);
    code = DYN_OK;
    for (size_t i = 0; i < n && code == DYN_OK; i++)
        code = scale(heroku, call, &updates[i], 1);
    return code;
}

int32_t heroku_scale(struct heroku *heroku, const struct dyn_call *call,
                     struct heroku_update *updates, size_t n)
{
    for (size_t i = 0; i < n; i++)
        updates[i].why[0] = '\0';
    int32_t code = scale(heroku, call, updates, n);
    if (code != DYN_OK)
        forget(heroku); /* any part may have been done */
    return code;
}
