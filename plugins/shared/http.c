/* SPDX-License-Identifier: MIT */
#include "shared/http.h"

#include "shared/transfer.h"

#include <dynomatic/util.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    BODY_MOST = 2 * 1024 * 1024, /* far beyond any true answer, and no harm to a small machine */
    HEADERS_MOST = 64 * 1024
};

/* Bytes that grow, always NUL-terminated. */
struct buffer {
    char *chars;
    size_t length;
    size_t room;
};

struct http {
    const char *ca_file;
    bool is_direct;
    bool is_too_long; /* the reply at hand */
    CURL *easy;       /* made by the first request */
    CURLM *multi;     /* holds the connection */
    struct buffer body;
    struct buffer headers;
    char curl_text[CURL_ERROR_SIZE];
    char trouble[512];
};

/* ---- Buffers ---- */

static void buffer_free(struct buffer *buffer)
{
    free(buffer->chars);
    *buffer = (struct buffer){NULL, 0, 0};
}

static const char *buffer_chars(const struct buffer *buffer)
{
    return buffer->chars != NULL ? buffer->chars : "";
}

/* False if memory is gone. */
static bool buffer_add(struct buffer *buffer, const char *chars, size_t length)
{
    size_t needed = buffer->length + length + 1;
    if (needed > buffer->room) {
        size_t room = needed < 2048 ? 4096 : needed * 2;
        char *more = realloc(buffer->chars, room);
        if (more == NULL)
            return false;
        buffer->chars = more;
        buffer->room = room;
    }
    memcpy(buffer->chars + buffer->length, chars, length);
    buffer->length += length;
    buffer->chars[buffer->length] = '\0';
    return true;
}

/* What a callback of libcurl returns: anything but `length` ends the transfer. */
static size_t take(struct http *http, struct buffer *buffer, size_t most, const char *chars,
                   size_t length)
{
    if (length > most - buffer->length) {
        http->is_too_long = true;
        return 0;
    }
    return buffer_add(buffer, chars, length) ? length : 0;
}

static size_t take_body(char *chars, size_t size, size_t n, void *user)
{
    struct http *http = user;
    return take(http, &http->body, BODY_MOST, chars, size * n);
}

/* Each block of headers begins with a status line; only the last block is the reply's own. */
static size_t take_header(char *chars, size_t size, size_t n, void *user)
{
    struct http *http = user;
    if (size * n >= 5 && strncmp(chars, "HTTP/", 5) == 0)
        http->headers.length = 0;
    return take(http, &http->headers, HEADERS_MOST, chars, size * n);
}

/* ---- Life ---- */

struct http *http_new(const char *ca_file, bool is_direct)
{
    struct http *http = calloc(1, sizeof *http);
    if (http == NULL)
        return NULL;
    http->ca_file = ca_file;
    http->is_direct = is_direct;
    return http;
}

/* Throws the connection away with all that belongs to it. */
static void drop(struct http *http)
{
    if (http->multi != NULL && http->easy != NULL)
        curl_multi_remove_handle(http->multi, http->easy);
    curl_easy_cleanup(http->easy);
    curl_multi_cleanup(http->multi);
    http->easy = NULL;
    http->multi = NULL;
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    drop(http);
    buffer_free(&http->body);
    buffer_free(&http->headers);
    free(http);
}

/* True for "002c0b4f.0": a certificate under the hash of its subject. */
static bool is_hashed(const char *name)
{
    return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' && name[9] == '0';
}

/* Whether a folder can be looked up by hash. It then spares reading the whole bundle of some 140
 * certificates: 0.8 MB and 30 ms less a process. */
static bool is_hashed_folder(const char *path)
{
    bool is_found = false;
    DIR *folder = opendir(path);
    if (folder == NULL)
        return false;
    const struct dirent *entry;
    while (!is_found && (entry = readdir(folder)) != NULL)
        is_found = is_hashed(entry->d_name);
    closedir(folder);
    return is_found;
}

static void trust(const struct http *http)
{
    static const char system_folder[] = "/etc/ssl/certs";
    if (http->ca_file != NULL) {
        curl_easy_setopt(http->easy, CURLOPT_CAINFO, http->ca_file);
        curl_easy_setopt(http->easy, CURLOPT_CAPATH, NULL);
    } else if (is_hashed_folder(system_folder)) {
        curl_easy_setopt(http->easy, CURLOPT_CAINFO, NULL);
        curl_easy_setopt(http->easy, CURLOPT_CAPATH, system_folder);
    }
}

/* What is the same for all requests. HTTP/1.1 is all that one request at a time needs, and what
 * Heroku's own client speaks. */
static void configure(struct http *http)
{
    CURL *easy = http->easy;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->curl_text);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, http);
    if (http->is_direct)
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
#if LIBCURL_VERSION_NUM >= 0x075700
    /* A look-up that hangs keeps its thread, but not us. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    trust(http);
}

static bool prepare(struct http *http)
{
    if (http->easy != NULL)
        return true;
    http->multi = curl_multi_init();
    http->easy = curl_easy_init();
    if (http->multi == NULL || http->easy == NULL) {
        drop(http);
        return false;
    }
    configure(http);
    return true;
}

/* ---- A request ---- */

/* NULL: out of memory. */
static struct curl_slist *header_list(const struct http_request *request)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* bodies are short: just send */
    for (size_t i = 0; list != NULL && request->headers[i] != NULL; i++) {
        struct curl_slist *longer = curl_slist_append(list, request->headers[i]);
        if (longer == NULL)
            curl_slist_free_all(list);
        list = longer;
    }
    return list;
}

static bool address(struct http *http, const struct http_request *request,
                    const struct curl_slist *headers)
{
    CURL *easy = http->easy;
    long has_body = request->body != NULL;
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L); /* forgets the body of the request before */
    if (has_body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(request->body));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    return curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK;
}

static int32_t fail(struct http *http, int32_t code, const char *text)
{
    snprintf(http->trouble, sizeof http->trouble, "%s", text);
    for (char *c = http->trouble; *c != '\0'; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
    return code;
}

static bool has_passed(CURL *easy, CURLINFO phase)
{
    curl_off_t us = 0;
    return curl_easy_getinfo(easy, phase, &us) == CURLE_OK && us > 0;
}

/* How far the request came: tells a person whom to suspect. */
static const char *phase_of(CURL *easy)
{
    if (has_passed(easy, CURLINFO_STARTTRANSFER_TIME_T))
        return "while the answer came in";
    if (has_passed(easy, CURLINFO_PRETRANSFER_TIME_T))
        return "while waiting for the answer";
    if (has_passed(easy, CURLINFO_NAMELOOKUP_TIME_T))
        return "while connecting"; /* TLS included: libcurl does not tell them apart */
    return "while looking up the name";
}

static int32_t fail_late(struct http *http, const struct dyn_call *call)
{
    char text[128];
    snprintf(text, sizeof text, "%s %s", dyn_ms_left(call) == 0 ? "out of time" : "cancelled",
             phase_of(http->easy));
    return fail(http, DYN_LATE, text);
}

/* Troubles that stay until a person acts; all others may pass by themselves. */
static bool is_lasting(CURLcode code)
{
    static const CURLcode lasting[] = {
        CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT,    CURLE_PEER_FAILED_VERIFICATION,
        CURLE_SSL_CACERT_BADFILE,   CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CERTPROBLEM,
    };
    for (size_t i = 0; i < sizeof lasting / sizeof lasting[0]; i++)
        if (code == lasting[i])
            return true;
    return false;
}

static int32_t fail_untrusted(struct http *http, const char *why)
{
    char text[512];
    const char *whom = http->ca_file != NULL ? http->ca_file : "the system's certificates";
    snprintf(text, sizeof text, "%s (trusted: %s)", why, whom);
    return fail(http, DYN_BROKEN, text);
}

/* Whether the environment names a proxy by a URL with a password in it. */
static bool has_secret_proxy(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY"};
    for (size_t i = 0; i < DYN_COUNT(names); i++) {
        const char *url = getenv(names[i]);
        if (url != NULL && strchr(url, '@') != NULL)
            return true;
    }
    return false;
}

/* libcurl's own text is the better one, but it quotes the URL of a proxy that it does not
 * understand, and cuts it anywhere. */
static const char *text_of(const struct http *http, CURLcode code)
{
    bool is_fit = http->curl_text[0] != '\0' && (http->is_direct || !has_secret_proxy());
    return is_fit ? http->curl_text : curl_easy_strerror(code);
}

static int32_t fail_transfer(struct http *http, CURLcode code)
{
    if (http->is_too_long)
        return fail(http, DYN_RETRY, "the answer has no end: more than 2 MiB");
    const char *text = text_of(http, code);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return fail_untrusted(http, text);
    return fail(http, is_lasting(code) ? DYN_BROKEN : DYN_RETRY, text);
}

/* Runs the prepared request to its end, or to the end of the call. */
static int32_t drive(struct http *http, const struct dyn_call *call, struct http_reply *reply)
{
    CURLcode result = CURLE_OK;
    const char *why = NULL;
    int32_t code = transfer_run(http->multi, call, &result, &why);
    if (code != DYN_OK)
        return code == DYN_LATE ? fail_late(http, call) : fail(http, code, why);
    if (result != CURLE_OK)
        return fail_transfer(http, result);
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &reply->status);
    return DYN_OK;
}

static int32_t exchange(struct http *http, const struct dyn_call *call,
                        const struct http_request *request, struct http_reply *reply)
{
    struct curl_slist *headers = header_list(request);
    int32_t result;
    if (headers == NULL || !address(http, request, headers))
        result = fail(http, DYN_RETRY, "out of memory");
    else if (curl_multi_add_handle(http->multi, http->easy) != CURLM_OK)
        result = fail(http, DYN_RETRY, "libcurl does not take the request");
    else
        result = drive(http, call, reply);
    /* Ends what still runs, and with it its connection. */
    curl_multi_remove_handle(http->multi, http->easy);
    curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(http->easy, CURLOPT_POSTFIELDS, NULL);
    curl_slist_free_all(headers);
    return result;
}

int32_t http_ask(struct http *http, const struct dyn_call *call, const struct http_request *request,
                 struct http_reply *reply)
{
    buffer_free(&http->body);
    http->headers.length = 0;
    http->is_too_long = false;
    http->curl_text[0] = '\0';
    http->trouble[0] = '\0';
    *reply = (struct http_reply){0, "", 0, "", http->trouble};
    if (!prepare(http))
        return fail(http, DYN_RETRY, "out of memory");
    int32_t result = exchange(http, call, request, reply);
    if (result != DYN_OK)
        return result;
    reply->body = buffer_chars(&http->body);
    reply->length = http->body.length;
    reply->headers = buffer_chars(&http->headers);
    return DYN_OK;
}

/* ---- Headers ---- */

const char *http_header(const struct http_reply *reply, const char *name, size_t *length)
{
    size_t n = strlen(name);
    for (const char *line = reply->headers; *line != '\0'; line += strspn(line, "\r\n")) {
        size_t end = strcspn(line, "\r\n");
        if (end > n && line[n] == ':' && strncasecmp(line, name, n) == 0) {
            const char *value = line + n + 1;
            value += strspn(value, " \t");
            *length = (size_t)(line + end - value);
            return value;
        }
        line += end;
    }
    *length = 0;
    return NULL;
}
