/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/listen.h"

#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.v6 = {0}};
    socklen_t length = sizeof address;
    if (getsockname(fd, &address.any, &length) < 0)
        return -1;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static int open_at(const struct addrinfo *address)
{
    int on = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0) {
        int cause = errno;
        close(fd);
        errno = cause;
        return -1;
    }
    return fd;
}

int listen_on(const char *host, int *port, struct error *error)
{
    char service[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    snprintf(service, sizeof service, "%d", *port);
    int problem = getaddrinfo(host, service, &hints, &found);
    if (problem != 0)
        return error_set(error, "cannot listen on %s: %s", host, gai_strerror(problem));
    int fd = open_at(found);
    if (fd < 0)
        error_set(error, "cannot listen on %s:%d: %s", host, *port, strerror(errno));
    else
        *port = port_of(fd);
    freeaddrinfo(found);
    return fd;
}

static int write_port(const char *file, int port)
{
    FILE *stream = fopen(file, "we");
    if (stream == NULL)
        return -1;
    int length = fprintf(stream, "%d\n", port);
    return fclose(stream) == 0 && length > 0 ? 0 : -1;
}

int listen_tell(const char *file, int port, struct error *error)
{
    char *draft = memory_format("%s.%d", file, (int)getpid());
    int result = write_port(draft, port) < 0 || rename(draft, file) < 0 ? -1 : 0;
    if (result < 0) {
        error_set(error, "cannot write the port to %s: %s", file, strerror(errno));
        unlink(draft);
    }
    free(draft);
    return result;
}
