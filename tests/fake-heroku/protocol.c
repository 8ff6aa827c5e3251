/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/protocol.h"

#include "core/memory.h"
#include "tests/fake-heroku/routes.h"
#include "tests/fake-heroku/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LIMIT_URL "https://devcenter.heroku.com/articles/platform-api-reference#rate-limits"

/* ---- The version ---- */

/* "3" of "application/vnd.heroku+json; version=3" anywhere in a value of Accept; NULL if there is
 * no such type or no version. The length comes apart. */
static const char *version_of(const char *accept, size_t *length)
{
    static const char type[] = "application/vnd.heroku+json";
    const char *at = accept != NULL ? strcasestr(accept, type) : NULL;
    if (at == NULL)
        return NULL;
    at += sizeof type - 1;
    at += strspn(at, "; ");
    if (strncasecmp(at, "version=", 8) != 0)
        return NULL;
    *length = strcspn(at + 8, ",; ");
    return at + 8;
}

static bool is_known(const char *version, size_t length)
{
    static const char *const known[] = {"3", "3.sdk", "3.account-quotas"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i]) == length && strncmp(version, known[i], length) == 0)
            return true;
    return false;
}

static int check_version(const struct request *request, struct reply *reply)
{
    size_t length = 0;
    const char *version = version_of(headers_find(&request->headers, "Accept"), &length);
    if (version != NULL && is_known(version, length))
        return 0;
    if (version != NULL) {
        cJSON *refusal = reply_refusal("not_acceptable", "There is no version %.*s of this API.",
                                       (int)length, version);
        reply_json(reply, 406, refusal);
        return -1;
    }
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "id", "missing_version");
    cJSON_AddStringToObject(json, "error",
                            "Please specify a version along with Heroku's API MIME type. For "
                            "example, `Accept: application/vnd.heroku+json; version=3`.\n");
    reply_json(reply, 406, json);
    return -1;
}

/* ---- The caller ---- */

static const struct token *caller(const struct platform *platform, const struct request *request)
{
    char *text = token_of(headers_find(&request->headers, "Authorization"));
    if (text == NULL)
        return NULL;
    const struct token *token = platform->takes_any_token && *text != '\0'
                                    ? &platform->tokens[0]
                                    : platform_token(platform, text);
    free(text);
    return token;
}

struct account *protocol_account(const struct platform *platform, const struct request *request)
{
    const struct token *token = caller(platform, request);
    return token != NULL ? token->account : platform->owner;
}

static int check_caller(const struct token *token, const struct request *request,
                        struct reply *reply)
{
    if (token != NULL)
        return 0;
    bool has_any = headers_find(&request->headers, "Authorization") != NULL;
    reply_refuse(reply, 401, "unauthorized",
                 has_any ? "Invalid credentials provided."
                         : "There were no credentials in your `Authorization` header. Try "
                           "`Authorization: Bearer <OAuth access token>` or `Authorization: Basic "
                           "<base64-encoded email + \":\" + password>`.");
    return -1;
}

/* ---- The rate limit ---- */

static void add_retry_after(const struct platform *platform, struct account *account,
                            struct reply *reply)
{
    char value[WHEN_SIZE];
    int64_t wait_ms = bucket_wait_ms(&account->bucket, when_ms());
    int64_t wait_s = (wait_ms + 999) / 1000;
    int64_t then_us = when_wall_us() + wait_s * 1000000;
    if (platform->retry_after == RETRY_AFTER_SECONDS)
        snprintf(value, sizeof value, "%lld", (long long)wait_s);
    else if (platform->retry_after == RETRY_AFTER_EPOCH)
        snprintf(value, sizeof value, "%lld", (long long)(then_us / 1000000));
    else
        when_http(then_us, value);
    if (platform->retry_after != RETRY_AFTER_NONE)
        headers_add(&reply->headers, "Retry-After", value);
}

static int check_rate(const struct platform *platform, struct account *account, struct reply *reply)
{
    if (bucket_take(&account->bucket, when_ms()))
        return 0;
    cJSON *json =
        reply_refusal("rate_limit", "Your account reached the API rate limit\nPlease wait "
                                    "a few minutes before making new requests");
    cJSON_AddStringToObject(json, "url", LIMIT_URL);
    reply_json(reply, 429, json);
    add_retry_after(platform, account, reply);
    return -1;
}

/* ---- The scope ---- */

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        if (n == length && strncmp(at, word, n) == 0)
            return true;
        at += n;
    }
    return false;
}

static int check_scope(const struct token *token, const struct route *route, struct reply *reply)
{
    headers_add(&reply->headers, "Oauth-Scope", token->scope);
    headers_add(&reply->headers, "Oauth-Scope-Accepted", route->scopes);
    if (has_word(route->scopes, token->scope))
        return 0;
    reply_refuse(reply, 403, "forbidden",
                 "The scope of this OAuth authorization does not allow access to this resource.");
    return -1;
}

static int check_app(const struct platform *platform, const struct token *token,
                     const struct request *request, const struct route *route, struct reply *reply)
{
    if (!route->is_in_app)
        return 0;
    const struct app *app = platform_app(platform, request->parts[1]);
    if (app == NULL) {
        cJSON *json = reply_refusal("not_found", "Couldn't find that app.");
        cJSON_AddStringToObject(json, "resource", "app");
        reply_json(reply, 404, json);
        return -1;
    }
    if (app->owner == token->account)
        return 0;
    reply_json(reply, 403,
               reply_refusal("forbidden", "You do not have access to the app %s.", app->name));
    return -1;
}

/* ---- Entity tags ---- */

static void tag_of(const struct reply *reply, char tag[DIGEST_HEX_SIZE])
{
    char hex[DIGEST_HEX_SIZE];
    digest_hex(text_chars(&reply->body), reply->body.length, hex);
    snprintf(tag, DIGEST_HEX_SIZE, "\"%.32s\"", hex);
}

/* Whether a list of tags, as If-Match and If-None-Match have it, names this one. */
static bool names_tag(const char *list, const char *tag)
{
    return strstr(list, tag) != NULL || strcmp(list, "*") == 0;
}

/* If-Match compares with what a GET of the same path would show. */
static int check_match(struct platform *platform, const struct request *request,
                       struct reply *reply)
{
    const char *wanted = headers_find(&request->headers, "If-Match");
    const struct route *get = wanted != NULL ? route_find("GET", request) : NULL;
    if (get == NULL)
        return 0;
    char tag[DIGEST_HEX_SIZE];
    struct reply now = {0};
    get->answer(platform, request, &now);
    tag_of(&now, tag);
    reply_fini(&now);
    if (names_tag(wanted, tag))
        return 0;
    reply_refuse(reply, 412, "precondition_failed",
                 "The resource has changed since the version in `If-Match`.");
    return -1;
}

static void answer_unchanged(const struct request *request, const char *method, const char *tag,
                             struct reply *reply)
{
    const char *known = headers_find(&request->headers, "If-None-Match");
    if (known == NULL || reply->status != 200 || strcmp(method, "GET") != 0 ||
        !names_tag(known, tag))
        return;
    reply->status = 304;
    text_clear(&reply->body);
}

/* ---- All together ---- */

/* A client that cannot send PATCH may send it as POST. */
static const char *method_of(const struct request *request)
{
    const char *override = headers_find(&request->headers, "X-Http-Method-Override");
    return override != NULL && strcmp(request->method, "POST") == 0 ? override : request->method;
}

static void answer_caller(struct platform *platform, const struct request *request,
                          const struct token *token, struct reply *reply)
{
    const struct route *route = route_find(method_of(request), request);
    bool is_free = route != NULL && route->is_free;
    if (!is_free && check_rate(platform, token->account, reply) < 0)
        return;
    if (route == NULL) {
        reply_refuse(reply, 404, "not_found",
                     "The requested API endpoint was not found. Are you using the right HTTP verb "
                     "(i.e. `GET` vs. `POST`), and did you specify your intended version with the "
                     "`Accept` header?");
        return;
    }
    if (check_scope(token, route, reply) < 0 ||
        check_app(platform, token, request, route, reply) < 0 ||
        check_match(platform, request, reply) < 0)
        return;
    route->answer(platform, request, reply);
}

/* Ours first, then those that the client sent. */
static void add_request_id(const struct request *request, struct reply *reply)
{
    const char *theirs = headers_find(&request->headers, "Request-Id");
    char ours[UUID_SIZE];
    uuid_random(ours);
    bool has_theirs = theirs != NULL && *theirs != '\0';
    char *both = memory_format("%s%s%s", ours, has_theirs ? "," : "", has_theirs ? theirs : "");
    headers_add(&reply->headers, "Request-Id", both);
    free(both);
}

static void add_headers(struct platform *platform, const struct request *request,
                        struct account *account, struct reply *reply)
{
    char value[DIGEST_HEX_SIZE];
    tag_of(reply, value);
    headers_add(&reply->headers, "ETag", value);
    answer_unchanged(request, method_of(request), value, reply);
    headers_add(&reply->headers, "Last-Modified",
                when_http(platform_changed_wall_us(platform), value));
    headers_add(&reply->headers, "Cache-Control", "private, no-cache");
    headers_add(&reply->headers, "Vary", "Accept-Encoding");
    snprintf(value, sizeof value, "%ld", bucket_left(&account->bucket, when_ms()));
    headers_add(&reply->headers, "RateLimit-Remaining", value);
    headers_add(&reply->headers, "RateLimit-Multiplier", "1");
    add_request_id(request, reply);
}

void protocol_answer(struct platform *platform, const struct request *request, struct reply *reply)
{
    const struct token *token = caller(platform, request);
    if (check_version(request, reply) == 0 && check_caller(token, request, reply) == 0)
        answer_caller(platform, request, token, reply);
    add_headers(platform, request, token != NULL ? token->account : platform->owner, reply);
}

void protocol_finish_fault(struct platform *platform, const struct request *request,
                           struct reply *reply)
{
    struct account *account = protocol_account(platform, request);
    (void)bucket_take(&account->bucket, when_ms());
    add_headers(platform, request, account, reply);
}
