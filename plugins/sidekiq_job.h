/* SPDX-License-Identifier: MIT
 * What Sidekiq writes as JSON, of all its versions. The bytes are untrusted, and may lack their
 * middle: Sidekiq writes names at the start and times at the end. */
#ifndef PLUGINS_SIDEKIQ_JOB_H
#define PLUGINS_SIDEKIQ_JOB_H

#include "shared/redis_connection.h"

/* When a job came into its queue, in ms since 1970; 0: not told. */
int64_t sidekiq_job_since(const redisReply *job);

/* The queue of a job, or of a record of one that runs; the caller frees it. NULL: not told. */
char *sidekiq_queue(const redisReply *json);

/* When the job of a record began to run, in ms since 1970; 0: not told. */
int64_t sidekiq_work_since(const redisReply *work);

/* The host name in what a process tells of itself; the caller frees it. NULL: not told. */
char *sidekiq_host(const redisReply *info);

#endif
