/* SPDX-License-Identifier: MIT */
#include "tests/support/script.h"

#include "core/memory.h"
#include "core/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUESTS_MOST = 512, CONNECTIONS_MOST = 64 };

struct script {
    const struct line *lines;
    size_t n;
    int listener;
    int port;
    int wake[2]; /* a byte in it ends the thread */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char *requests[REQUESTS_MOST]; /* under the lock, as the next two */
    size_t calls;
    size_t connections;
    int open[CONNECTIONS_MOST]; /* the thread's own */
    struct text heard[CONNECTIONS_MOST];
    size_t n_open;
};

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

/* ---- Saying a line ---- */

static bool say(int fd, const char *chars, size_t length)
{
    while (length > 0) {
        ssize_t n = send(fd, chars, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false; /* the client had enough */
        chars += n;
        length -= (size_t)n;
    }
    return true;
}

static bool has_length(const struct line *line)
{
    return line->headers != NULL && (strcasestr(line->headers, "Content-Length:") != NULL ||
                                     strcasestr(line->headers, "Transfer-Encoding:") != NULL);
}

static void compose(const struct line *line, struct text *out)
{
    const char *body = line->body != NULL ? line->body : "";
    if (line->raw != NULL) {
        text_add(out, line->raw);
        return;
    }
    text_add_format(out, "HTTP/1.1 %s\r\n%s", line->status != NULL ? line->status : "200 OK",
                    line->headers != NULL ? line->headers : "");
    if (!has_length(line) && line->then != CLOSE)
        text_add_format(out, "Content-Length: %zu\r\n", line->padding + strlen(body));
    text_add(out, "\r\n");
    for (size_t i = 0; i < line->padding; i++)
        text_add_n(out, " ", 1);
    text_add(out, body);
}

/* Returns whether the connection stays. */
static bool answer(const struct line *line, int fd)
{
    struct text text = {0};
    compose(line, &text);
    bool is_said = say(fd, text_chars(&text), text.length);
    text_fini(&text);
    if (line->then == RESET) {
        struct linger at_once = {1, 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    return is_said && (line->then == KEEP || line->then == SILENCE);
}

/* ---- Hearing requests ---- */

/* Bytes of the first request in what was heard; 0 while it is not whole. */
static size_t request_length(const struct text *heard)
{
    const char *chars = text_chars(heard);
    const char *end = strstr(chars, "\r\n\r\n");
    if (end == NULL)
        return 0;
    size_t length = (size_t)(end + 4 - chars);
    const char *body = strcasestr(chars, "\r\nContent-Length:");
    if (body != NULL && body < end)
        length += strtoul(body + 17, NULL, 10);
    return length <= heard->length ? length : 0;
}

static const struct line *note_request(struct script *script, const char *chars, size_t length)
{
    pthread_mutex_lock(&script->lock);
    size_t i = script->calls;
    if (i < REQUESTS_MOST) {
        script->requests[i] = memory_format("%.*s", (int)length, chars);
        script->calls++;
    }
    pthread_cond_broadcast(&script->changed);
    pthread_mutex_unlock(&script->lock);
    return &script->lines[i < script->n ? i : script->n - 1];
}

static void end_connection(struct script *script, size_t i)
{
    close(script->open[i]);
    text_fini(&script->heard[i]);
    script->n_open--;
    script->open[i] = script->open[script->n_open];
    script->heard[i] = script->heard[script->n_open];
    script->heard[script->n_open] = (struct text){0};
}

/* Returns whether the connection stays. */
static bool hear(struct script *script, size_t i)
{
    char chars[4096];
    struct text *heard = &script->heard[i];
    ssize_t n = recv(script->open[i], chars, sizeof chars, 0);
    if (n <= 0)
        return false;
    text_add_n(heard, chars, (size_t)n);
    size_t length = request_length(heard);
    if (length == 0)
        return true;
    const struct line *line = note_request(script, text_chars(heard), length);
    text_clear(heard); /* one request at a time: nobody sends the next before the answer */
    return answer(line, script->open[i]);
}

/* ---- The thread ---- */

static void accept_one(struct script *script)
{
    int fd = accept4(script->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (script->n_open == CONNECTIONS_MOST)
        die("script: too many connections");
    script->open[script->n_open++] = fd;
    pthread_mutex_lock(&script->lock);
    script->connections++;
    pthread_cond_broadcast(&script->changed);
    pthread_mutex_unlock(&script->lock);
}

static void *serve(void *user)
{
    struct script *script = user;
    for (;;) {
        struct pollfd fds[CONNECTIONS_MOST + 2] = {{script->wake[0], POLLIN, 0},
                                                   {script->listener, POLLIN, 0}};
        size_t n = script->n_open;
        for (size_t i = 0; i < n; i++)
            fds[2 + i] = (struct pollfd){script->open[i], POLLIN, 0};
        if (poll(fds, 2 + n, -1) < 0 && errno != EINTR)
            die("script: poll");
        if (fds[0].revents != 0)
            return NULL;
        for (size_t i = n; i-- > 0;)
            if (fds[2 + i].revents != 0 && !hear(script, i))
                end_connection(script, i);
        if (fds[1].revents != 0)
            accept_one(script);
    }
}

/* ---- Life ---- */

static void start_listening(struct script *script)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    script->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (script->listener < 0 ||
        bind(script->listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(script->listener, 16) < 0 ||
        getsockname(script->listener, (struct sockaddr *)&address, &length) < 0)
        die("script: listen");
    script->port = ntohs(address.sin_port);
}

struct script *script_start(const struct line *lines, size_t n)
{
    struct script *script = memory_new(1, sizeof *script);
    script->lines = lines;
    script->n = n;
    pthread_mutex_init(&script->lock, NULL);
    pthread_cond_init(&script->changed, NULL);
    start_listening(script);
    if (pipe(script->wake) < 0 || pthread_create(&script->thread, NULL, serve, script) != 0)
        die("script: start");
    return script;
}

void script_stop(struct script *script)
{
    if (script == NULL)
        return;
    if (write(script->wake[1], "", 1) < 0)
        die("script: stop");
    pthread_join(script->thread, NULL);
    while (script->n_open > 0)
        end_connection(script, script->n_open - 1);
    close(script->listener);
    close(script->wake[0]);
    close(script->wake[1]);
    for (size_t i = 0; i < script->calls; i++)
        free(script->requests[i]);
    pthread_cond_destroy(&script->changed);
    pthread_mutex_destroy(&script->lock);
    free(script);
}

int script_port(const struct script *script)
{
    return script->port;
}

/* ---- What it was asked ---- */

size_t script_calls(struct script *script)
{
    pthread_mutex_lock(&script->lock);
    size_t calls = script->calls;
    pthread_mutex_unlock(&script->lock);
    return calls;
}

const char *script_request(struct script *script, size_t i)
{
    pthread_mutex_lock(&script->lock);
    const char *request = i < script->calls ? script->requests[i] : "";
    pthread_mutex_unlock(&script->lock);
    return request;
}

/* *counted is under the lock. */
static int wait_for(struct script *script, const size_t *counted, size_t n)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    pthread_mutex_lock(&script->lock);
    int code = 0;
    while (*counted < n && code == 0)
        code = pthread_cond_timedwait(&script->changed, &script->lock, &until);
    int is_reached = *counted >= n;
    pthread_mutex_unlock(&script->lock);
    return is_reached;
}

int script_wait(struct script *script, size_t calls)
{
    return wait_for(script, &script->calls, calls);
}

int script_wait_connections(struct script *script, size_t connections)
{
    return wait_for(script, &script->connections, connections);
}

size_t script_connections(struct script *script)
{
    pthread_mutex_lock(&script->lock);
    size_t connections = script->connections;
    pthread_mutex_unlock(&script->lock);
    return connections;
}
