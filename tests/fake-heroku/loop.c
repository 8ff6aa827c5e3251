/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/loop.h"

#include "core/memory.h"
#include "tests/fake-heroku/when.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct loop {
    int fd;
};

struct loop *loop_new(void)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct loop *loop = memory_new(1, sizeof *loop);
    loop->fd = fd;
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    close(loop->fd);
    free(loop);
}

void loop_add(struct loop *loop, struct watch *watch, int what)
{
    struct epoll_event event = {.events = what == LOOP_READ ? EPOLLIN : EPOLLRDHUP,
                                .data.ptr = watch};
    (void)epoll_ctl(loop->fd, EPOLL_CTL_ADD, watch->fd, &event);
}

void loop_remove(struct loop *loop, struct watch *watch)
{
    (void)epoll_ctl(loop->fd, EPOLL_CTL_DEL, watch->fd, NULL);
}

void loop_once(struct loop *loop, int64_t until_ms)
{
    int64_t left_ms = until_ms == WHEN_NEVER ? -1 : until_ms - when_ms();
    if (until_ms != WHEN_NEVER && left_ms < 0)
        left_ms = 0;
    /* One at a time: what is called may remove and free any other watch. */
    struct epoll_event event;
    if (epoll_wait(loop->fd, &event, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms) == 1) {
        const struct watch *watch = event.data.ptr;
        watch->ready(watch->self);
    }
}
