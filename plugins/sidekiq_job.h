/* SPDX-License-Identifier: MIT
 * What Sidekiq writes as JSON, of all its versions. The bytes are untrusted. */
#ifndef PLUGINS_SIDEKIQ_JOB_H
#define PLUGINS_SIDEKIQ_JOB_H

#include <stddef.h>
#include <stdint.h>

/* A job as it lies in a queue or a set. */
struct sidekiq_job {
    char *queue;      /* NULL: not told */
    int64_t since_ms; /* since 1970: when it came into the queue; 0: not told */
};

struct sidekiq_job sidekiq_job_read(const char *json, size_t length);
void sidekiq_job_fini(struct sidekiq_job *job);

/* A record of a job that runs. */
struct sidekiq_work {
    char *queue;      /* NULL: not told */
    int64_t since_ms; /* since 1970; 0: not told */
};

struct sidekiq_work sidekiq_work_read(const char *json, size_t length);
void sidekiq_work_fini(struct sidekiq_work *work);

/* The host name in what a process tells of itself; the caller's. NULL: not told. */
char *sidekiq_host_read(const char *json, size_t length);

#endif
