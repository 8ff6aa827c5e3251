/* SPDX-License-Identifier: MIT */
#include "kit/server.h"

#include "kit/trial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int server_refusing(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        trial_skip("there is no port of 127.0.0.1 to be had: %s", strerror(errno));
    *port = ntohs(address.sin_port);
    return fd;
}

/* The kernel accepts, and nobody takes it up. */
int server_silent(int *port)
{
    int fd = server_refusing(port);
    if (listen(fd, 100) < 0)
        trial_skip("cannot listen on port %d: %s", *port, strerror(errno));
    return fd;
}
