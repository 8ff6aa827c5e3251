/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/server.h"

#include "core/memory.h"
#include "tests/fake-heroku/control.h"
#include "tests/fake-heroku/listen.h"
#include "tests/fake-heroku/protocol.h"
#include "tests/fake-heroku/when.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_MOST = 4 << 20, MEMORY_OF_CONNECTION = 64 << 10 };

enum stage { TAKES_BODY, WAITS, IS_DUE };

/* One request on its way to its reply. */
struct exchange {
    struct server *server;
    struct request request;
    struct MHD_Connection *connection;
    enum stage stage;
    int64_t due_ms; /* while it waits; WHEN_NEVER: until the client leaves */
    struct watch leaving;
    int64_t wall_us;
    char *fault; /* what is done to it; NULL: nothing */
    enum fault_break breaks;
    bool has_answer; /* the fault has its own: the platform is not asked */
    struct spoil spoil;
    struct reply reply;
    struct exchange *next; /* of those that wait */
};

struct server {
    struct platform *platform;
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct watch watch;
    struct exchange *waiting;
    uint64_t connections;
    int port;
    bool is_quiet;
};

/* ---- Waiting ---- */

static void wake(struct exchange *exchange)
{
    struct exchange **at = &exchange->server->waiting;
    while (*at != exchange)
        at = &(*at)->next;
    *at = exchange->next;
    loop_remove(exchange->server->loop, &exchange->leaving);
    exchange->stage = IS_DUE;
    MHD_resume_connection(exchange->connection);
}

/* The client has left while its request waited: it gets nothing. */
static void client_left(void *self)
{
    struct exchange *exchange = self;
    if (exchange->breaks == FAULT_ANSWERS)
        exchange->breaks = FAULT_HANGS;
    wake(exchange);
}

static int socket_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info != NULL ? info->connect_fd : -1;
}

static enum MHD_Result wait_for(struct exchange *exchange, int64_t due_ms)
{
    struct server *server = exchange->server;
    exchange->stage = WAITS;
    exchange->due_ms = due_ms;
    exchange->next = server->waiting;
    server->waiting = exchange;
    exchange->leaving = (struct watch){socket_of(exchange->connection), client_left, exchange};
    loop_add(server->loop, &exchange->leaving, LOOP_HANGUP);
    MHD_suspend_connection(exchange->connection);
    return MHD_YES;
}

/* ---- Answering ---- */

static void record(struct exchange *exchange, int status, cJSON *before)
{
    struct platform *platform = exchange->server->platform;
    const struct request *request = &exchange->request;
    struct account *account = protocol_account(platform, request);
    struct record_entry entry = {.request = request,
                                 .wall_us = exchange->wall_us,
                                 .status = status,
                                 .fault = exchange->fault,
                                 .tokens_left = bucket_left(&account->bucket, when_ms()),
                                 .before = before,
                                 .after = platform_quantities(platform)};
    platform_count(platform, request->method, status);
    record_write(platform->record, &entry, platform->tokens, platform->n_tokens);
}

/* The next piece of a body that comes slowly or breaks off. */
static ssize_t read_piece(void *self, uint64_t at, char *piece, size_t room)
{
    enum { PIECES = 10 };
    struct exchange *exchange = self;
    const struct text *body = &exchange->reply.body;
    const struct spoil *spoil = &exchange->spoil;
    size_t end =
        spoil->cut >= 0 && (size_t)spoil->cut < body->length ? (size_t)spoil->cut : body->length;
    if (at >= body->length && spoil->is_chunked)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (at >= end || exchange->breaks != FAULT_ANSWERS)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (spoil->slow_ms > 0 && exchange->due_ms > when_ms()) {
        wait_for(exchange, exchange->due_ms);
        return 0;
    }
    exchange->due_ms = when_ms() + spoil->slow_ms / PIECES;
    size_t length = spoil->slow_ms > 0 ? body->length / PIECES + 1 : end;
    if (length > end - at)
        length = end - at;
    if (length > room)
        length = room;
    memcpy(piece, body->chars + at, length);
    return (ssize_t)length;
}

static struct MHD_Response *response_of(struct exchange *exchange)
{
    const struct text *body = &exchange->reply.body;
    const struct spoil *spoil = &exchange->spoil;
    if (spoil->slow_ms == 0 && spoil->cut < 0 && !spoil->is_chunked)
        return MHD_create_response_from_buffer(body->length, body->chars, MHD_RESPMEM_MUST_COPY);
    exchange->due_ms = 0;
    return MHD_create_response_from_callback(spoil->is_chunked ? MHD_SIZE_UNKNOWN : body->length,
                                             4096, read_piece, exchange, NULL);
}

static enum MHD_Result send_reply(struct exchange *exchange)
{
    struct reply *reply = &exchange->reply;
    fault_spoil(&exchange->spoil, reply);
    struct MHD_Response *response = response_of(exchange);
    if (response == NULL)
        return MHD_NO;
    if (reply->content_type != NULL && reply->status != 304)
        MHD_add_response_header(response, "Content-Type", reply->content_type);
    for (size_t i = 0; i < reply->headers.n; i++)
        MHD_add_response_header(response, reply->headers.at[i].name, reply->headers.at[i].value);
    enum MHD_Result result =
        MHD_queue_response(exchange->connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return result;
}

/* Closes so that the other side sees a reset. */
static enum MHD_Result reset(struct exchange *exchange)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(socket_of(exchange->connection), SOL_SOCKET, SO_LINGER, &at_once,
                     sizeof at_once);
    return MHD_NO;
}

static enum MHD_Result answer(struct exchange *exchange)
{
    struct platform *platform = exchange->server->platform;
    const struct request *request = &exchange->request;
    if (control_is(request)) {
        control_answer(platform, request, &exchange->reply);
        return send_reply(exchange);
    }
    cJSON *before = platform_quantities(platform);
    bool gets_reply = exchange->breaks == FAULT_ANSWERS;
    if (gets_reply && exchange->has_answer)
        protocol_finish_fault(platform, request, &exchange->reply);
    else if (gets_reply || exchange->breaks == FAULT_RESET_AFTER)
        protocol_answer(platform, request, &exchange->reply);
    record(exchange, gets_reply ? exchange->reply.status : 0, before);
    return gets_reply ? send_reply(exchange) : reset(exchange);
}

static const char *fault_name(const struct fault *fault)
{
    static const char *const names[] = {NULL, "reset before", "reset after", "hang"};
    if (fault->breaks != FAULT_ANSWERS)
        return names[fault->breaks];
    return fault->status > 0          ? "status"
           : fault->spoil.cut >= 0    ? "cut"
           : fault->spoil.slow_ms > 0 ? "slow"
           : fault->spoil.pad > 0     ? "pad"
           : fault->spoil.is_reshaped ? "shape"
           : fault->spoil.is_chunked  ? "chunked"
           : fault->spoil.is_lower    ? "headers"
                                      : "delay";
}

/* The request is whole: a rule may strike it, now and never again. */
static enum MHD_Result begin(struct exchange *exchange)
{
    exchange->wall_us = when_wall_us();
    const struct fault *fault =
        control_is(&exchange->request)
            ? NULL
            : faults_strike(&exchange->server->platform->faults, &exchange->request, when_ms());
    if (fault == NULL)
        return answer(exchange);
    exchange->fault = memory_copy(fault_name(fault));
    exchange->breaks = fault->breaks;
    exchange->spoil = fault->spoil;
    exchange->has_answer = fault->breaks == FAULT_ANSWERS && fault->status > 0;
    if (exchange->has_answer)
        fault_answer(fault, &exchange->reply);
    if (fault->breaks == FAULT_HANGS)
        return wait_for(exchange, WHEN_NEVER);
    if (fault->delay_ms > 0)
        return wait_for(exchange, when_ms() + fault->delay_ms);
    return answer(exchange);
}

/* ---- What libmicrohttpd calls ---- */

static void *target_known(void *self, const char *target, struct MHD_Connection *connection)
{
    struct exchange *exchange = memory_new(1, sizeof *exchange);
    exchange->server = self;
    exchange->connection = connection;
    exchange->spoil.cut = -1;
    request_init(&exchange->request, target);
    return exchange;
}

static enum MHD_Result take_header(void *self, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    (void)kind;
    struct exchange *exchange = self;
    headers_add(&exchange->request.headers, name, value != NULL ? value : "");
    return MHD_YES;
}

static void take_head(struct exchange *exchange, const char *method)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    exchange->request.method = memory_copy(method);
    exchange->request.connection = info != NULL ? (uint64_t)(uintptr_t)info->socket_context : 0;
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, take_header, exchange);
}

static enum MHD_Result access_handler(void *self, struct MHD_Connection *connection,
                                      const char *url, const char *method, const char *version,
                                      const char *data, size_t *size, void **context)
{
    (void)self;
    (void)connection;
    (void)url;
    (void)version;
    struct exchange *exchange = *context;
    if (exchange->request.method == NULL) {
        take_head(exchange, method);
        return MHD_YES;
    }
    if (exchange->stage == IS_DUE)
        return answer(exchange);
    if (exchange->stage == WAITS)
        return MHD_YES;
    if (*size == 0)
        return begin(exchange);
    if (exchange->request.body.length + *size > BODY_MOST)
        return MHD_NO;
    text_add_n(&exchange->request.body, data, *size);
    *size = 0;
    return MHD_YES;
}

static void completed(void *self, struct MHD_Connection *connection, void **context,
                      enum MHD_RequestTerminationCode how)
{
    (void)self;
    (void)connection;
    (void)how;
    struct exchange *exchange = *context;
    if (exchange == NULL)
        return;
    request_fini(&exchange->request);
    reply_fini(&exchange->reply);
    free(exchange->fault);
    free(exchange);
    *context = NULL;
}

static void connection_changed(void *self, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode code)
{
    (void)connection;
    struct server *server = self;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *context = (void *)(uintptr_t)++server->connections; /* a number, never followed */
}

/* ---- Life ---- */

static void ready(void *self)
{
    struct server *server = self;
    MHD_run(server->daemon);
}

/* `tls` NULL: without. */
static struct MHD_Daemon *start(struct server *server, int fd, const struct server_tls *tls)
{
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (tls != NULL ? MHD_USE_TLS : 0);
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem both[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, tls != NULL ? tls->certificate : NULL},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, tls != NULL ? tls->key : NULL},
        {MHD_OPTION_END, 0, NULL}};
    return MHD_start_daemon(
        flags, 0, NULL, NULL, access_handler, server, MHD_OPTION_ARRAY, tls != NULL ? both : none,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, target_known, server,
        MHD_OPTION_NOTIFY_COMPLETED, completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        connection_changed, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)MEMORY_OF_CONNECTION, MHD_OPTION_CONNECTION_LIMIT, 1000U, MHD_OPTION_END);
}

struct server *server_new(struct platform *platform, struct loop *loop, const char *host, int port,
                          const struct server_tls *tls, struct error *error)
{
    int fd = listen_on(host, &port, error);
    if (fd < 0)
        return NULL;
    struct server *server = memory_new(1, sizeof *server);
    *server = (struct server){.platform = platform, .loop = loop, .port = port};
    server->daemon = start(server, fd, tls);
    if (server->daemon == NULL) {
        error_set(error, "cannot serve on %s:%d: libmicrohttpd refuses", host, port);
        close(fd);
        free(server);
        return NULL;
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    server->watch = (struct watch){info->epoll_fd, ready, server};
    loop_add(loop, &server->watch, LOOP_READ);
    return server;
}

static void break_waiting(struct server *server)
{
    while (server->waiting != NULL) {
        if (server->waiting->breaks == FAULT_ANSWERS)
            server->waiting->breaks = FAULT_RESET_BEFORE;
        wake(server->waiting);
    }
    MHD_run(server->daemon);
}

void server_quiesce(struct server *server)
{
    if (server->is_quiet)
        return;
    server->is_quiet = true;
    int fd = MHD_quiesce_daemon(server->daemon);
    if (fd >= 0)
        close(fd);
    break_waiting(server);
}

void server_free(struct server *server)
{
    if (server == NULL)
        return;
    server_quiesce(server);
    loop_remove(server->loop, &server->watch);
    MHD_stop_daemon(server->daemon);
    free(server);
}

int server_port(const struct server *server)
{
    return server->port;
}

static void wake_the_due(struct server *server, int64_t now_ms)
{
    for (struct exchange *exchange = server->waiting, *next; exchange != NULL; exchange = next) {
        next = exchange->next;
        if (exchange->due_ms <= now_ms)
            wake(exchange);
    }
}

int64_t server_run(struct server *server, int64_t now_ms)
{
    int64_t next_ms = WHEN_NEVER;
    MHD_UNSIGNED_LONG_LONG left_ms;
    wake_the_due(server, now_ms);
    MHD_run(server->daemon); /* more may wait after this */
    if (MHD_get_timeout(server->daemon, &left_ms) == MHD_YES)
        next_ms = now_ms + (int64_t)left_ms;
    for (const struct exchange *exchange = server->waiting; exchange != NULL;
         exchange = exchange->next)
        if (exchange->due_ms < next_ms)
            next_ms = exchange->due_ms;
    return next_ms;
}
