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
    made->url = format("%.*s/apps/%s", base_length(config->api_url), config->api_url, config->app);
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

void heroku_put_dynos(const struct heroku *heroku, uint32_t index, int32_t up, int32_t starting,
                      int32_t crashed)
{
    const struct dyn_host *host = heroku->host; /* takes no number under 0 for a value */
    host->put(host, index, DYN_UP, up, 0);
    host->put(host, index, DYN_STARTING, starting, 0);
    host->put(host, index, DYN_CRASHED, crashed, 0);
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

/* Sends one request to what lies at `path` of the app. `more` is a header, `body` is JSON; NULL:
 * none. Returns as http_ask(), with reply->trouble. */
static int32_t send_request(struct heroku *heroku, const struct dyn_call *call, const char *path,
                            const char *more, const char *body, struct http_reply *reply)
{
    static const char accept[] = "Accept: application/vnd.heroku+json; version=3";
    static const char agent[] = "User-Agent: dynomatic/" PACKAGE_VERSION;
    const char *headers[] = {accept, agent, heroku->authorization,
                             body != NULL ? "Content-Type: application/json" : more, NULL};
    int64_t closed_ms = budget_closed_ms(&heroku->budget, dyn_now_ns());
    char *url = format("%s%s", heroku->url, path);
    *reply = (struct http_reply){.trouble = heroku->trouble};
    if (url == NULL || closed_ms > 0) {
        free(url);
        if (closed_ms > 0)
            snprintf(heroku->trouble, sizeof heroku->trouble,
                     "the account's rate limit is used up: asked again in %lld s",
                     (long long)(closed_ms + 999) / 1000);
        else
            snprintf(heroku->trouble, sizeof heroku->trouble, "out of memory");
        return DYN_RETRY;
    }
    struct http_request request = {body != NULL ? "PATCH" : "GET", url, headers, body};
    int32_t code = http_ask(heroku->http, call, &request, reply);
    free(url);
    if (code != DYN_OK)
        return code;
    budget_note(&heroku->budget, reply, dyn_now_ns());
    pass_on_warning(heroku, reply);
    return DYN_OK;
}

/* The same; a failure is the call's. */
static int32_t ask(struct heroku *heroku, const struct dyn_call *call, const char *path,
                   const char *more, const char *body, struct http_reply *reply)
{
    int32_t code = send_request(heroku, call, path, more, body, reply);
    return code == DYN_OK ? DYN_OK
                          : fail(heroku, code, body != NULL ? "change" : "read", reply->trouble);
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

/* `more` is a header. A reply of 304 leaves the formation as it is. */
static int32_t read_page(struct heroku *heroku, const struct dyn_call *call, const char *more,
                         struct formation *formation, struct http_reply *reply)
{
    int32_t code = ask(heroku, call, "/formation", more, NULL, reply);
    if (code != DYN_OK || (reply->status == 304 && more != NULL && heroku->etag[0] != '\0'))
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

/* Remembers what tells the list from a later one, if it came on one page and is a list. */
static void note_etag(struct heroku *heroku, const struct http_reply *reply, bool is_whole)
{
    size_t length;
    const char *etag = http_header(reply, "ETag", &length);
    bool is_list = reply->body[strspn(reply->body, " \t\r\n")] == '[';
    bool is_usable = is_whole && is_list && etag != NULL && length < sizeof heroku->etag;
    snprintf(heroku->etag, sizeof heroku->etag, "%.*s", is_usable ? (int)length : 0,
             etag != NULL ? etag : "");
}

/* The pages after the first. A list that is cut short never counts as whole: a type it lacks would
 * be taken for gone. */
static int32_t read_rest(struct heroku *heroku, const struct dyn_call *call,
                         struct formation *formation, struct http_reply *reply)
{
    char range[512];
    for (int page = 1; page < PAGES_MOST; page++) {
        if (is_last_page(reply))
            return reply->status != 206
                       ? DYN_OK
                       : fail_parse(heroku, "read", "a part that does not say where it goes on");
        if (!next_page(reply, range, sizeof range))
            break;
        int32_t code = read_page(heroku, call, range, formation, reply);
        if (code != DYN_OK)
            return code;
    }
    return fail_parse(heroku, "read", "a list without an end");
}

static int32_t read_formation(struct heroku *heroku, const struct dyn_call *call)
{
    char known[sizeof heroku->etag + sizeof "If-None-Match: "];
    struct formation fresh = {0};
    struct http_reply reply;
    bool is_asked = heroku->is_known && heroku->etag[0] != '\0';
    snprintf(known, sizeof known, "If-None-Match: %s", heroku->etag);
    int32_t code = read_page(heroku, call, is_asked ? known : NULL, &fresh, &reply);
    if (code == DYN_OK && reply.status == 304)
        return DYN_OK;
    bool is_whole = code == DYN_OK && is_last_page(&reply);
    if (code == DYN_OK)
        code = read_rest(heroku, call, &fresh, &reply);
    if (code != DYN_OK) {
        formation_fini(&fresh);
        return code;
    }
    note_etag(heroku, &reply, is_whole);
    formation_fini(&heroku->formation);
    heroku->formation = fresh;
    heroku->is_known = true;
    return DYN_OK;
}

/* ---- What else there is to know, without which scaling goes on ---- */

static void note_maintenance(struct heroku *heroku, const struct http_reply *reply)
{
    cJSON *app = cJSON_ParseWithLength(reply->body, reply->length);
    const cJSON *maintenance = cJSON_GetObjectItemCaseSensitive(app, "maintenance");
    bool was = heroku->is_in_maintenance;
    if (cJSON_IsBool(maintenance))
        heroku->is_in_maintenance = cJSON_IsTrue(maintenance);
    if (heroku->is_in_maintenance && !was)
        dyn_logf(heroku->host, DYN_WARN,
                 "\"%s\" is in maintenance mode: nothing is started until that ends",
                 heroku->config->app);
    else if (was && !heroku->is_in_maintenance)
        dyn_logf(heroku->host, DYN_INFO, "the maintenance mode of \"%s\" has ended",
                 heroku->config->app);
    cJSON_Delete(app);
}

static bool has_workers(const struct formation *formation)
{
    for (size_t i = 0; i < formation->n; i++)
        if (formation->items[i].quantity > 0 && strcmp(formation->items[i].type, "web") != 0)
            return true;
    return false;
}

/* Within half of what is left of the call: what is known already must not come too late. */
static void read_details(struct heroku *heroku, const struct dyn_call *call)
{
    struct http_reply reply;
    struct dyn_call half = *call;
    half.deadline_ns -= (int64_t)dyn_ms_left(call) * 500000;
    formation_forget_dynos(&heroku->formation);
    if (heroku->config->maintenance == 0 &&
        send_request(heroku, &half, "", NULL, NULL, &reply) == DYN_OK && reply.status == 200)
        note_maintenance(heroku, &reply);
    if (heroku->config->dynos == 1 && has_workers(&heroku->formation) &&
        send_request(heroku, &half, "/dynos", NULL, NULL, &reply) == DYN_OK && reply.status == 200)
        formation_take_dynos(&heroku->formation, reply.body, reply.length);
}

/* Whether what is known must do: the platform takes no calls, or few are left. */
static bool is_spared(const struct heroku *heroku, int64_t now_ns)
{
    for (size_t i = 0; i < heroku->formation.n; i++)
        if (heroku->formation.items[i].quantity < 0)
            return false; /* what is known would not do */
    int64_t age_ms = (now_ns - heroku->read_ns) / 1000000;
    return heroku->is_known && (age_ms < budget_gap_ms(&heroku->budget) ||
                                budget_closed_ms(&heroku->budget, now_ns) > 0);
}

int32_t heroku_read(struct heroku *heroku, const struct dyn_call *call)
{
    if (is_spared(heroku, dyn_now_ns()))
        return DYN_OK;
    int32_t code = read_formation(heroku, call);
    if (code != DYN_OK)
        return code;
    heroku->read_ns = dyn_now_ns();
    read_details(heroku, call);
    return DYN_OK;
}

bool heroku_refresh(struct heroku *heroku, const struct dyn_call *call)
{
    if (budget_is_low(&heroku->budget) || read_formation(heroku, call) != DYN_OK)
        return false;
    heroku->read_ns = dyn_now_ns();
    read_details(heroku, call);
    return true;
}

bool heroku_misses(const struct heroku *heroku, const struct dyn_change *changes, uint32_t n)
{
    const struct process *process;
    int32_t number;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < changes[i].n_keep; k++)
            if (formation_where(&heroku->formation, changes[i].keep[k], &process, &number) ==
                DYNO_GONE)
                return true;
    return false;
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
    heroku->etag[0] = '\0';
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
    struct formation told = {0};
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
    heroku->etag[0] = '\0';
    int32_t code = ask(heroku, call, "/formation", NULL, body, &reply);
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

/* Whether an update is not sent, with its reason. */
static bool is_held_back(const struct heroku *heroku, struct heroku_update *update)
{
    const struct process *process = formation_find(&heroku->formation, update->type);
    int32_t before = process != NULL ? process->quantity : -1;
    update->why[0] = '\0';
    if (update->quantity > before && heroku->is_in_maintenance)
        snprintf(update->why, sizeof update->why,
                 "\"%s\" is in maintenance mode, in which nothing is started (maintenance: hold)",
                 heroku->config->app);
    else if (update->quantity < before && budget_is_low(&heroku->budget))
        snprintf(update->why, sizeof update->why,
                 "only %lld calls are left to the account, and they are kept for growth",
                 (long long)heroku->budget.left);
    return update->why[0] != '\0';
}

/* Puts what is sent in front. Returns how many that are. */
static size_t hold_back(const struct heroku *heroku, struct heroku_update *updates, size_t n)
{
    size_t n_sent = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_held_back(heroku, &updates[i]))
            continue;
        struct heroku_update sent = updates[i];
        updates[i] = updates[n_sent];
        updates[n_sent++] = sent;
    }
    return n_sent;
}

int32_t heroku_scale(struct heroku *heroku, const struct dyn_call *call,
                     struct heroku_update *updates, size_t n)
{
    n = hold_back(heroku, updates, n);
    if (n == 0)
        return DYN_OK;
    int32_t code = scale(heroku, call, updates, n);
    bool is_untouched = budget_closed_ms(&heroku->budget, dyn_now_ns()) > 0; /* 429 */
    if (code != DYN_OK && !is_untouched)
        forget(heroku); /* any part may have been done */
    return code;
}
