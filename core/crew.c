/* SPDX-License-Identifier: MIT */
#include "core/crew.h"

#include "core/memory.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { STACK_BYTES = 512 * 1024 }; /* the client libraries want far less than the usual 8 MiB */

struct job {
    struct instance *instance;
    int64_t deadline_ms;
    struct job *next;
};

/* First in, first out. */
struct fifo {
    struct job *first;
    struct job **last;
};

struct crew {
    pthread_mutex_t lock; /* guards all below it */
    pthread_cond_t work;
    struct fifo todo;
    struct fifo done;
    size_t waiting; /* jobs in todo */
    size_t idle;    /* threads */
    bool ends;

    pthread_t *threads; /* the main thread's from here on */
    size_t n_threads;
    size_t most;
    size_t running;
    int fd;
};

static void fifo_add(struct fifo *fifo, struct job *job)
{
    job->next = NULL;
    *fifo->last = job;
    fifo->last = &job->next;
}

static struct job *fifo_take(struct fifo *fifo)
{
    struct job *job = fifo->first;
    if (job == NULL)
        return NULL;
    fifo->first = job->next;
    if (fifo->first == NULL)
        fifo->last = &fifo->first;
    return job;
}

static struct job *wait_for_job(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->idle++;
    while (crew->todo.first == NULL && !crew->ends)
        pthread_cond_wait(&crew->work, &crew->lock);
    crew->idle--;
    struct job *job = fifo_take(&crew->todo);
    if (job != NULL)
        crew->waiting--;
    pthread_mutex_unlock(&crew->lock);
    return job;
}

/* Told after the lock is free, since who is told wants it. */
static void hand_back(struct crew *crew, struct job *job)
{
    uint64_t one = 1;
    int fd = crew->fd;
    pthread_mutex_lock(&crew->lock);
    fifo_add(&crew->done, job);
    pthread_mutex_unlock(&crew->lock);
    if (write(fd, &one, sizeof one) < 0)
        abort(); /* an eventfd takes 2^64 - 2 */
}

static void *work(void *argument)
{
    struct crew *crew = argument;
    struct job *job;
    while ((job = wait_for_job(crew)) != NULL) {
        instance_run(job->instance, job->deadline_ms);
        hand_back(crew, job);
    }
    return NULL;
}

/* One more thread, which is asked for no signal. Returns 0, or an error number. */
static int take_on(struct crew *crew)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int trouble = pthread_create(&crew->threads[crew->n_threads], &attributes, work, crew);
    crew->n_threads += trouble == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return trouble;
}

struct crew *crew_new(size_t most, struct error *error)
{
    struct crew *crew = memory_new(1, sizeof *crew);
    crew->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
    if (crew->fd < 0) {
        error_set(error, "cannot make a descriptor: %s", strerror(errno));
        free(crew);
        return NULL;
    }
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->work, NULL);
    crew->todo.last = &crew->todo.first;
    crew->done.last = &crew->done.first;
    crew->most = most;
    crew->threads = memory_new(most, sizeof *crew->threads);
    int trouble = take_on(crew); /* with one, every call is made some time */
    if (trouble != 0) {
        error_set(error, "cannot start a thread: %s", strerror(trouble));
        crew_free(crew);
        return NULL;
    }
    return crew;
}

void crew_submit(struct crew *crew, struct instance *instance, int64_t deadline_ms)
{
    struct job *job = memory_new(1, sizeof *job);
    job->instance = instance;
    job->deadline_ms = deadline_ms;
    pthread_mutex_lock(&crew->lock);
    fifo_add(&crew->todo, job);
    crew->waiting++;
    bool is_short = crew->waiting > crew->idle;
    pthread_mutex_unlock(&crew->lock);
    pthread_cond_signal(&crew->work);
    crew->running++;
    if (is_short && crew->n_threads < crew->most)
        take_on(crew); /* or it waits for one that is there */
}

void crew_note_hang(struct crew *crew)
{
    crew->most++;
    crew->threads = memory_resize(crew->threads, crew->most, sizeof *crew->threads);
    pthread_mutex_lock(&crew->lock);
    bool is_short = crew->waiting > crew->idle;
    pthread_mutex_unlock(&crew->lock);
    if (is_short)
        take_on(crew);
}

int crew_fd(const struct crew *crew)
{
    return crew->fd;
}

/* One that is taken before it was told is told later, and then there is none. */
struct instance *crew_take(struct crew *crew)
{
    uint64_t one;
    pthread_mutex_lock(&crew->lock);
    struct job *job = fifo_take(&crew->done);
    pthread_mutex_unlock(&crew->lock);
    if (read(crew->fd, &one, sizeof one) < 0 && errno != EAGAIN)
        abort();
    if (job == NULL)
        return NULL;
    crew->running--;
    struct instance *instance = job->instance;
    free(job);
    return instance;
}

bool crew_has_room(const struct crew *crew)
{
    return crew->running < crew->most;
}

size_t crew_running(const struct crew *crew)
{
    return crew->running;
}

void crew_free(struct crew *crew)
{
    if (crew == NULL || crew->running > 0)
        return;
    pthread_mutex_lock(&crew->lock);
    crew->ends = true;
    pthread_cond_broadcast(&crew->work);
    pthread_mutex_unlock(&crew->lock);
    for (size_t i = 0; i < crew->n_threads; i++)
        pthread_join(crew->threads[i], NULL);
    pthread_cond_destroy(&crew->work);
    pthread_mutex_destroy(&crew->lock);
    close(crew->fd);
    free(crew->threads);
    free(crew);
}
